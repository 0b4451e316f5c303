/* html.h: a trace as one page that needs no server: the viewer's page with the answers in it that it would ask for
 * (docs/viewer-api.md, "An exported page").
 *
 * First what is small and always there; then the timeline, from its coarsest level down, the slowest requests and the
 * longest waits, until the file is as large as it may be. What was left out the page says.
 *
 * One thread. The view is ready. */
#ifndef SMK_TOOLS_VIEW_HTML_H
#define SMK_TOOLS_VIEW_HTML_H

#include "web.h"

#define SMK_WEB_HTML_LEAST (512u << 10)

struct smk_web_html_options {
    uint64_t max_bytes; /* of the file; at least SMK_WEB_HTML_LEAST */
    /* May be NULL. */
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

/* 0; SMK_E_IO: `put` stopped; SMK_E_LIMIT: what is always there does not fit; SMK_E_UNAVAILABLE: there is no page;
 * SMK_E_NOMEM; the errors of the passes. */
int smk_web_html(struct smk_web *web, const struct smk_web_html_options *options, smk_report_put put, void *arg);

/* What was left out, a sentence; "" for nothing. After smk_web_html. */
const char *smk_web_html_thinned(const struct smk_web *web);

#endif
