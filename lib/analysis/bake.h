/* bake.h: what `stallmark symbolize` puts into a trace: a symbol for each code address of its stacks, and
 * for each static object that an event or an open wait speaks of.
 *
 * Only what the trace does not say itself yet is given out. Addresses that nothing is known of are counted
 * and no more: there is no guess in it.
 */
#ifndef SMK_ANALYSIS_BAKE_H
#define SMK_ANALYSIS_BAKE_H

#include "analysis/symbols.h"

struct smk_bake {
    struct smk_symbols *symbols;
    int (*add)(void *arg, const smk_symbol_info *symbol); /* an error ends it */
    void *arg;
    void (*progress)(void *arg, uint64_t done, uint64_t total); /* may be NULL */

    /* What it came to. */
    uint64_t frames, named, placed; /* of all stacks, each once: with a function; with file and line */
    uint64_t no_module;             /* in memory that no file is mapped to */
    uint64_t no_table;              /* without a function, in a module that has no symbol table at hand */
    uint64_t addresses;             /* code addresses in them */
    uint64_t objects;               /* addresses of static objects that have a name */
    uint64_t added;                 /* symbols that were new */
};

/* 0, what `add` returned, SMK_E_NOMEM, or the reader's errors. */
int smk_bake(struct smk_bake *bake);

#endif
