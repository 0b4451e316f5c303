/* trace_answer.h: what the commands share that answer one question about a trace (request, at, pauses): options, names,
 * progress. */
#ifndef SMK_TOOLS_TRACE_ANSWER_H
#define SMK_TOOLS_TRACE_ANSWER_H

#include "analysis/request_view.h"
#include "cli.h"
#include "lines/lines.h"
#include "trace_open.h"

struct smk_answer {
    bool json, no_symbols;
    const char *debug_dir;
    uint64_t max_processes;
    struct smk_lines *lines; /* NULL: functions without lines */
    struct smk_line_source source;
};

#define SMK_ANSWER_OPTIONS(about)                                                                                  \
    {"json", 0, SMK_CLI_FLAG, &(about)->json}, {"debug-dir", 0, SMK_CLI_DIRECTORY, &(about)->debug_dir},          \
        {"no-symbols", 0, SMK_CLI_FLAG, &(about)->no_symbols}, SMK_CLI_MAX_PROCESSES(&(about)->max_processes)

void smk_answer_begin(struct smk_answer *about);
void smk_answer_end(struct smk_answer *about);

/* Opens the files as one trace, lets `answer` say what is asked, and closes it. Returns the exit code. */
int smk_answer_trace(struct smk_answer *about, char **paths, int count,
                     int (*answer)(struct smk_answer *about, smk_trace *trace, const char *path, void *arg), void *arg);

/* What `answer` returns when all was said, or could not be: `result` of smk_…_text or smk_…_json. */
int smk_answer_said(int result);

struct smk_request_view_options smk_answer_options(const struct smk_answer *about);
/* smk_report_put; arg: a FILE. */
int smk_answer_put(void *arg, const char *text, size_t len);

#endif
