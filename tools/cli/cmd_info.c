/* cmd_info.c: what a trace is, on half a page. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "cli.h"
#include "format/events.h"
#include "format/tables.h"
#include "trace_open.h"

static int run(int argc, char **argv);

const struct smk_command smk_cmd_info = {
    .name = "info",
    .usage = "usage: stallmark info [--json] [--max-processes N] FILE…\n"
             "\n"
             "Prints what a trace is: its capture, process, times, sizes, losses, and every fact that it\n"
             "states. Several files are taken together: segments of a capture, captures of several processes;\n"
             "then each process has a block of its own. `stallmark check` says whether all of it is sound.\n"
             "\n"
             "  --json             the same as one JSON object\n"
             "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    .summary = "what a trace file is: capture, process, times, sizes, losses",
    .run = run,
};

/* ---- text ----------------------------------------------------------------------------------------------- */

static void line(const char *label, const char *text)
{
    if (!text || !text[0])
        return;
    printf("%-15s ", label);
    smk_cli_puts(stdout, text);
    putchar('\n');
}

static void put_time_of_day(const smk_trace_info *info)
{
    int64_t ns = (int64_t)info->first + info->realtime_offset;
    if (ns <= 0)
        return;
    struct smk_civil civil = smk_civil_from_unix(ns / 1000000000);
    printf("%-15s %04d-%02d-%02dT%02d:%02d:%02d.%03dZ, %" PRIu64 " ns of CLOCK_MONOTONIC\n", "began",
           civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second,
           (int)(ns / 1000000 % 1000), info->first);
}

static void put_complete(const smk_trace_info *info)
{
    printf("%-15s ", "complete");
    if (info->complete)
        fputs("yes", stdout);
    else
        fputs(!info->to_end       ? "no: its last segment is not here, or was cut"
              : !info->from_start ? "no: its first segments are not here"
                                  : "no: see the problems",
              stdout);
    if (info->complete_from == UINT64_MAX) {
        puts("; from when every thread is in it is not said");
        return;
    }
    fputs("; every thread is in it from ", stdout);
    smk_cli_put_seconds(stdout, (int64_t)(info->complete_from - info->first));
    fputs(" s\n", stdout);
}

static void put_categories(uint32_t categories)
{
    printf("%-15s ", "categories");
    bool any = false;
    for (unsigned bit = 0; bit < SMK_CATEGORY_COUNT; bit++)
        if (categories >> bit & 1) {
            printf("%s%s", any ? "," : "", smk_category_name(1u << bit));
            any = true;
        }
    puts(any ? "" : "not said");
}

/* "1,234 us of 98,765 us of the process's CPU time": as estimated, with its error. */
static void put_cost(const smk_trace *trace)
{
    const char *total = smk_trace_fact(trace, SMK_FACT_COST_TOTAL), *error = smk_trace_fact(trace, SMK_FACT_COST_ERROR);
    const char *process = smk_trace_fact(trace, SMK_FACT_COST_PROCESS);
    double of = process ? strtod(process, NULL) : 0;
    if (!total || !error || of <= 0)
        return;
    printf("%-15s tracer %.2f %% of the process's CPU time, estimated +- %.2f\n", "cost",
           100 * strtod(total, NULL) / of, 100 * strtod(error, NULL) / of);
}

static void put_gaps(const smk_trace *trace)
{
    smk_gap gap;
    uint64_t first = smk_trace_get_info(trace)->first;
    for (size_t i = 0; smk_trace_gap_at(trace, i, &gap); i++) {
        printf("%-15s %s from ", i ? "" : "not recorded", smk_category_name(gap.category));
        smk_cli_put_seconds(stdout, (int64_t)(gap.from - first));
        fputs(" to ", stdout);
        smk_cli_put_seconds(stdout, (int64_t)(gap.to - first));
        printf(" s (%s)\n", gap.reason);
    }
}

