#include "take.h"

#include <string.h>

#include "duration.h"
#include "process.h"
#include "show_json.h"

#define DURATION_DEFAULT UINT64_C(5000000000) /* as the agent's */

/* ---- whom it is of ------------------------------------------------------------------------------------------ */

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
static int choose_processes(const struct smk_take *options, struct smk_client *client, struct smk_query *query)
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

/* ---- a capture that is there ------------------------------------------------------------------------------ */

static const char traces[] = "/debug/traces/";

/* The id in "http://127.0.0.1:6060/debug/traces/ID"; NULL: it is no such URL. */
static const char *id_of(const char *target)
{
    const char *found = strncmp(target, "http://", 7) == 0 ? strstr(target, traces) : NULL;
    const char *id = found ? found + sizeof(traces) - 1 : NULL;
    return id && *id && id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' ? id : NULL;
}

/* As if it had just been begun. */
static int fetch_it(struct smk_fetch *fetch, struct smk_client *client, const char *id)
{
    struct smk_reply reply = {.json = json_pack("{s:s}", "id", id)};
    int status = reply.json ? smk_fetch_capture(fetch, client, &reply, 0) : smk_cli_fail("there is no memory");
    smk_reply_free(&reply);
    return status;
}

/* ---- a new one ---------------------------------------------------------------------------------------------- */

static void ask_for(struct smk_query *query, const struct smk_take *options)
{
    smk_query_begin(query, "/debug/trace");
    smk_query_add(query, "duration", options->duration);
    smk_query_add(query, "categories", options->categories);
    smk_query_add(query, "max_bytes", options->max_bytes);
    smk_query_add(query, "name", options->name);
}

static int begin_it(struct smk_fetch *fetch, struct smk_client *client, const struct smk_query *query,
                    uint64_t duration)
{
    struct smk_reply reply = {0};
    smk_interrupt_watch();
    int status = smk_client_want(client, "POST", query->text, &reply);
    if (!status)
        status = smk_fetch_capture(fetch, client, &reply, duration);
    smk_reply_free(&reply);
    return status;
}

static int take_from(struct smk_client *client, const struct smk_take *options, const char *id, uint64_t duration,
                     struct smk_fetch *fetch)
{
    struct smk_query query;
    ask_for(&query, options);
    int status = id ? 0 : choose_processes(options, client, &query);
    if (!status && options->dryrun)
        return dryrun(client, &query);
    if (!status && query.too_long)
        status = smk_cli_fail("the values are too long");
    if (!status)
        status = smk_fetch_prepare(fetch, options->output);
    if (status)
        return status;
    status = id ? fetch_it(fetch, client, id) : begin_it(fetch, client, &query, duration);
    smk_fetch_end(fetch);
    return status;
}

int smk_take_capture(const struct smk_take *options, const char *target, char path[PATH_MAX])
{
    static struct smk_client client;
    struct smk_fetch fetch = {.fd = -1};
    uint64_t duration = DURATION_DEFAULT;
    path[0] = '\0';
    if (options->duration && !smk_duration_parse(options->duration, &duration))
        return smk_cli_fail("'%s' is no value for --duration; allowed is " SMK_DURATION_ALLOWED,
                            options->duration);
    int status = smk_client_open(&client, target, options->token_file);
    if (status)
        return status;
    status = take_from(&client, options, id_of(target), duration, &fetch);
    smk_client_close(&client);
    if (!status && !options->dryrun)
        memcpy(path, fetch.path, strlen(fetch.path) + 1);
    return status;
}
