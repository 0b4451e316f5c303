/* stallmark status: what the agent of a program says of itself. */
#include <string.h>

#include "cli.h"
#include "client.h"
#include "show_json.h"

extern const struct smk_command smk_cmd_status;

/* The clock and the scheduler say in any case why they are which: of these none is better. */
static bool is_second_best(const char *part, const json_t *member)
{
    const char *why = json_string_value(json_object_get(member, "why"));
    const char *source = json_string_value(json_object_get(member, "source"));
    const char *best = strcmp(part, "clock") == 0       ? "tsc"
                       : strcmp(part, "scheduler") == 0 ? "perf switch records"
                                                        : NULL;
    return why && why[0] && !(best && source && strcmp(source, best) == 0);
}

/* What one looks for when something is missing in a trace: each part that is off or second best says
 * why, and what is not seen. */
static void show_why(const json_t *status)
{
    const char *part, *why;
    json_t *member;
    size_t index;
    why = json_string_value(json_object_get(status, "inert"));
    if (why)
        smk_show_line(stdout, "inert", why, 0);
    json_object_foreach((json_t *)status, part, member)
    {
        why = json_string_value(json_object_get(member, "why_off"));
        if (why)
            smk_show_line(stdout, part, why, 0);
        if (is_second_best(part, member))
            smk_show_line(stdout, part, json_string_value(json_object_get(member, "why")), 0);
    }
    json_array_foreach(json_object_get(status, "not_seen"), index, member)
    {
        if (json_is_string(member))
            smk_show_line(stdout, "not seen", json_string_value(member), 0);
    }
    putchar('\n');
}

static void show(const json_t *status)
{
    static const char *const shown[] = {"inert", "not_seen", NULL};
    show_why(status);
    smk_show_json(stdout, status, shown);
}

static int run(int argc, char **argv)
{
    static struct smk_client client;
    const char *token_file = NULL;
    bool json = false;
    const struct smk_cli_option options[] = {
        {"json", 0, SMK_CLI_FLAG, &json, NULL},
        {"token-file", 0, SMK_CLI_TEXT, &token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    struct smk_reply reply;
    if (!smk_target_parse(&args, &smk_cmd_status, options, argc, argv))
        return args.exit_code;
    int status = smk_client_open(&client, args.operand[0], token_file);
    if (status)
        return status;
    status = smk_client_want(&client, "GET", "/debug/trace/status", &reply);
    if (!status && json)
        smk_cli_put_text(stdout, reply.body, reply.len);
    else if (!status)
        show(reply.json);
    smk_reply_free(&reply);
    smk_client_close(&client);
    return status;
}

const struct smk_command smk_cmd_status = {
    "status",
    "usage: stallmark status TARGET [--json] [--token-file FILE]\n"
    "\n"
    "What the agent of a running program says of itself: first what is off, and why; then whether "
    "it\n"
    "records, what was lost, what it costs, its limits and versions. TARGET is a pid, the path of "
    "a\n"
    "unix socket, or an URL.\n"
    "\n"
    "  --json             as the agent sent it\n"
    "  --token-file FILE  the token that the agent wants (the file that STALLMARK_TOKEN_FILE "
    "names)\n",
    "what the agent of a program says of itself", run};
