/* stallmark at: what every thread was doing at one instant. */
#include "analysis/moment.h"

#include "cli.h"
#include "trace_answer.h"

extern const struct smk_command smk_cmd_at;

static int answer(struct smk_answer *about, smk_trace *trace, const char *path, void *arg)
{
    struct smk_request_view_options options = smk_answer_options(about);
    struct smk_moment *moment;
    uint64_t time;
    if (smk_moment_parse(&time, trace, arg) != 0 || smk_moment_make(&moment, trace, time, &options) != 0)
        return smk_cli_fail("%s: %s", path, smk_last_error());
    smk_cli_progress_end();
    int result = about->json ? smk_moment_json(moment, smk_answer_put, stdout)
                             : smk_moment_text(moment, smk_answer_put, stdout);
    smk_moment_free(moment);
    return smk_answer_said(result);
}

static int run(int argc, char **argv)
{
    struct smk_answer about = {0};
    const struct smk_cli_option options[] = {SMK_ANSWER_OPTIONS(&about), SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_at, options, argc, argv))
        return args.exit_code;
    if (args.count != 2)
        return smk_cli_fail("a file and a time are wanted (14:02:09.350, +2.35s, or ns), got %d words", args.count);
    if (smk_moment_check(args.operand[1]) != 0)
        return smk_cli_fail("%s", smk_last_error());
    return smk_answer_trace(&about, args.operand, 1, answer, args.operand[1]);
}

const struct smk_command smk_cmd_at = {
    "at",
    "usage: stallmark at FILE TIME [--json] [--debug-dir DIR] [--no-symbols] [--max-processes N]\n"
    "\n"
    "Says what every thread was doing at that instant: running, ready without a CPU, waiting and for what,\n"
    "who held the lock then, since when and for how long in all, where, for which request and in which\n"
    "regions. Threads that wait for each other in a circle are named first.\n"
    "\n"
    "  TIME               14:02:09.350 (UTC), +2.35s or +350ms since the trace began, or ns as JSON has them\n"
    "\n"
    "  --json             the same as JSON (docs/answers-json.md)\n"
    "  --debug-dir DIR    look here for debug files first (DIR/.build-id/…, or as /usr/lib/debug is laid out)\n"
    "  --no-symbols       open no file but the trace: addresses instead of what it does not name itself\n"
    "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    "what every thread was doing at that instant",
    run,
};
