/* stallmark diff: what got better and what got worse between two traces, and what nobody can tell. */
#include "analysis/diff.h"

#include "trace_answer.h"

extern const struct smk_command smk_cmd_diff;

static int make_report(const struct smk_answer *about, struct smk_report **report, smk_trace *trace, const char *path)
{
    struct smk_request_view_options names = smk_answer_options(about);
    struct smk_report_options options = {.lines = names.lines,
                                         .debug_dir = names.debug_dir,
                                         .no_symbols = names.no_symbols,
                                         .samples = SMK_DIFF_SAMPLES,
                                         .progress = names.progress};
    return smk_report_make(report, trace, &options) == 0 ? SMK_EXIT_FINE
                                                         : smk_cli_fail("%s: %s", path, smk_last_error());
}

static int print(const struct smk_answer *about, struct smk_report *before, struct smk_report *after)
{
    struct smk_diff *diff;
    if (smk_diff_make(&diff, before, after) != 0)
        return smk_cli_fail("%s", smk_last_error());
    smk_cli_progress_end();
    int result = about->json ? smk_diff_json(diff, smk_answer_put, stdout)
                             : smk_diff_text(diff, smk_answer_put, stdout);
    smk_diff_free(diff);
    return smk_answer_said(result);
}

static int run(int argc, char **argv)
{
    struct smk_answer about = {0};
    const struct smk_cli_option options[] = {SMK_ANSWER_OPTIONS(&about), SMK_CLI_END};
    struct smk_cli_args args;
    smk_trace *trace[2] = {NULL, NULL};
    struct smk_report *report[2] = {NULL, NULL};
    if (!smk_cli_parse(&args, &smk_cmd_diff, options, argc, argv))
        return args.exit_code;
    if (args.count != 2)
        return smk_cli_fail("two traces are wanted, BEFORE and AFTER, got %d", args.count);
    smk_answer_begin(&about);
    int result = 0;
    for (int side = 0; side < 2 && result == 0; side++)
        result = smk_cli_open_trace(&trace[side], &args.operand[side], 1, false, about.max_processes);
    for (int side = 0; side < 2 && result == 0; side++)
        result = make_report(&about, &report[side], trace[side], args.operand[side]);
    if (result == 0)
        result = print(&about, report[0], report[1]);
    smk_report_free(report[1]);
    smk_report_free(report[0]);
    smk_trace_close(trace[1]);
    smk_trace_close(trace[0]);
    smk_answer_end(&about);
    return result;
}

const struct smk_command smk_cmd_diff = {
    "diff",
    "usage: stallmark diff BEFORE AFTER [--json] [--debug-dir DIR] [--no-symbols] [--max-processes N]\n"
    "\n"
    "Says what got better and what got worse from one trace to another: findings that are gone or new, requests\n"
    "by route, locks by name, waits by call and function; all by the second, since traces differ in length. First\n"
    "it says what either trace lacks. A change is said only if it is 10 % at least and chance does so with\n"
    "p < 0.001 for all figures together; else that there are too few to tell, or that none can be told\n"
    "(docs/diff.md).\n"
    "\n"
    "  --json             the same as JSON (docs/answers-json.md)\n"
    "  --debug-dir DIR    look here for debug files first (DIR/.build-id/…, or as /usr/lib/debug is laid out)\n"
    "  --no-symbols       open no file but the traces: addresses instead of what they do not name themselves\n"
    "  --max-processes N  processes that each may have; default 4096, at most 65535\n",
    "what got better, what got worse, in figures",
    run,
};
