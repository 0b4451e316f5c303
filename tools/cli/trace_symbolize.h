/* trace_symbolize.h: names, files and lines put into a trace file while the binaries are at hand.
 *
 * The file is written beside the old one as <name>.<pid>.partial, synced and renamed: whatever happens
 * there is the old file or the new one. */
#ifndef SMK_TOOLS_TRACE_SYMBOLIZE_H
#define SMK_TOOLS_TRACE_SYMBOLIZE_H

#include "analysis/bake.h"

struct smk_symbolize {
    const char *input;
    const char *output;    /* NULL: in place of the input */
    const char *debug_dir; /* may be NULL */
    /* Asked at the end, while the trace is open; may be NULL. */
    void (*tell)(void *arg, const struct smk_bake *bake, bool written);
    void *arg;
};

/* 0, or an error code whose message smk_last_error() has; then the input is as it was, and there is no output. */
int smk_cli_symbolize(const struct smk_symbolize *symbolize);

/* The same in place, at the end of a capture: says nothing but what failed, which the capture survives. */
void smk_cli_bake(const char *path);

#endif
