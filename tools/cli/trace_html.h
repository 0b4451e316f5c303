/* trace_html.h: a trace as a page of its own, tools/view/html.h, into a file. */
#ifndef SMK_TOOLS_TRACE_HTML_H
#define SMK_TOOLS_TRACE_HTML_H

#include <stdio.h>

#include "html.h"

#define SMK_HTML_BYTES_DEFAULT (8u << 20)
#define SMK_HTML_BYTES_MOST    (256u << 20)

/* Says on stderr what was left out. 0 or SMK_E_…. */
int smk_cli_export_html(const struct smk_web_options *options, uint64_t max_bytes, FILE *out);

#endif
