/* stallmark snapshot: what the flight recorder of a program holds, brought home. */
#include "cli.h"
#include "duration.h"
#include "fetch.h"
#include "trace_symbolize.h"

extern const struct smk_command smk_cmd_snapshot;

struct snapshot_options {
    const char *before, *after, *output, *token_file;
    bool no_symbols;
};

static int snapshot(const struct snapshot_options *options, const char *target)
{
    static struct smk_client client;
    struct smk_query query;
    struct smk_reply reply = {0};
    struct smk_fetch fetch;
    uint64_t before, after = 0;
    if (options->before && !smk_duration_parse(options->before, &before))
        return smk_cli_fail("'%s' is no value for --before; allowed is " SMK_DURATION_ALLOWED,
                            options->before);
    if (options->after && !smk_duration_parse(options->after, &after))
        return smk_cli_fail("'%s' is no value for --after; allowed is " SMK_DURATION_ALLOWED,
                            options->after);
    int status = smk_client_open(&client, target, options->token_file);
    if (status)
        return status;
    smk_query_begin(&query, "/debug/trace/snapshot");
    smk_query_add(&query, "before", options->before);
    smk_query_add(&query, "after", options->after);
    status = smk_fetch_prepare(&fetch, options->output);
    if (status)
        goto out;
    smk_interrupt_watch();
    status = smk_client_want(&client, "POST", query.text, &reply);
    if (!status)
        status = smk_fetch_capture(&fetch, &client, &reply, after);
    smk_fetch_end(&fetch);
    if (!status) {
        if (!options->no_symbols)
            smk_cli_bake(fetch.path);
        smk_cli_puts(stdout, fetch.path);
        putchar('\n');
    }
out:
    smk_reply_free(&reply);
    smk_client_close(&client);
    return status;
}

static int run(int argc, char **argv)
{
    struct snapshot_options set = {0};
    const struct smk_cli_option options[] = {
        {"before", 0, SMK_CLI_TEXT, &set.before, NULL},
        {"after", 0, SMK_CLI_TEXT, &set.after, NULL},
        {"output", 'o', SMK_CLI_TEXT, &set.output, NULL},
        {"no-symbols", 0, SMK_CLI_FLAG, &set.no_symbols, NULL},
        {"token-file", 0, SMK_CLI_TEXT, &set.token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    if (!smk_target_parse(&args, &smk_cmd_snapshot, options, argc, argv))
        return args.exit_code;
    return snapshot(&set, args.operand[0]);
}

const struct smk_command smk_cmd_snapshot = {
    "snapshot",
    "usage: stallmark snapshot TARGET [OPTIONS]\n"
    "\n"
    "Brings home what the flight recorder of a running program holds; the recorder goes on. "
    "Prints\n"
    "where the trace is. TARGET is a pid, the path of a unix socket, or an URL.\n"
    "\n"
    "  --before TIME      how far back, as 10s (all that there is)\n"
    "  --after TIME       and what comes in so long (0s)\n"
    "  -o, --output FILE  where to, replacing what is there (<id>.stall in the current directory)\n"
    "  --no-symbols       leave the trace as it came: without the names that this machine's files have\n"
    "                     (stallmark symbolize)\n"
    "  --token-file FILE  the token that the agent wants (the file that STALLMARK_TOKEN_FILE "
    "names)\n",
    "bring home what the flight recorder holds", run};
