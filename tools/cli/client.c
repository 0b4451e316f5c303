#include "client.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "cli.h"
#include "stallmark/version.h"

enum { TIMEOUT_MS = 10000, CONNECT_TIMEOUT_MS = 5000, STALL_SECONDS = 30, GIVE_UP = 2 };

/* ---- Ctrl-C ------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupts;

static void on_signal(int number)
{
    (void)number;
    interrupts = interrupts + 1;
}

void smk_interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: sleeps shall end */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

unsigned smk_interrupts(void)
{
    return (unsigned)interrupts;
}

/* ---- token ---------------------------------------------------------------------------------------------- */

static int read_token(struct smk_client *client, const char *path)
{
    if (!path)
        path = getenv("STALLMARK_TOKEN_FILE");
    if (!path || !path[0])
        return 0;
    int len = smk_sys_slurp(path, client->token, sizeof(client->token));
    if (len < 0)
        return smk_cli_fail("the token file '%s' cannot be read: %s", path, strerror(-len));
    client->token[strcspn(client->token, "\r\n")] = '\0';
    for (const char *c = client->token; *c; c++)
        if (*c <= ' ' || *c > '~')
            return smk_cli_fail(
                "the token file '%s' holds no token; allowed are printable characters "
                "without blanks, on one line",
                path);
    if (!client->token[0])
        return smk_cli_fail("the token file '%s' is empty", path);
    return 0;
}

/* ---- one request ------------------------------------------------------------------------------------------ */

struct transfer {
    struct smk_client *client;
    struct smk_reply *reply;
    int fd; /* where the body of a 200 goes; -1: into the reply */
    uint64_t bytes;
    int error; /* errno of writing to fd */
    const char *body; /* that is sent; NULL: none */
};

static size_t keep(struct transfer *transfer, const char *data, size_t len)
{
    struct smk_reply *reply = transfer->reply;
    if (len > SMK_CLIENT_BODY_MAX - reply->len)
        return 0;
    char *grown = realloc(reply->body, reply->len + len + 1);
    if (!grown)
        return 0;
    memcpy(grown + reply->len, data, len);
    reply->body = grown;
    reply->len += len;
    grown[reply->len] = '\0';
    return len;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
    struct transfer *transfer = arg;
    long status = 0;
    (void)one;
    curl_easy_getinfo(transfer->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->fd < 0 || status != 200)
        return keep(transfer, data, len);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(transfer->fd, data + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            transfer->error = n < 0 ? errno : EIO;
            return 0;
        }
        done += (size_t)n;
    }
    transfer->bytes += len;
    return len;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    struct transfer *transfer = arg;
    (void)up_total;
    (void)up;
    if (transfer->fd >= 0 && now > 0)
        smk_cli_progress("downloading", (uint64_t)now, (uint64_t)total);
    return smk_interrupts() >= GIVE_UP;
}