static void put_facts(const smk_trace *trace, uint32_t process)
{
    const char *key, *value;
    puts("\nfacts");
    for (size_t i = 0; smk_trace_process_fact_at(trace, process, i, &key, &value); i++) {
        fputs("  ", stdout);
        smk_cli_puts(stdout, key);
        printf("%*s", (int)(strlen(key) < 24 ? 25 - strlen(key) : 1), "");
        smk_cli_puts(stdout, value);
        putchar('\n');
    }
}

static void put_process(const smk_trace *trace, const smk_process_info *info, uint64_t origin)
{
    printf("\n%-15s %" PRIu32 ", pid %" PRIu32, "process", info->process, info->pid);
    if (info->parent)
        printf(", parent %" PRIu32, info->parent);
    putchar('\n');
    line("program", info->name);
    line("executable", info->exe);
    line("capture", info->capture_id);
    printf("%-15s ", "from, to");
    smk_cli_put_seconds(stdout, (int64_t)(info->first - origin));
    fputs(" s, ", stdout);
    smk_cli_put_seconds(stdout, (int64_t)(info->last - origin));
    fputs(info->by_realtime ? " s, set by CLOCK_REALTIME: of another boot or machine, by how much it may be wrong is "
                              "unknown\n"
                            : " s\n",
          stdout);
    line("ended", info->reason[0] ? info->reason : "not said");
    printf("%-15s %s\n", "complete", info->complete ? "yes" : "no");
    printf("%-15s %" PRIu64 ", lost %" PRIu64 "\n", "events", info->events, info->lost);
    printf("%-15s %" PRIu64 " bytes, %" PRIu32 " segments, %" PRIu32 " chunks\n", "size", info->bytes,
           info->segments, info->chunks);
    printf("%-15s %" PRIu32 " threads, %" PRIu32 " stacks, %" PRIu32 " modules\n", "tables", info->threads,
           info->stacks, info->modules);
    put_facts(trace, info->process);
}

static void put_processes(const smk_trace *trace)
{
    const smk_process_info *process;
    for (size_t i = 0; (process = smk_trace_process_at(trace, i)); i++)
        put_process(trace, process, smk_trace_get_info(trace)->first);
}

