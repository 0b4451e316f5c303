/* stallmark ledger: what rules fired on, and what was suppressed. */
#include <string.h>

#include "cli.h"
#include "client.h"

extern const struct smk_command smk_cmd_ledger;

static int show(struct smk_client *client, const char *rule, const char *limit, bool json)
{
    struct smk_query query;
    struct smk_reply reply = {0};
    int status = 0;
    smk_query_begin(&query, "/debug/trace/ledger");
    smk_query_add(&query, "format", json ? "json" : "text");
    smk_query_add(&query, "rule", rule);
    smk_query_add(&query, "limit", limit);
    if (smk_client_ask(client, "GET", query.text, &reply) < 0)
        status = smk_cli_fail("%s", smk_last_error());
    else if (reply.status != 200)
        status = smk_client_fail(&reply);
    else
        smk_cli_put_text(stdout, reply.body, reply.len);
    smk_reply_free(&reply);
    return status;
}

static int run(int argc, char **argv)
{
    static struct smk_client client;
    const char *token_file = NULL, *rule = NULL, *limit = NULL;
    bool json = false;
    const struct smk_cli_option options[] = {
        {"rule", 0, SMK_CLI_TEXT, &rule, NULL},
        {"limit", 0, SMK_CLI_TEXT, &limit, NULL},
        {"json", 0, SMK_CLI_FLAG, &json, NULL},
        {"token-file", 0, SMK_CLI_TEXT, &token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    if (!smk_target_parse(&args, &smk_cmd_ledger, options, argc, argv))
        return args.exit_code;
    int status = smk_client_open(&client, args.operand[0], token_file);
    if (status)
        return status;
    status = show(&client, rule, limit, json);
    smk_client_close(&client);
    return status;
}

const struct smk_command smk_cmd_ledger = {
    "ledger",
    "usage: stallmark ledger TARGET [--rule NAME] [--limit N] [--json] [--token-file FILE]\n"
    "\n"
    "What the rules of a running program fired on, the newest first, and what was suppressed and why;\n"
    "from before its last start, too. TARGET is a pid, the path of a unix socket, or an URL.\n"
    "\n"
    "  --rule NAME        of this rule only\n"
    "  --limit N          entries, the latest ones, 1 to 512 (100)\n"
    "  --json             as the agent sent it\n"
    "  --token-file FILE  the token that the agent wants (the file that STALLMARK_TOKEN_FILE names)\n",
    "what rules fired on, and what was suppressed", run};
