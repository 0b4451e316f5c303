/* stallmark capture: a timed capture, armed, waited for and brought home. */
#include <string.h>

#include "cli.h"
#include "duration.h"
#include "fetch.h"
#include "process.h"
#include "show_json.h"
#include "trace_symbolize.h"

#define DURATION_DEFAULT UINT64_C(5000000000) /* as the agent's */

extern const struct smk_command smk_cmd_capture;
extern const struct smk_command smk_cmd_report;

struct capture_options {
    const char *duration, *output, *categories, *max_bytes, *name, *token_file;
    bool report, no_symbols, tree, dryrun;
};

static int show(const struct capture_options *options, char *path)
{
    if (!options->no_symbols)
        smk_cli_bake(path);
    if (!options->report) {
        smk_cli_puts(stdout, path);
        putchar('\n');
        return SMK_EXIT_FINE;
    }
    smk_cli_note("saved %s", path);
    char *arguments[] = {(char *)"report", (char *)"--", path, NULL};
    smk_cli_set_command("report");
    return smk_cmd_report.run(3, arguments);
}

/* The process that speaks for the family of this one, which it is itself in most cases. */
static int open_first(struct smk_client *client, const char *token_file)
{
    struct smk_reply reply;
    char first[16];
    int status = smk_client_want(client, "GET", "/debug/trace/status", &reply);
    const json_t *family = status ? NULL : json_object_get(reply.json, "family");
    json_int_t pid = json_integer_value(json_object_get(reply.json, "pid"));
    json_int_t speaks = json_integer_value(json_object_get(family, "first"));
    smk_reply_free(&reply);
    if (status || !family || speaks == 0 || speaks == pid)
        return status;
    if (client->target.pid != (pid_t)pid)
        return smk_cli_fail("the first of its family is process %lld of its own pid namespace: name that one",
                            (long long)speaks);
    smk_client_close(client);
    snprintf(first, sizeof(first), "%lld", (long long)speaks);
    return smk_client_open(client, first, token_file);
}

/* A pid is that process alone; a socket or an URL is whatever answers there. */
static int choose_processes(const struct capture_options *options, struct smk_client *client, struct smk_query *query)
{
    char pid[16];
    struct smk_process process;
    if (client->target.pid == 0)
        return 0;
    if (options->tree)
        return open_first(client, options->token_file);
    if (!smk_process_read(&process, client->target.pid))
        return 0; /* it has just ended, which its socket says */
    snprintf(pid, sizeof(pid), "%d", process.inner_pid);
    smk_query_add(query, "pid", pid);
    return 0;
}

/* Nothing comes home but the agent's answer. */
static int dryrun(struct smk_client *client, struct smk_query *query)
{
    static const char *const but[] = {"dryrun", NULL};
    struct smk_reply reply;
    smk_query_add(query, "dryrun", "1");
    if (query->too_long)
        return smk_cli_fail("the values are too long");
    int status = smk_client_want(client, "POST", query->text, &reply);
    if (!status && reply.json)
        smk_show_json(stdout, reply.json, but);
    smk_reply_free(&reply);
    return status;
}

static int capture(const struct capture_options *options, const char *target)
{
    static struct smk_client client;
    struct smk_query query;
    struct smk_reply reply = {0};
    struct smk_fetch fetch;
    uint64_t duration = DURATION_DEFAULT;
    if (options->duration && !smk_duration_parse(options->duration, &duration))
        return smk_cli_fail("'%s' is no value for --duration; allowed is " SMK_DURATION_ALLOWED,
                            options->duration);
    int status = smk_client_open(&client, target, options->token_file);
    if (status)
        return status;
    smk_query_begin(&query, "/debug/trace");
    smk_query_add(&query, "duration", options->duration);
    smk_query_add(&query, "categories", options->categories);
    smk_query_add(&query, "max_bytes", options->max_bytes);
    smk_query_add(&query, "name", options->name);
    status = choose_processes(options, &client, &query);
    if (status)
        return status;
    if (options->dryrun) {
        status = dryrun(&client, &query);
        smk_client_close(&client);
        return status;
    }
    status = query.too_long ? smk_cli_fail("the values are too long")
                            : smk_fetch_prepare(&fetch, options->output);
    if (status)
        goto out;
    smk_interrupt_watch();
    status = smk_client_want(&client, "POST", query.text, &reply);
    if (!status)
        status = smk_fetch_capture(&fetch, &client, &reply, duration);
    smk_fetch_end(&fetch);
out:
    smk_reply_free(&reply);
    smk_client_close(&client);
    return status ? status : show(options, fetch.path);
}

static int run(int argc, char **argv)
{
    struct capture_options set = {0};
    const struct smk_cli_option options[] = {
        {"duration", 0, SMK_CLI_TEXT, &set.duration, NULL},
        {"output", 'o', SMK_CLI_TEXT, &set.output, NULL},
        {"report", 0, SMK_CLI_FLAG, &set.report, NULL},
        {"no-symbols", 0, SMK_CLI_FLAG, &set.no_symbols, NULL},
        {"tree", 0, SMK_CLI_FLAG, &set.tree, NULL},
        {"dryrun", 0, SMK_CLI_FLAG, &set.dryrun, NULL},
        {"categories", 0, SMK_CLI_TEXT, &set.categories, NULL},
        {"max-bytes", 0, SMK_CLI_TEXT, &set.max_bytes, NULL},
        {"name", 0, SMK_CLI_TEXT, &set.name, NULL},
        {"token-file", 0, SMK_CLI_TEXT, &set.token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    if (!smk_target_parse(&args, &smk_cmd_capture, options, argc, argv))
        return args.exit_code;
    return capture(&set, args.operand[0]);
}

const struct smk_command smk_cmd_capture = {
    "capture",
    "usage: stallmark capture TARGET [OPTIONS]\n"
    "\n"
    "Arms the tracer in a running program for a while and brings the trace home; prints where it "
    "is.\n"
    "Ctrl-C ends it early and keeps what there is. TARGET is a pid, the path of a unix socket, or "
    "an\n"
    "URL.\n"
    "\n"
    "  --duration TIME     how long, as 500ms or 1m30s (5s)\n"
    "  -o, --output FILE   where to, replacing what is there (<id>.stall in the current "
    "directory)\n"
    "  --tree              with a pid: its whole family of forked processes in one file, not it alone\n"
    "  --dryrun            record nothing that is kept: say what events, bytes and cost to expect\n"
    "  --report            print the report of it\n"
    "  --no-symbols        leave the trace as it came: without the names that this machine's files have\n"
    "                      (stallmark symbolize)\n"
    "  --categories LIST   what is recorded: names with commas, +x, -x, all, default (default)\n"
    "  --max-bytes SIZE    of the trace, as 64MiB (256MiB)\n"
    "  --name TEXT         kept in the trace\n"
    "  --token-file FILE   the token that the agent wants (the file that STALLMARK_TOKEN_FILE "
    "names)\n",
    "arm a running program for a while and bring the trace home", run};
