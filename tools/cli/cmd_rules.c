/* stallmark rules: what a program's agent captures by itself, and when. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "client.h"

extern const struct smk_command smk_cmd_rules;

struct rules_options {
    const char *token_file, *backtest;
    bool persist, json;
};

#define PATH      "/debug/trace/rules"
#define NAME_SIZE 33
#define TEXT_MOST 16384

/* ---- answers -------------------------------------------------------------------------------------- */

/* A rule that could not be read: the place is pointed at. */
static int refused(const struct smk_reply *reply)
{
    const char *rule = json_string_value(json_object_get(reply->json, "rule"));
    json_int_t position = json_integer_value(json_object_get(reply->json, "position"));
    int status = smk_client_fail(reply);
    if (!rule || position < 1 || position > (json_int_t)strlen(rule) + 1)
        return status;
    fputs("  ", stderr);
    smk_cli_puts(stderr, rule);
    fprintf(stderr, "\n  %*s^\n", (int)position - 1, "");
    return status;
}

/* 0 when the answer is 2xx. */
static int want(struct smk_client *client, const char *method, const char *path, const char *body,
                struct smk_reply *reply)
{
    int rc = body ? smk_client_send(client, method, path, body, reply) : smk_client_ask(client, method, path, reply);
    if (rc < 0)
        return smk_cli_fail("%s", smk_last_error());
    return reply->status >= 200 && reply->status <= 299 ? 0 : refused(reply);
}

static void show_preroll(const json_t *answer)
{
    const json_t *recorder = json_object_get(answer, "recorder");
    long long ms = json_integer_value(json_object_get(recorder, "preroll_ns")) / 1000000;
    if (json_is_true(json_object_get(recorder, "on")))
        printf("the flight recorder reaches %lld ms back now\n", ms);
    else
        puts("the flight recorder is off: this rule does not need it");
}

static long long number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void show_backtest(const json_t *answer)
{
    const json_t *test = json_object_get(answer, "backtest");
    if (!test)
        return;
    if (!json_is_true(json_object_get(test, "known")))
        puts("no history is kept of what this condition is about");
    else
        printf("in the last %lld min: %lld to %lld of %lld match; it would have fired about %lld times\n",
               number(test, "minutes"), number(test, "matches_at_least"), number(test, "matches_at_most"),
               number(test, "looked_at"), number(test, "would_have_fired"));
}

/* ---- what is done --------------------------------------------------------------------------------- */

static int list(struct smk_client *client, const struct rules_options *options)
{
    struct smk_query query;
    struct smk_reply reply = {0};
    smk_query_begin(&query, PATH);
    smk_query_add(&query, "format", options->json ? "json" : "text");
    smk_query_add(&query, "backtest", options->backtest);
    int status = want(client, "GET", query.text, NULL, &reply);
    if (!status)
        smk_cli_put_text(stdout, reply.body, reply.len);
    smk_reply_free(&reply);
    return status;
}

static bool has_rule(const json_t *rules, const char *name)
{
    size_t index;
    json_t *rule;
    json_array_foreach(rules, index, rule)
    {
        const char *other = json_string_value(json_object_get(rule, "name"));
        if (other && strcmp(other, name) == 0)
            return true;
    }
    return false;
}