static void set_options(struct smk_client *client, const char *method, struct transfer *transfer)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "stallmark/" SMK_VERSION_STRING);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    if (client->target.socket[0]) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->target.socket);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    } else {
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    }
    if (transfer->fd >= 0) { /* as long as it comes along */
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    } else {
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                         (long)(client->timeout_ms ? client->timeout_ms : TIMEOUT_MS));
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (transfer->body || strcmp(method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, transfer->body ? transfer->body : "");
    if (transfer->body)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    else if (strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0)
        return;
    else if (strcmp(method, "GET") != 0)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static struct curl_slist *make_headers(const struct smk_client *client, bool has_body)
{
    char line[SMK_CLIENT_TOKEN_SIZE + 32];
    struct curl_slist *list =
        curl_slist_append(NULL, "Accept: application/json, application/problem+json, */*");
    /* What curl adds to a POST of nothing, and the agent has no use for. */
    list = curl_slist_append(list, has_body ? "Content-Type: text/plain" : "Content-Type:");
    if (client->token[0]) {
        snprintf(line, sizeof(line), "Authorization: Bearer %s", client->token);
        list = curl_slist_append(list, line);
    }
    return list;
}

static int explain(const struct smk_client *client, const struct transfer *transfer, CURLcode code)
{
    if (transfer->error)
        return smk_fail_errno(transfer->error, "the file cannot be written");
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return smk_fail(SMK_E_TIMEOUT, "given up");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return smk_fail(SMK_E_TIMEOUT, "%s does not answer", client->target.name);
    if (code == CURLE_COULDNT_CONNECT)
        return smk_fail(SMK_E_UNAVAILABLE, "nobody answers at %s", client->target.name);
    return smk_fail(SMK_E_IO, "%s: %s", client->target.name, curl_easy_strerror(code));
}

static int perform(struct smk_client *client, const char *method, const char *path,
                   struct transfer *transfer)
{
    char url[SMK_TARGET_SIZE + SMK_QUERY_SIZE];
    long status = 0;
    *transfer->reply = (struct smk_reply){0};
    set_options(client, method, transfer);
    snprintf(url, sizeof(url), "%s%s", client->target.url, path);
    struct curl_slist *headers = make_headers(client, transfer->body != NULL);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(client->curl);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    smk_cli_progress_end();
    if (code != CURLE_OK)
        return explain(client, transfer, code);
    transfer->reply->status = (unsigned)status;
    if (transfer->reply->len)
        transfer->reply->json =
            json_loadb(transfer->reply->body, transfer->reply->len, JSON_REJECT_DUPLICATES, NULL);
    return 0;
}

int smk_client_ask(struct smk_client *client, const char *method, const char *path,
                   struct smk_reply *reply)
{
    struct transfer transfer = {.client = client, .reply = reply, .fd = -1};
    return perform(client, method, path, &transfer);
}

int smk_client_send(struct smk_client *client, const char *method, const char *path, const char *body,
                    struct smk_reply *reply)
{
    struct transfer transfer = {.client = client, .reply = reply, .fd = -1, .body = body};
    return perform(client, method, path, &transfer);
}

int smk_client_download(struct smk_client *client, const char *path, int fd,
                        struct smk_reply *reply, uint64_t *bytes)
{
    struct transfer transfer = {.client = client, .reply = reply, .fd = fd};
    int status = perform(client, "GET", path, &transfer);
    *bytes = transfer.bytes;
    return status;
}

void smk_reply_free(struct smk_reply *reply)
{
    json_decref(reply->json);
    free(reply->body);
    *reply = (struct smk_reply){0};
}

/* ---- what an answer means --------------------------------------------------------------------------------- */

int smk_client_fail(const struct smk_reply *reply)
{
    const char *title = json_string_value(json_object_get(reply->json, "title"));
    const char *detail = json_string_value(json_object_get(reply->json, "detail"));
    if (reply->status == 401 && title)
        return smk_cli_fail("%s; --token-file FILE or STALLMARK_TOKEN_FILE gives one", title);
    if (title && detail)
        return smk_cli_fail("%s: %s", title, detail);
    if (title)
        return smk_cli_fail("%s (HTTP %u)", title, reply->status);
    if (reply->status == 404)
        return smk_cli_fail(
            "what answers there has no such page (HTTP 404); is it stallmark's agent?");
    return smk_cli_fail("the answer is HTTP %u; is it stallmark's agent?", reply->status);
}

int smk_client_want(struct smk_client *client, const char *method, const char *path,
                    struct smk_reply *reply)
{
    if (smk_client_ask(client, method, path, reply) < 0)
        return smk_cli_fail("%s", smk_last_error());
    if (reply->status < 200 || reply->status > 299)
        return smk_client_fail(reply);
    if (!json_is_object(reply->json) && !json_is_array(reply->json))
        return smk_cli_fail("the answer is no JSON; is it stallmark's agent that answers at %s?",
                            client->target.name);
    return 0;
}

/* ---- a client --------------------------------------------------------------------------------------------- */

bool smk_client_open_quietly(struct smk_client *client, const struct smk_target *target)
{
    *client = (struct smk_client){.target = *target};
    client->curl = curl_easy_init();
    if (!client->curl)
        smk_target_close(&client->target);
    return client->curl != NULL;
}

int smk_client_open(struct smk_client *client, const char *target, const char *token_file)
{
    struct smk_target found;
    int status = smk_target_find(&found, target);
    if (status)
        return status;
    if (!smk_client_open_quietly(client, &found))
        return smk_cli_fail("not enough memory");
    status = read_token(client, token_file);
    if (status)
        smk_client_close(client);
    return status;
}

void smk_client_close(struct smk_client *client)
{
    curl_easy_cleanup(client->curl);
    smk_target_close(&client->target);
}

/* ---- queries ---------------------------------------------------------------------------------------------- */

void smk_query_begin(struct smk_query *query, const char *path)
{
    query->too_long =
        (size_t)snprintf(query->text, sizeof(query->text), "%s", path) >= sizeof(query->text);
}

void smk_query_add(struct smk_query *query, const char *name, const char *value)
{
    size_t used = strlen(query->text), size = sizeof(query->text);
    if (!value)
        return;
    used += (size_t)snprintf(query->text + used, size - used,
                             "%c%s=", strchr(query->text, '?') ? '&' : '?', name);
    for (; *value && used + 4 < size; value++) {
        unsigned char c = (unsigned char)*value;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     strchr("-_.~,", c);
        used += (size_t)snprintf(query->text + used, size - used, plain ? "%c" : "%%%02X", c);
    }
    query->too_long |= *value != '\0';
}
