/* cmd_check.c: is every byte of a trace what it should be, and is it all there? */
#include <inttypes.h>

#include "cli.h"
#include "trace_open.h"

static int run(int argc, char **argv);

const struct smk_command smk_cmd_check = {
    .name = "check",
    .usage = "usage: stallmark check [--max-processes N] FILE…\n"
             "\n"
             "Reads all of a trace and checks it: headers, checksums, compression, tables, events, index,\n"
             "sequence. Several files are taken together, in any order: segments of a capture, captures of\n"
             "several processes. Prints each problem on a line, with file and offset, and a last line: clean,\n"
             "or how many problems.\n"
             "\n"
             "A trace that is a part of a capture (one segment of several) can be clean; the last line\n"
             "says that it is not complete.\n"
             "\n"
             "  --max-processes N  processes that it may have; default 4096, at most 65535\n"
             "\n"
             "Exit code: 0 clean, 2 problems, or no trace at all.\n",
    .summary = "validate a trace file",
    .run = run,
};

static void put_rest(const smk_trace_info *info)
{
    if (info->processes > 1)
        printf("%" PRIu32 " processes, ", info->processes);
    printf("%" PRIu32 " segment%s, %" PRIu32 " chunks, %" PRIu64 " events, %" PRIu64 " bytes",
           info->segments, info->segments == 1 ? "" : "s", info->chunks, info->events, info->bytes);
    if (info->lost)
        printf("; the tracer counted %" PRIu64 " lost events", info->lost);
    if (!info->from_start && !info->to_end)
        fputs("; a part of a capture: there are segments before it and after it", stdout);
    else if (!info->from_start)
        fputs("; a part of a capture: there are segments before it", stdout);
    else if (!info->to_end)
        fputs("; not complete: its last segment is not here, or was cut", stdout);
    else
        fputs("; complete", stdout);
    putchar('\n');
}

static int run(int argc, char **argv)
{
    uint64_t max_processes = 0;
    const struct smk_cli_option options[] = {SMK_CLI_MAX_PROCESSES(&max_processes), SMK_CLI_END};
    struct smk_cli_args args;
    smk_trace *trace;
    size_t problems = 0;
    if (!smk_cli_parse(&args, &smk_cmd_check, options, argc, argv))
        return args.exit_code;
    int rc = smk_cli_open_trace(&trace, args.operand, args.count, true, max_processes);
    if (rc != 0)
        return rc;
    for (const char *problem; (problem = smk_trace_problem(trace, problems)); problems++) {
        smk_cli_puts(stdout, problem);
        putchar('\n');
    }
    if (problems)
        printf("%zu problem%s: ", problems, problems == 1 ? "" : "s");
    else
        fputs("clean: ", stdout);
    put_rest(smk_trace_get_info(trace));
    smk_trace_close(trace);
    return problems ? SMK_EXIT_USAGE : SMK_EXIT_FINE;
}
