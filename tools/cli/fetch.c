#define _GNU_SOURCE /* renameat2 */

#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "cli.h"

#define TICK_NS   UINT64_C(100000000)
#define ASK_NS    UINT64_C(1000000000)  /* how often a running capture is asked after */
#define LATE_NS   UINT64_C(60000000000) /* so long after its end its file must be whole */
#define ID_SIZE   48
#define PATH_SIZE (ID_SIZE + 32)

/* ---- the file --------------------------------------------------------------------------------------- */

static int open_partial(struct smk_fetch *fetch)
{
    snprintf(fetch->partial, sizeof(fetch->partial), "%s.%d.partial", fetch->path, getpid());
    fetch->fd = open(fetch->partial, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fetch->fd < 0)
        return smk_cli_fail("'%s' cannot be written: %s", fetch->path, strerror(errno));
    return 0;
}

int smk_fetch_prepare(struct smk_fetch *fetch, const char *output)
{
    struct stat st;
    *fetch = (struct smk_fetch){.fd = -1, .replace = output != NULL};
    if (!output) {
        if (access(".", W_OK | X_OK) != 0)
            return smk_cli_fail("the current directory cannot be written to; give a file with -o");
        return 0;
    }
    if (stat(output, &st) == 0 && !S_ISREG(st.st_mode))
        return smk_cli_fail("'%s' is no regular file", output);
    if (!output[0] ||
        (size_t)snprintf(fetch->path, sizeof(fetch->path), "%s", output) >= sizeof(fetch->path))
        return smk_cli_fail("'%s' is no file name", output);
    return open_partial(fetch);
}

static int keep_file(struct smk_fetch *fetch)
{
    int error = 0;
    if (close(fetch->fd) != 0)
        error = errno;
    fetch->fd = -1;
    if (!error && renameat2(AT_FDCWD, fetch->partial, AT_FDCWD, fetch->path,
                            fetch->replace ? 0 : RENAME_NOREPLACE) != 0)
        error = errno;
    if (error) {
        unlink(fetch->partial);
        return smk_cli_fail("'%s' cannot be written: %s", fetch->path, strerror(error));
    }
    return 0;
}

void smk_fetch_end(struct smk_fetch *fetch)
{
    if (fetch->fd < 0)
        return;
    close(fetch->fd);
    unlink(fetch->partial);
    fetch->fd = -1;
}

/* ---- the capture -------------------------------------------------------------------------------------- */

struct wanted {
    struct smk_client *client;
    char id[ID_SIZE];
    const char *path; /* where the agent keeps it; NULL: in memory */
    bool stopped;     /* by our Ctrl-C */
};

