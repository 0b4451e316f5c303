/* stallmark request: where one request's time went. */
#include "analysis/request_view.h"

#include "cli.h"
#include "trace_answer.h"

extern const struct smk_command smk_cmd_request;

static int answer(struct smk_answer *about, smk_trace *trace, const char *path, void *arg)
{
    struct smk_request_view_options options = smk_answer_options(about);
    struct smk_request_view *view;
    if (smk_request_view_make(&view, trace, arg, &options) != 0)
        return smk_cli_fail("%s: %s", path, smk_last_error());
    smk_cli_progress_end();
    int result = about->json ? smk_request_view_json(view, smk_answer_put, stdout)
                             : smk_request_view_text(view, smk_answer_put, stdout);
    smk_request_view_free(view);
    return smk_answer_said(result);
}

static int run(int argc, char **argv)
{
    struct smk_answer about = {0};
    const struct smk_cli_option options[] = {SMK_ANSWER_OPTIONS(&about), SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_request, options, argc, argv))
        return args.exit_code;
    if (args.count < 1 || args.count > 2)
        return smk_cli_fail("one file is wanted, and which request: a number, 'slowest' or a route; got %d words",
                            args.count);
    return smk_answer_trace(&about, args.operand, 1, answer, args.operand[1]);
}

const struct smk_command smk_cmd_request = {
    "request",
    "usage: stallmark request FILE [ID|slowest|ROUTE] [--json] [--debug-dir DIR] [--no-symbols]\n"
    "                         [--max-processes N]\n"
    "\n"
    "Says where one request's time went, in parts that add up to all of it: on a CPU, ready without one,\n"
    "waiting for a lock, the network, a disk, in a queue, for its event loop; what none of these explains is\n"
    "unexplained. Beside it stands a normal request of the same route, the one nearest to the route's median,\n"
    "and by how much each part is more. Below it: who waited for whom, to the end of the chain.\n"
    "\n"
    "  ID                 the number of a request, as `stallmark report` has it\n"
    "  slowest            the slowest of all; so without it\n"
    "  ROUTE              the slowest of this route; 'GET /item*' is of those that begin so\n"
    "\n"
    "  --json             the same as JSON (docs/answers-json.md)\n"
    "  --debug-dir DIR    look here for debug files first (DIR/.build-id/…, or as /usr/lib/debug is laid out)\n"
    "  --no-symbols       open no file but the trace: addresses instead of what it does not name itself\n"
    "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    "one request's latency, in parts that add up to it, beside a normal one",
    run,
};
