/* symbols.h: code addresses to functions, data addresses to objects: as the trace itself says, else out
 * of the files that it names.
 *
 * A file is believed only when its build-id is the module's; where the trace has none, or the file is
 * gone or another one, an address stays module+0xoffset and the reason is kept. So does one that two
 * modules had, one after the other. Names stay as the linker wrote them (C++ mangled: undoing that is
 * libstdc++'s, which we do not bring).
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_SYMBOLS_H
#define SMK_ANALYSIS_SYMBOLS_H

#include "analysis/map.h"
#include "analysis/report.h"
#include "base/mem.h"
#include "stallmark/reader.h"

#define SMK_SYMBOL_NAME_MAX 256

/* A frame in words. */
struct smk_place {
    const char *function; /* "render_log", "libc.so.6+0x8f4a2", "0x55…" */
    const char *module;   /* path, "" when none is known */
    const char *file;     /* base name; NULL: not known */
    const char *file_path; /* as the compiler wrote it; NULL: not known */
    uint32_t line;
    uint32_t function_id; /* equal for equal functions */
    uint32_t frame_first, frame_count; /* all of the address: smk_symbols_inlined */
    uint32_t outer_count; /* of these the last, which the function was inlined into: smk_symbols_outer */
    uint64_t start, size; /* of the function that the code is in, as in its file; size 0: not known */
    bool named;           /* by a symbol */
    bool ours;            /* stallmark's or the thread library's: not what a program would call its own */
    bool baked;           /* all of it was in the trace */
    bool no_table;        /* there is no symbol table to ask, and so no name */
};

/* A function at an address. */
struct smk_place_frame {
    const char *function, *file, *file_path; /* file NULL: not known */
    uint32_t line;
};

/* What `smk_symbols` knows of an object. */
struct smk_object {
    const char *name;
    const smk_module_info *module;
    uint64_t offset, size; /* of the address in it; of all of it */
    bool baked;
};

struct smk_symbols {
    smk_trace *trace;
    struct smk_mem *mem;
    const struct smk_line_source *lines;
    const char *debug_dir;
    bool no_files;
    uint32_t ambiguous; /* addresses that two modules had */
    struct smk_symbols_module *modules; /* by the trace's id */
    uint32_t module_count, module_capacity;
    struct smk_map by_module; /* process and id */
    struct smk_map by_file;   /* hash of path and build-id: processes share what a file says */
    struct smk_place *places;
    uint32_t place_count, place_capacity;
    struct smk_map by_pc;
    struct smk_place_frame *frames;
    uint32_t frame_count, frame_capacity;
    char **names; /* of functions and objects, each once */
    uint32_t name_count, name_capacity;
    struct smk_map by_name; /* hash; equal hashes are compared */
};

void smk_symbols_init(struct smk_symbols *symbols, struct smk_mem *mem, smk_trace *trace,
                      const struct smk_line_source *lines, bool no_files);
void smk_symbols_free(struct smk_symbols *symbols);

/* Of frame number `frame` of a stack, 0 the innermost. Stacks hold return addresses, which are looked up
 * one byte before. NULL when there is no memory. Valid until the next call. */
const struct smk_place *smk_symbols_frame(struct smk_symbols *symbols, const smk_stack_info *stack,
                                          uint32_t frame);

/* What a place's function was inlined into, by number from 0, the last being the function that the code is
 * in; NULL after it. */
const struct smk_place_frame *smk_symbols_outer(const struct smk_symbols *symbols, const struct smk_place *place,
                                                uint32_t number);

/* All functions at a place's address, innermost first, each inlined into the next; NULL after the last. Where
 * wrappers of locks were inlined into what calls them the place is called after the first that is none. */
const struct smk_place_frame *smk_symbols_inlined(const struct smk_symbols *symbols, const struct smk_place *place,
                                                  uint32_t number);

/* The innermost frame that is neither ours nor the thread library's; the stack's depth when there is
 * none. */
uint32_t smk_symbols_own_frame(struct smk_symbols *symbols, const smk_stack_info *stack);
/* The place of that frame; NULL: the trace has no stack of this id, or all its frames are ours. */
const struct smk_place *smk_symbols_own_place(struct smk_symbols *symbols, uint32_t id);

/* Where a stack is said to have been taken: the frame above, and where there is none the innermost one. */
uint32_t smk_symbols_stack_frame(struct smk_symbols *symbols, const smk_stack_info *stack);
/* The place of that frame; NULL: the trace has no stack of this id, or an empty one. */
const struct smk_place *smk_symbols_stack_place(struct smk_symbols *symbols, uint32_t id);

/* The static object that an address of a process lies in. False: none is known. */
bool smk_symbols_object(struct smk_symbols *symbols, uint32_t process, uint64_t address,
                        struct smk_object *object);

/* The module that an address of a process lies in; NULL: none, or (*ambiguous) one of two that were there one after the
 * other. */
const smk_module_info *smk_symbols_module_at(const struct smk_symbols *symbols, uint32_t process,
                                             uint64_t address, bool *ambiguous);

/* A module that has addresses without a name, and why. */
struct smk_nameless {
    const smk_module_info *module;
    const char *reason;
    uint32_t addresses; /* that were asked about, and are without a name */
};

/* By number from 0, false after the last. */
bool smk_symbols_nameless(const struct smk_symbols *symbols, uint32_t number, struct smk_nameless *nameless);

#endif
