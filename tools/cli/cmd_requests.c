/* stallmark requests: the requests of a running program, as its agent says. */
#include "cli.h"
#include "client.h"
#include "live_json.h"

extern const struct smk_command smk_cmd_requests;

/* In the words of the agent's own text, with files and lines out of the binaries that are here. */
static int show(const struct smk_client *client, const json_t *json, bool resolve)
{
    static struct smk_live_json read;
    int rc = smk_live_json_read_requests(&read, json, client->target.pid, resolve);
    if (rc == 0)
        rc = smk_live_requests_text(&read.requests, smk_live_json_put, stdout);
    smk_live_json_free(&read);
    return rc == 0 ? SMK_EXIT_FINE : smk_cli_fail_last("the requests of %s", client->target.name);
}

static int run(int argc, char **argv)
{
    static struct smk_client client;
    const char *token_file = NULL;
    bool json = false, no_symbols = false;
    uint64_t max = 0, pid = 0;
    const struct smk_cli_option options[] = {
        {"json", 0, SMK_CLI_FLAG, &json, NULL},
        {"max", 0, SMK_CLI_COUNT, &max, "1 to 8192"},
        {"no-symbols", 0, SMK_CLI_FLAG, &no_symbols, NULL},
        {"pid", 0, SMK_CLI_COUNT, &pid, "the pid of a process of the family"},
        {"token-file", 0, SMK_CLI_TEXT, &token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    struct smk_reply reply;
    struct smk_query query;
    char number[24], process[24];
    if (!smk_target_parse(&args, &smk_cmd_requests, options, argc, argv))
        return args.exit_code;
    int status = smk_client_open(&client, args.operand[0], token_file);
    if (status)
        return status;
    snprintf(number, sizeof(number), "%llu", (unsigned long long)max);
    snprintf(process, sizeof(process), "%llu", (unsigned long long)pid);
    smk_query_begin(&query, "/debug/requests");
    smk_query_add(&query, "format", "json");
    smk_query_add(&query, "max", max ? number : NULL);
    smk_query_add(&query, "symbols", no_symbols ? "0" : NULL);
    smk_query_add(&query, "pid", pid ? process : NULL);
    if (smk_client_ask(&client, "GET", query.text, &reply) != 0)
        status = smk_cli_fail_last("%s", client.target.name);
    else if (reply.status != 200)
        status = smk_client_fail(&reply);
    else if (reply.json && !json)
        status = show(&client, reply.json, !no_symbols);
    else
        smk_cli_put_text(stdout, reply.body, reply.len);
    smk_reply_free(&reply);
    smk_client_close(&client);
    return status;
}

const struct smk_command smk_cmd_requests = {
    "requests",
    "usage: stallmark requests TARGET [--json] [--max N] [--no-symbols] [--pid PID] [--token-file FILE]\n"
    "\n"
    "The requests of a running program: those in flight, the oldest first, each with what its thread does now,\n"
    "with files and lines where the binaries are at hand; the slowest; the last; and how long requests take, by\n"
    "route. Requests are seen while something is armed, as the flight recorder. TARGET is a pid, the path of a\n"
    "unix socket, or an URL.\n"
    "\n"
    "  --json             as the agent sent it\n"
    "  --max N            requests in flight that are shown at most, 1 to 8192 (100)\n"
    "  --no-symbols       modules and offsets: no file is opened for names, here or there\n"
    "  --pid PID          another process of its family: the first one asks it\n"
    "  --token-file FILE  the token that the agent wants (the file that STALLMARK_TOKEN_FILE names)\n",
    "the requests of a running program, and where each is now", run};
