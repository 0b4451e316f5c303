/* threads_view.h: the threads as source/look.h sees them, with names: of functions, objects, locks, requests.
 *
 * Functions and objects have the names that their modules' own symbol tables say, read from the files that the
 * process runs, as the report does; without `symbols` no file is opened, and a frame is a module and an offset,
 * for whoever resolves it elsewhere by build-id. Files are read aside (aside.h): where one sits in a dead disk,
 * the answer comes when its time is over, with modules and offsets from there on, and says so. Memory is the agent's
 * heap's.
 *
 * On the control loop.
 */
#ifndef SMK_AGENT_THREADS_VIEW_H
#define SMK_AGENT_THREADS_VIEW_H

#include "analysis/live.h"
#include "analysis/map.h"
#include "analysis/symbol_file.h"
#include "base/mem.h"
#include "json.h"
#include "source/look.h"

#define SMK_THREADS_SHOWN_NORMAL 1000u
#define SMK_THREADS_SHOWN_MOST   16384u
#define SMK_THREADS_TIME_NS      UINT64_C(1000000000)

struct smk_view_module {
    uint64_t start, end, bias;
    const char *path;
    uint8_t build_id[64];
    uint32_t build_id_len;
    bool used; /* a frame or a lock is in it */
};

struct smk_threads_view {
    struct smk_live live;
    struct smk_view_module *modules; /* ascending */
    uint32_t module_count, module_capacity;
    /* its own */
    struct smk_mem mem;
    struct smk_look *looks;
    struct smk_look_result result;
    uint32_t looks_capacity;
    struct smk_live_frame *frames;
    uint32_t frame_capacity, only;
    struct smk_map by_pc; /* to the number of the first frame there */
    struct smk_view_texts *texts;
    struct smk_view_names *names; /* what is asked aside; NULL: nothing yet, or no more */
    char why[256];
    uint64_t until_ns;
    bool symbols;
    bool names_late; /* not all that were wanted */
};

struct smk_threads_wanted {
    uint32_t max;  /* threads */
    uint32_t only; /* tid; 0: all */
    bool symbols;
};

/* 0, or an error with its smk_last_error(). Freed in either case. */
int smk_threads_view_make(struct smk_threads_view *view, const struct smk_threads_wanted *wanted);
void smk_threads_view_free(struct smk_threads_view *view);

/* The thread of a tid; NULL. */
const struct smk_live_thread *smk_threads_view_find(const struct smk_threads_view *view, uint32_t tid);

/* `threads`, those that are wanted by number (NULL: all), and `modules`, into an object that is open. threads_json.c */
void smk_threads_put(struct smk_json *json, const struct smk_threads_view *view, const bool *wanted);

/* ---- threads_names.c ------------------------------------------------------------------------------------------- */

/* Keeps a text as long as the view; "" where there is no memory. */
const char *smk_view_text(struct smk_threads_view *view, const char *text);

int smk_view_list_modules(struct smk_threads_view *view);
void smk_view_free_modules(struct smk_threads_view *view);
/* What opens a module's file: smk_symbol_file_open. A test puts a disk that hangs into its place. */
extern void (*smk_view_open_symbols)(struct smk_symbol_file *file, struct smk_mem *mem, const smk_module_info *module,
                                     const char *debug_dir);
/* The frames of a stack. */
void smk_view_name_frames(struct smk_threads_view *view, struct smk_live_frame *frames, const uint64_t *pcs,
                          uint32_t count);
/* The static object at an address; NULL: none is known. */
const char *smk_view_object(struct smk_threads_view *view, uint64_t address);

#endif
