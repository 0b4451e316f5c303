/* traces.h: open traces for passes over the events (a report, a request, a flame graph), lent to one thread each: the
 * view's own is for short questions. At most SMK_WEB_TRACES are open, each with its tables in memory. Any thread. */
#ifndef SMK_TOOLS_VIEW_TRACES_H
#define SMK_TOOLS_VIEW_TRACES_H

#include <pthread.h>

#include "analysis/request_view.h"
#include "lines/lines.h"
#include "stallmark/reader.h"

#define SMK_WEB_TRACES 2u

struct smk_web_trace {
    smk_trace *trace;
    struct smk_lines *lines; /* NULL: functions without lines */
    struct smk_line_source source;
    bool open, lent;
};

struct smk_web_traces {
    const char *const *paths;
    size_t count;
    uint64_t identity; /* of the files at the beginning: others of these names are not opened */
    const char *debug_dir;
    bool no_symbols;
    uint32_t max_processes;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct smk_web_trace array[SMK_WEB_TRACES];
    bool ends; /* passes give up; under the lock */
};

/* The paths and debug_dir stay the caller's. */
void smk_web_traces_init(struct smk_web_traces *traces, const char *const *paths, size_t count);
void smk_web_traces_free(struct smk_web_traces *traces);

/* Waits until one is free; opens it where it is not yet. NULL, and *error: an SMK_E_… and smk_last_error(). */
struct smk_web_trace *smk_web_traces_lend(struct smk_web_traces *traces, int *error);
void smk_web_traces_give_back(struct smk_web_traces *traces, struct smk_web_trace *trace);

/* From here on whoever is in a pass gives it up. */
void smk_web_traces_end(struct smk_web_traces *traces);
/* A `progress` of a pass; its argument: the traces. */
bool smk_web_traces_go_on(void *traces, uint64_t done, uint64_t total);

struct smk_request_view_options smk_web_view_options(struct smk_web_traces *traces, const struct smk_web_trace *trace);

#endif
