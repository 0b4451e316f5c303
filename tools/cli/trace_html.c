#include "trace_html.h"

#include "cli.h"

static int put(void *arg, const char *text, size_t len) { return fwrite(text, 1, len, arg) == len ? 0 : 1; }

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    smk_cli_progress("exporting", done, total);
}

int smk_cli_export_html(const struct smk_web_options *options, uint64_t max_bytes, FILE *out)
{
    const struct smk_web_html_options html = {.max_bytes = max_bytes, .progress = show_progress};
    struct smk_web *web;
    smk_trace *before = NULL;
    int rc = options->before ? smk_trace_open(&before, options->before, NULL) : 0;
    smk_trace_close(before); /* it can be read: the page is not to lack it without a word */
    if (rc < 0)
        return rc;
    rc = smk_web_open(&web, options);
    if (rc < 0)
        return rc;
    rc = smk_web_html(web, &html, put, out);
    smk_cli_progress_end();
    if (rc == 0 && smk_web_html_thinned(web)[0])
        smk_cli_note("%s", smk_web_html_thinned(web));
    smk_web_close(web);
    return rc;
}
