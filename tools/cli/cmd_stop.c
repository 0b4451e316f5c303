/* stallmark stop: ends the timed capture of a program. */
#include "cli.h"
#include "client.h"

extern const struct smk_command smk_cmd_stop;

static void show(const struct smk_reply *reply)
{
    const char *id = json_string_value(json_object_get(reply->json, "id"));
    const char *path = json_string_value(json_object_get(reply->json, "path"));
    if (!id) {
        puts("nothing was running");
        return;
    }
    fputs("stopped ", stdout);
    smk_cli_puts(stdout, id);
    if (path) {
        fputs(" · ", stdout);
        smk_cli_puts(stdout, path);
    }
    putchar('\n');
}

static int run(int argc, char **argv)
{
    static struct smk_client client;
    const char *token_file = NULL;
    const struct smk_cli_option options[] = {{"token-file", 0, SMK_CLI_TEXT, &token_file, NULL},
                                             SMK_CLI_END};
    struct smk_cli_args args;
    struct smk_reply reply;
    if (!smk_target_parse(&args, &smk_cmd_stop, options, argc, argv))
        return args.exit_code;
    int status = smk_client_open(&client, args.operand[0], token_file);
    if (status)
        return status;
    status = smk_client_want(&client, "POST", "/debug/trace/stop", &reply);
    if (!status)
        show(&reply);
    smk_reply_free(&reply);
    smk_client_close(&client);
    return status;
}

const struct smk_command smk_cmd_stop = {"stop",
                                         "usage: stallmark stop TARGET [--token-file FILE]\n"
                                         "\n"
                                         "Ends the timed capture that runs in a program now and "
                                         "keeps its file there. TARGET is a pid, the\n"
                                         "path of a unix socket, or an URL.\n"
                                         "\n"
                                         "  --token-file FILE  the token that the agent wants (the "
                                         "file that STALLMARK_TOKEN_FILE names)\n",
                                         "end the timed capture of a program and keep it", run};
