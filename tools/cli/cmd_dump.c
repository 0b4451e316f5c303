/* cmd_dump.c: a trace as text, nothing left out. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "format/events.h"
#include "trace_dump.h"
#include "trace_open.h"

static int run(int argc, char **argv);

const struct smk_command smk_cmd_dump = {
    .name = "dump",
    .usage =
        "usage: stallmark dump [--tables] [--events] [--from T] [--to T] [--categories LIST]\n"
        "                      [--thread SERIAL] [--process NUMBER] [--absolute] [--json]\n"
        "                      [--max-processes N] FILE…\n"
        "\n"
        "Prints every event in order of time, one a line, names resolved:\n"
        "\n"
        "  TIME SERIAL/TID:\"THREAD\" EVENT ARGUMENT=VALUE…\n"
        "  1.204117380 4/4711:\"worker-3\" lock_wait stack=7 duration=45012803ns lock=0x55d0:\"cart_lock\" …\n"
        "\n"
        "Times are seconds since the trace's first moment. Several files are taken together: segments of a\n"
        "capture, captures of several processes. With several processes a line says whose it is (process 1\n"
        "4/4711:\"worker-3\" …), by the number that --tables lists them with.\n"
        "\n"
        "  --tables           the tables instead: facts, clocks, threads, strings, sites, stacks,\n"
        "                     modules, symbols, locks, open waits; with --events both\n"
        "  --from T, --to T   events of a stretch of time: 1.5 (seconds), 250ms, 10us, 5ns\n"
        "  --categories LIST  events of these categories: lock,request,…\n"
        "  --thread SERIAL    events of one thread\n"
        "  --process NUMBER   events of one process, the first being 0\n"
        "  --absolute         times are nanoseconds of CLOCK_MONOTONIC, as seconds or (--json) as they are\n"
        "  --json             one JSON object a line; times are in nanoseconds\n"
        "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    .summary = "a trace file as text, nothing left out",
    .run = run,
};

static int parse_categories(const char *list, uint32_t *categories)
{
    *categories = 0;
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        size_t len = strcspn(p, ",");
        uint32_t bit = smk_category_by_name(p, len);
        if (!bit) {
            char all[200] = "";
            for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++)
                snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
                         smk_category_name(1u << i));
            return smk_cli_fail("--categories: '%.*s' is no category; allowed are %s", (int)len, p, all);
        }
        *categories |= bit;
    }
    return 0;
}

/* *ns: since the trace began. */
static int parse_moment(const char *option, const char *text, uint64_t *ns)
{
    if (!text || smk_cli_parse_time(text, ns))
        return 0;
    return smk_cli_fail("%s: '%s' is no time; allowed is a number with ns, us, ms or s behind it, as in 250ms or 1.5s",
                        option, text);
}

/* *process: its number + 1, as cursors want it. */
static int parse_process(const char *text, uint32_t count, uint32_t *process)
{
    uint32_t number = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && number < count; p++)
        number = number * 10 + (uint32_t)(*p - '0');
    if (p == text || *p || number >= count)
        return smk_cli_fail("--process: '%s' is no process of the trace; allowed is a number from 0 to %" PRIu32, text,
                            count - 1);
    *process = number + 1;
    return 0;
}

static int dump_events(const struct smk_dump *dump, smk_trace *trace, const smk_cursor_options *options)
{
    smk_cursor *cursor;
    const smk_event *event;
    int rc = smk_cursor_open(&cursor, trace, options);
    while (rc >= 0 && (rc = smk_cursor_next(cursor, &event)) == 1)
        smk_dump_event(dump, event);
    smk_cursor_close(cursor);
    return rc < 0 ? smk_cli_fail("%s", smk_last_error()) : SMK_EXIT_FINE;
}

/* What is damaged goes to stderr, so that the lines on stdout are events and nothing else. */
static void note_problems(const smk_trace *trace)
{
    size_t count = 0;
    for (const char *problem; (problem = smk_trace_problem(trace, count)); count++)
        smk_cli_note("%s", problem);
}

struct choices {
    bool tables, events, absolute, json;
    const char *from, *to, *categories;
    uint64_t thread, max_processes;
    const char *process;
    uint64_t from_ns, to_ns; /* since the trace began */
    uint32_t category_bits;
};

/* What no trace is needed for. */
static int check_choices(struct choices *choices)
{
    if (choices->thread > UINT32_MAX)
        return smk_cli_fail("--thread: %" PRIu64 " is no serial number", choices->thread);
    int rc = parse_moment("--from", choices->from, &choices->from_ns);
    if (rc == 0)
        rc = parse_moment("--to", choices->to, &choices->to_ns);
    if (rc == 0 && choices->from && choices->to && choices->from_ns > choices->to_ns)
        rc = smk_cli_fail("--from: %s is behind --to, %s; allowed is a time before it", choices->from, choices->to);
    if (rc == 0 && choices->categories)
        rc = parse_categories(choices->categories, &choices->category_bits);
    return rc;
}

static int dump_trace(smk_trace *trace, const struct choices *choices)
{
    uint64_t origin = smk_trace_get_info(trace)->first;
    struct smk_dump dump = {trace, stdout, choices->absolute ? 0 : origin, choices->json,
                            smk_trace_get_info(trace)->processes > 1};
    smk_cursor_options options = {.size = sizeof(options),
                                  .from = choices->from ? origin + choices->from_ns : 0,
                                  .to = choices->to ? origin + choices->to_ns : 0,
                                  .categories = choices->category_bits,
                                  .thread = (uint32_t)choices->thread};
    int rc = 0;
    if (choices->thread && !smk_trace_thread(trace, options.thread))
        rc = smk_cli_fail("--thread: the trace has no thread with serial number %" PRIu64
                          "; `stallmark dump --tables` lists them",
                          choices->thread);
    if (rc == 0 && choices->process)
        rc = parse_process(choices->process, smk_trace_get_info(trace)->processes, &options.process);
    if (rc != 0)
        return rc;
    if (choices->tables)
        smk_dump_tables(&dump);
    if (choices->events || !choices->tables)
        rc = dump_events(&dump, trace, &options);
    note_problems(trace);
    return rc;
}

static int run(int argc, char **argv)
{
    struct choices choices = {0};
    const struct smk_cli_option options[] = {
        {"tables", 0, SMK_CLI_FLAG, &choices.tables, NULL},
        {"events", 0, SMK_CLI_FLAG, &choices.events, NULL},
        {"from", 0, SMK_CLI_TEXT, &choices.from, NULL},
        {"to", 0, SMK_CLI_TEXT, &choices.to, NULL},
        {"categories", 0, SMK_CLI_TEXT, &choices.categories, NULL},
        {"thread", 0, SMK_CLI_NUMBER, &choices.thread, "a serial number"},
        {"process", 0, SMK_CLI_TEXT, &choices.process, NULL},
        SMK_CLI_MAX_PROCESSES(&choices.max_processes),
        {"absolute", 0, SMK_CLI_FLAG, &choices.absolute, NULL},
        {"json", 0, SMK_CLI_FLAG, &choices.json, NULL},
        SMK_CLI_END};
    struct smk_cli_args args;
    smk_trace *trace;
    if (!smk_cli_parse(&args, &smk_cmd_dump, options, argc, argv))
        return args.exit_code;
    int rc = check_choices(&choices);
    if (rc != 0)
        return rc;
    rc = smk_cli_open_trace(&trace, args.operand, args.count, false, choices.max_processes);
    if (rc != 0)
        return rc;
    rc = dump_trace(trace, &choices);
    smk_trace_close(trace);
    return rc;
}