/* It becomes part of a path here and there. */
static bool take_id(struct wanted *wanted, const struct smk_reply *reply)
{
    const char *id = json_string_value(json_object_get(reply->json, "id"));
    size_t len = id ? strlen(id) : 0;
    wanted->path = json_string_value(json_object_get(reply->json, "path"));
    if (len == 0 || len >= sizeof(wanted->id) ||
        id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return false;
    memcpy(wanted->id, id, len + 1);
    return true;
}

/* A process that was killed could not rename its file. */
static int lost_agent(const struct wanted *wanted)
{
    char partial[PATH_MAX];
    snprintf(partial, sizeof(partial), "%s.partial", wanted->path ? wanted->path : "");
    if (wanted->path)
        return smk_cli_fail("%s; if the process ended, its capture is in %s", smk_last_error(),
                            access(partial, F_OK) == 0 ? partial : wanted->path);
    return smk_cli_fail("%s", smk_last_error());
}

/* HEAD has no body that would say it. */
static int no_file(const struct wanted *wanted)
{
    return smk_cli_fail("the capture %s left no file%s%s: its disk is full, or it was deleted since", wanted->id,
                        wanted->path ? " at " : "", wanted->path ? wanted->path : "");
}

/* 1: its file is whole; 0: not yet; -1: it will not be, said. */
static int is_whole(const struct wanted *wanted)
{
    char path[PATH_SIZE];
    struct smk_reply reply;
    snprintf(path, sizeof(path), "/debug/traces/%s", wanted->id);
    int result = 1;
    if (smk_client_ask(wanted->client, "HEAD", path, &reply) < 0) {
        lost_agent(wanted);
        result = -1;
    } else if (reply.status == 409 || reply.status == 503) {
        result = 0;
    } else if (reply.status == 404) {
        no_file(wanted);
        result = -1;
    } else if (reply.status != 200) {
        smk_client_fail(&reply);
        result = -1;
    }
    smk_reply_free(&reply);
    return result;
}

static void stop_it(struct wanted *wanted)
{
    struct smk_reply reply;
    wanted->stopped = true;
    if (smk_client_want(wanted->client, "POST", "/debug/trace/stop", &reply) == 0)
        smk_cli_note("stopped; what there is is kept");
    smk_reply_free(&reply);
}

static int wait_until_whole(struct wanted *wanted, uint64_t expected_ns)
{
    uint64_t begin = smk_sys_clock(CLOCK_MONOTONIC), asked = begin;
    for (;;) {
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (smk_interrupts() && !wanted->stopped)
            stop_it(wanted);
        if (smk_interrupts() > 1)
            return smk_cli_fail("given up; the capture stays there as %s", wanted->id);
        if (wanted->stopped || now - begin >= expected_ns || now - asked >= ASK_NS) {
            int whole = is_whole(wanted);
            if (whole != 0)
                return whole > 0 ? 0 : SMK_EXIT_USAGE;
            asked = now;
        }
        if (now - begin > expected_ns && now - begin - expected_ns > LATE_NS)
            return smk_cli_fail("the capture %s does not end; it can be downloaded later",
                                wanted->id);
        smk_cli_progress("capturing", now - begin, expected_ns);
        uint64_t left = now - begin < expected_ns ? expected_ns - (now - begin) : TICK_NS;
        smk_sys_sleep(left < TICK_NS ? left : TICK_NS);
    }
}

static int download(struct smk_fetch *fetch, const struct wanted *wanted)
{
    char path[PATH_SIZE];
    struct smk_reply reply;
    uint64_t bytes;
    snprintf(path, sizeof(path), "/debug/traces/%s", wanted->id);
    int status = 0;
    if (smk_client_download(wanted->client, path, fetch->fd, &reply, &bytes) < 0)
        status = lost_agent(wanted);
    else if (reply.status != 200)
        status = smk_client_fail(&reply);
    smk_reply_free(&reply);
    return status;
}

/* One that ended before its time is shorter than it should be, and says nothing of what came later. */
static void tell_early_end(const struct wanted *wanted)
{
    static const char *const expected[] = {"timer", "stopped", "complete"};
    struct smk_reply reply;
    json_t *capture;
    size_t index;
    if (smk_client_ask(wanted->client, "GET", "/debug/traces", &reply) == 0)
        json_array_foreach(json_object_get(reply.json, "captures"), index, capture)
        {
            const char *id = json_string_value(json_object_get(capture, "id"));
            const char *reason = json_string_value(json_object_get(capture, "reason_ended"));
            bool early = id && reason && strcmp(id, wanted->id) == 0;
            for (size_t i = 0; i < SMK_ARRAY_LEN(expected); i++)
                early = early && strcmp(reason, expected[i]) != 0;
            if (early)
                smk_cli_note("it ended before its time: %s", reason);
        }
    smk_reply_free(&reply);
}

int smk_fetch_capture(struct smk_fetch *fetch, struct smk_client *client,
                      const struct smk_reply *reply, uint64_t expected_ns)
{
    struct wanted wanted = {.client = client};
    if (!take_id(&wanted, reply))
        return smk_cli_fail("the answer names no capture; is it stallmark's agent?");
    if (fetch->fd < 0) {
        snprintf(fetch->path, sizeof(fetch->path), "%s.stall", wanted.id);
        int status = open_partial(fetch);
        if (status)
            return status;
    }
    int status = wait_until_whole(&wanted, expected_ns);
    smk_cli_progress_end();
    if (!status)
        status = download(fetch, &wanted);
    if (!status)
        status = keep_file(fetch);
    if (!status)
        tell_early_end(&wanted);
    return status;
}