static void put_text(const smk_trace *trace)
{
    const smk_trace_info *info = smk_trace_get_info(trace);
    line("capture", info->capture_id);
    line("name", info->name);
    line("kind", info->kind);
    put_time_of_day(info);
    printf("%-15s ", "length");
    smk_cli_put_seconds(stdout, (int64_t)(info->last - info->first));
    fputs(" s\n", stdout);
    line("ended", info->reason[0] ? info->reason : "not said");
    put_complete(info);
    put_categories(info->categories);
    put_gaps(trace);
    put_cost(trace);
    printf("%-15s %" PRIu64 ", lost %" PRIu64 "\n", "events", info->events, info->lost);
    printf("%-15s %" PRIu64 " bytes, %" PRIu32 " segments, %" PRIu32 " chunks, format %u.%u\n", "size",
           info->bytes, info->segments, info->chunks, info->format_version >> 8,
           info->format_version & 0xffu);
    printf("%-15s %" PRIu32 " threads, %" PRIu32 " sites, %" PRIu32 " strings, %" PRIu32
           " stacks, %" PRIu32 " modules, %" PRIu32 " symbols\n",
           "tables", info->threads, info->sites, info->strings, info->stacks, info->modules,
           info->symbols);
    if (info->processes > 1)
        put_processes(trace);
    else
        put_facts(trace, 0);
    for (size_t i = 0; smk_trace_problem(trace, i); i++) {
        if (i == 0)
            puts("\nproblems");
        fputs("  ", stdout);
        smk_cli_puts(stdout, smk_trace_problem(trace, i));
        putchar('\n');
    }
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void member(const char *key, const char *text)
{
    printf("\"%s\":", key);
    smk_cli_put_json(stdout, text, strlen(text));
    putchar(',');
}

static void number(const char *key, uint64_t value) { printf("\"%s\":%" PRIu64 ",", key, value); }

static void put_json_facts(const smk_trace *trace, uint32_t process)
{
    const char *key, *value;
    fputs("\"facts\":{", stdout);
    for (size_t i = 0; smk_trace_process_fact_at(trace, process, i, &key, &value); i++) {
        if (i)
            putchar(',');
        smk_cli_put_json(stdout, key, strlen(key));
        putchar(':');
        smk_cli_put_json(stdout, value, strlen(value));
    }
    putchar('}');
}

static void put_json_process(const smk_trace *trace, const smk_process_info *info)
{
    putchar('{');
    number("process", info->process);
    number("pid", info->pid);
    number("parent", info->parent);
    member("name", info->name);
    member("exe", info->exe);
    member("host", info->host);
    member("capture_id", info->capture_id);
    member("kind", info->kind);
    member("reason", info->reason);
    number("first_ns", info->first);
    number("last_ns", info->last);
    if (info->complete_from != UINT64_MAX)
        number("complete_from_ns", info->complete_from);
    number("events", info->events);
    number("lost", info->lost);
    number("bytes", info->bytes);
    number("segments", info->segments);
    number("chunks", info->chunks);
    number("threads", info->threads);
    printf("\"complete\":%s,\"by_realtime\":%s,", info->complete ? "true" : "false",
           info->by_realtime ? "true" : "false");
    put_json_facts(trace, info->process);
    putchar('}');
}

static void put_json(const smk_trace *trace)
{
    const smk_trace_info *info = smk_trace_get_info(trace);
    putchar('{');
    member("capture_id", info->capture_id);
    member("name", info->name);
    member("kind", info->kind);
    member("reason", info->reason);
    number("first_ns", info->first);
    number("last_ns", info->last);
    if (info->complete_from != UINT64_MAX)
        number("complete_from_ns", info->complete_from);
    printf("\"realtime_offset_ns\":%" PRId64 ",", info->realtime_offset);
    number("events", info->events);
    number("lost", info->lost);
    number("bytes", info->bytes);
    number("segments", info->segments);
    number("chunks", info->chunks);
    number("threads", info->threads);
    number("sites", info->sites);
    number("strings", info->strings);
    number("stacks", info->stacks);
    number("modules", info->modules);
    number("symbols", info->symbols);
    printf("\"format\":\"%u.%u\",", info->format_version >> 8, info->format_version & 0xffu);
    printf("\"complete\":%s,", info->complete ? "true" : "false");
    put_json_facts(trace, 0);
    fputs(",\"processes\":[", stdout);
    for (uint32_t i = 0; i < info->processes; i++) {
        fputs(i ? "," : "", stdout);
        put_json_process(trace, smk_trace_process_at(trace, i));
    }
    fputs("],\"gaps\":[", stdout);
    smk_gap gap;
    for (size_t i = 0; smk_trace_gap_at(trace, i, &gap); i++)
        printf("%s{\"category\":\"%s\",\"from_ns\":%" PRIu64 ",\"to_ns\":%" PRIu64 ",\"reason\":\"%s\"}", i ? "," : "",
               smk_category_name(gap.category), gap.from, gap.to, gap.reason);
    fputs("],\"problems\":[", stdout);
    for (size_t i = 0; smk_trace_problem(trace, i); i++) {
        if (i)
            putchar(',');
        smk_cli_put_json(stdout, smk_trace_problem(trace, i), strlen(smk_trace_problem(trace, i)));
    }
    puts("]}");
}

static int run(int argc, char **argv)
{
    bool json = false;
    uint64_t max_processes = 0;
    const struct smk_cli_option options[] = {
        {"json", 0, SMK_CLI_FLAG, &json, NULL}, SMK_CLI_MAX_PROCESSES(&max_processes), SMK_CLI_END};
    struct smk_cli_args args;
    smk_trace *trace;
    if (!smk_cli_parse(&args, &smk_cmd_info, options, argc, argv))
        return args.exit_code;
    int rc = smk_cli_open_trace(&trace, args.operand, args.count, false, max_processes);
    if (rc != 0)
        return rc;
    if (json)
        put_json(trace);
    else
        put_text(trace);
    smk_trace_close(trace);
    return SMK_EXIT_FINE;
}
