/* web.h: what the viewer's page asks, answered: docs/viewer-api.md. Without a network; the server hands questions on to
 * it, and the export to HTML asks it for what it puts into a page.
 *
 * Short questions go to the view (lib/view) at once. What takes a pass over the events is made once, waited for by
 * whoever asks (kept.h), on a trace of its own (traces.h), so that it holds up nobody else.
 *
 * smk_web_answer: any thread, several at once. All else: one.
 */
#ifndef SMK_TOOLS_VIEW_WEB_H
#define SMK_TOOLS_VIEW_WEB_H

#include "kept.h"
#include "query.h"
#include "traces.h"
#include "view/item.h"

#define SMK_WEB_VERSION 1u /* of docs/viewer-api.md */

struct smk_web_options {
    const char *const *paths; /* stay the caller's, as all texts here */
    size_t count;
    const char *before;       /* for /api/diff; may be NULL */
    const char *debug_dir;
    bool no_symbols;
    uint32_t max_processes;
    bool in_turn;             /* smk_web_open comes back when the view is built */
    bool names_only;          /* files are told without their directories */
};

struct smk_web_things; /* search.h */

struct smk_web {
    struct smk_web_options options;
    struct smk_view *view;
    struct smk_lines *lines; /* of the view */
    struct smk_line_source source;
    struct smk_web_traces traces;
    struct smk_web_kept kept;
    pthread_mutex_t search_lock;
    struct smk_web_things *things; /* what is searched; NULL: not collected yet */
    unsigned level_min;  /* of an exported page: the finest level in it; 0: the view's */
    char thinned[320];   /* of the same: what was left out; "" */
};

/* As smk_view_open. */
int smk_web_open(struct smk_web **web, const struct smk_web_options *options);
/* Passes that are being made give up; before the server is stopped. */
void smk_web_stop(struct smk_web *web);
void smk_web_close(struct smk_web *web);

/* An `answer` of server.h: the answer to "/api/rows". */
void smk_web_answer(void *web, const char *path, const char *query, struct smk_web_reply *reply);

/* ---- for the files of the answers ----------------------------------------------------------------------- */

/* ns of the page to ns of the trace. What is beyond its end is its end. */
uint64_t smk_web_to_trace(const struct smk_web *web, uint64_t time);
/* And back. */
void smk_web_time(const struct smk_web *web, struct smk_json_text *json, const char *key, uint64_t time);
/* A row, or null. */
void smk_web_row(struct smk_json_text *json, const char *key, uint32_t row);
/* The name of a label, "" included; its number 0 is null. */
void smk_web_label(struct smk_web *web, struct smk_json_text *json, const char *key, uint32_t label);
void smk_web_route(smk_trace *trace, struct smk_json_text *json, const char *key, uint32_t route);
void smk_web_state(struct smk_json_text *json, uint32_t look);

/* t0 and t1, which may be missing: all of the trace. */
struct smk_web_stretch {
    uint64_t t0, t1; /* as asked */
    uint64_t from, to; /* of the trace */
};
#define SMK_WEB_STRETCH_BEGIN {.t0 = 0, .t1 = UINT64_MAX}
#define SMK_WEB_STRETCH(s)                                                                                         \
    {"t0", SMK_WEB_NUMBER, &(s)->t0, false, 0, 0, NULL, NULL}, {"t1", SMK_WEB_NUMBER, &(s)->t1, false, 0, 0, NULL, NULL}
/* False: refused. */
bool smk_web_stretch(const struct smk_web *web, struct smk_web_stretch *stretch, struct smk_web_reply *reply);

#define SMK_WEB_ANSWERS(X)                                                                                         \
    X(info) X(progress) X(rows) X(tiles) X(window) X(density) X(labels) X(item) X(at) X(sums) X(requests)          \
    X(scatter) X(latency) X(parts) X(request) X(report) X(pauses) X(diff) X(flame) X(scheduler) X(search)

#define X(name) void smk_web_##name(struct smk_web *web, const char *query, struct smk_web_reply *reply);
SMK_WEB_ANSWERS(X)
#undef X

#endif
