/* trace_open.h: what the commands that read trace files share: opening them, times as text. */
#ifndef SMK_TOOLS_TRACE_OPEN_H
#define SMK_TOOLS_TRACE_OPEN_H

#include <stdio.h>

#include "stallmark/reader.h"

/* The option of all that read traces: --max-processes, 0 for the reader's own bound. */
#define SMK_CLI_MAX_PROCESSES(to) {"max-processes", 0, SMK_CLI_COUNT, (to), "a number from 1 to 65535"}

/* Opens the files as one trace, with progress on a terminal. 0, or the exit code, said on stderr. */
int smk_cli_open_trace(smk_trace **trace, char *const *paths, int count, bool verify, uint64_t max_processes);

/* The files' names, as messages and headings name them. */
void smk_cli_put_files(FILE *out, char *const *paths, int count);

/* "1.234567890" or "-0.5" seconds since the trace's first moment. */
void smk_cli_put_seconds(FILE *out, int64_t ns);

/* A time of --from and --to: "1.5" (seconds), "250ms", "10us" since the trace's first moment. False
 * where it is none of them. */
bool smk_cli_parse_time(const char *text, uint64_t *ns);

/* A string of JSON, quotes included, in ASCII; bytes that are not UTF-8 come out as U+FFFD. */
void smk_cli_put_json(FILE *out, const char *text, size_t len);

#endif