/* The name before the colon; of a rule without one the first `rule-N` that is free. */
static int name_of(struct smk_client *client, const char *text, char name[NAME_SIZE])
{
    struct smk_reply reply = {0};
    size_t from = strspn(text, " \t"), len = strspn(text + from, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (len > 0 && len < NAME_SIZE && text[from + len + strspn(text + from + len, " \t")] == ':') {
        memcpy(name, text + from, len);
        name[len] = '\0';
        return 0;
    }
    int status = want(client, "GET", PATH "?format=json", NULL, &reply);
    unsigned next = 1;
    do
        snprintf(name, NAME_SIZE, "rule-%u", next++);
    while (!status && has_rule(json_object_get(reply.json, "rules"), name));
    smk_reply_free(&reply);
    return status;
}

static int post(struct smk_client *client, const struct rules_options *options, const char *text, bool tries)
{
    struct smk_query query;
    struct smk_reply reply = {0};
    char path[96], name[NAME_SIZE];
    int status = name_of(client, text, name);
    if (status)
        return status;
    snprintf(path, sizeof(path), PATH "/%s", name);
    smk_query_begin(&query, path);
    smk_query_add(&query, "try", tries ? "1" : NULL);
    smk_query_add(&query, "persist", options->persist ? "1" : NULL);
    smk_query_add(&query, "backtest", options->backtest);
    status = want(client, "POST", query.text, text, &reply);
    if (!status && options->json) {
        smk_cli_put_text(stdout, reply.body, reply.len);
    } else if (!status) {
        if (!tries) {
            printf("%s: ", name);
            smk_cli_puts(stdout, json_string_value(json_object_get(reply.json, "rule")));
            putchar('\n');
        }
        show_backtest(reply.json);
        if (!tries)
            show_preroll(reply.json);
    }
    smk_reply_free(&reply);
    return status;
}

static int remove_rule(struct smk_client *client, const char *name)
{
    char path[96];
    struct smk_reply reply = {0};
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (len == 0 || name[len] || len >= NAME_SIZE)
        return smk_cli_fail("'%s' is no name of a rule; allowed are 1 to 32 of a-z, 0-9 and -", name);
    snprintf(path, sizeof(path), PATH "/%s", name);
    int status = want(client, "DELETE", path, NULL, &reply);
    if (!status)
        printf("removed %s\n", name);
    smk_reply_free(&reply);
    return status;
}

static int set(struct smk_client *client, const struct rules_options *options, const char *path)
{
    static char text[TEXT_MOST + 1];
    struct smk_query query;
    struct smk_reply reply = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "r");
    if (!file)
        return smk_cli_fail("%s cannot be opened", path);
    size_t len = fread(text, 1, sizeof(text), file);
    bool bad = ferror(file) != 0;
    if (!is_stdin)
        fclose(file);
    if (bad || len > TEXT_MOST || memchr(text, '\0', len))
        return smk_cli_fail("%s: allowed is a text of at most %d bytes", path, TEXT_MOST);
    text[len] = '\0';
    smk_query_begin(&query, PATH);
    smk_query_add(&query, "persist", options->persist ? "1" : NULL);
    int status = want(client, "PUT", query.text, text, &reply);
    if (!status)
        printf("%zu rules\n", json_array_size(json_object_get(reply.json, "rules")));
    smk_reply_free(&reply);
    return status;
}

static int dispatch(struct smk_client *client, const struct rules_options *options, int count, char **words)
{
    const char *what = count > 0 ? words[0] : "list";
    if (strcmp(what, "list") == 0 && count <= 1)
        return list(client, options);
    if (count != 2)
        return smk_cli_fail("allowed is list, or one word behind add, try, remove or set");
    if (strcmp(what, "add") == 0)
        return post(client, options, words[1], false);
    if (strcmp(what, "try") == 0)
        return post(client, options, words[1], true);
    if (strcmp(what, "remove") == 0)
        return remove_rule(client, words[1]);
    if (strcmp(what, "set") == 0)
        return set(client, options, words[1]);
    return smk_cli_fail("'%s' is nothing that can be done with rules; allowed are list, add, try, remove, set", what);
}

static int run(int argc, char **argv)
{
    static struct smk_client client;
    struct rules_options set_options = {0};
    const struct smk_cli_option options[] = {
        {"persist", 0, SMK_CLI_FLAG, &set_options.persist, NULL},
        {"backtest", 0, SMK_CLI_TEXT, &set_options.backtest, NULL},
        {"json", 0, SMK_CLI_FLAG, &set_options.json, NULL},
        {"token-file", 0, SMK_CLI_TEXT, &set_options.token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_rules, options, argc, argv))
        return args.exit_code;
    if (args.count < 1)
        return smk_cli_fail("a TARGET is missing: a pid, the path of a unix socket, or an URL");
    int status = smk_client_open(&client, args.operand[0], set_options.token_file);
    if (status)
        return status;
    status = dispatch(&client, &set_options, args.count - 1, args.operand + 1);
    smk_client_close(&client);
    return status;
}

const struct smk_command smk_cmd_rules = {
    "rules",
    "usage: stallmark rules TARGET [list] [--backtest TIME] [--json]\n"
    "       stallmark rules TARGET add '[NAME:] when …' [--persist]\n"
    "       stallmark rules TARGET try 'when …' [--backtest TIME]\n"
    "       stallmark rules TARGET remove NAME\n"
    "       stallmark rules TARGET set FILE [--persist]\n"
    "\n"
    "What the agent of a running program captures by itself: `when request > 250ms on \"GET /cart*\"`.\n"
    "The language is in docs/rules.md. `add` sets a rule or changes the one of its name, `try` says how\n"
    "often it would have fired, `set` replaces all rules by those of a file (-: of the input), one a\n"
    "line. TARGET is a pid, the path of a unix socket, or an URL.\n"
    "\n"
    "  --persist          kept when the program starts again\n"
    "  --backtest TIME    on how much of what has been rules are tried, 1m to 24h (1h)\n"
    "  --json             as the agent sent it\n"
    "  --token-file FILE  the token that the agent wants (the file that STALLMARK_TOKEN_FILE names)\n",
    "capture by itself: list, add, try, remove rules", run};
