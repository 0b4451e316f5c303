/* stallmark pauses: what memory, throttling and callbacks stopped, in a histogram, and the worst. */
#include "analysis/pauses.h"

#include "cli.h"
#include "trace_answer.h"

extern const struct smk_command smk_cmd_pauses;

#define TOP_MAX 100u

static int answer(struct smk_answer *about, smk_trace *trace, const char *path, void *arg)
{
    struct smk_request_view_options options = smk_answer_options(about);
    struct smk_pauses *pauses;
    if (smk_pauses_make(&pauses, trace, *(const unsigned *)arg, &options) != 0)
        return smk_cli_fail("%s: %s", path, smk_last_error());
    smk_cli_progress_end();
    int result = about->json ? smk_pauses_json(pauses, smk_answer_put, stdout)
                             : smk_pauses_text(pauses, smk_answer_put, stdout);
    smk_pauses_free(pauses);
    return smk_answer_said(result);
}

static int run(int argc, char **argv)
{
    struct smk_answer about = {0};
    uint64_t top = 10;
    const struct smk_cli_option options[] = {SMK_ANSWER_OPTIONS(&about),
                                             {"top", 0, SMK_CLI_COUNT, &top, "a number from 1 to 100"},
                                             SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_pauses, options, argc, argv))
        return args.exit_code;
    if (top > TOP_MAX)
        return smk_cli_fail("'%llu' is no value for --top; allowed is a number from 1 to %u", (unsigned long long)top,
                            TOP_MAX);
    unsigned worst = (unsigned)top;
    return smk_answer_trace(&about, args.operand, args.count, answer, &worst);
}

const struct smk_command smk_cmd_pauses = {
    "pauses",
    "usage: stallmark pauses FILE… [--json] [--top N] [--debug-dir DIR] [--no-symbols] [--max-processes N]\n"
    "\n"
    "Says what stopped threads that wanted to go on: calls that map or give back memory and the allocator,\n"
    "pages that had to be read from a disk, callbacks that kept an event loop away while bytes lay there, the\n"
    "CPU limit of the control group. A histogram of all, then the worst with their stacks, for which request,\n"
    "and what the thread did before.\n"
    "\n"
    "  --json             the same as JSON (docs/answers-json.md)\n"
    "  --top N            how many of the worst, 1 to 100; default 10\n"
    "  --debug-dir DIR    look here for debug files first (DIR/.build-id/…, or as /usr/lib/debug is laid out)\n"
    "  --no-symbols       open no file but the trace: addresses instead of what it does not name itself\n"
    "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    "histogram of pauses, the ten worst with stacks and what ran before",
    run,
};
