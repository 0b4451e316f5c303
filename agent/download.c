/* download.c: files of captures over HTTP: whole, in part, one segment, while they grow; and deleting. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
#include "core/fds.h"
#include "download.h"
#include "gate.h"
#include "heap.h"
#include "log.h"
#include "range.h"
#include "routes.h"
#include "store.h"

const struct smk_parameter smk_download_parameters[] = {
    {"wait", "1: a capture that is recording is sent as it grows"},
    {"ticket", "in place of a token, once: out of the answer to POST /debug/traces/ID/ticket"},
    {NULL, NULL},
};

/* ---- a body out of segments ------------------------------------------------------------------------------------ */

/* Segments one behind the other, from byte `at` of them all, `left` bytes. Front's thread. */
struct joined {
    struct smk_directory *directory; /* NULL: in memory */
    struct smk_tape *memory;
    struct smk_pin *pin;
    char id[SMK_CAPTURE_ID_SIZE];
    bool rotates;
    int fd; /* of segment `number`; -1: not open */
    uint32_t number;
    uint64_t at;   /* in that segment */
    uint64_t left; /* of the answer */
    uint32_t count;
    struct smk_stored_segment segments[];
};

static void joined_close(void *arg)
{
    struct joined *joined = arg;
    smk_fd_close(joined->fd);
    smk_store_unpin(joined->pin);
    smk_tape_release(joined->memory);
    smk_directory_release(joined->directory);
    smk_heap_free(joined);
}

static int joined_open(struct joined *joined)
{
    char name[SMK_FILE_NAME_MAX];
    struct stat st;
    const struct smk_stored_segment *segment = &joined->segments[joined->number];
    smk_store_name(joined->id, joined->rotates, segment, name);
    int fd = smk_sys_openat(joined->directory->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    if (smk_sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size < segment->bytes) {
        smk_sys_close(fd);
        return -EIO;
    }
    joined->fd = smk_fd_keep(fd);
    return 0;
}

static ssize_t read_file(struct joined *joined, void *data, size_t size)
{
    while (joined->number < joined->count && joined->at >= joined->segments[joined->number].bytes) {
        joined->at -= joined->segments[joined->number++].bytes;
        smk_fd_close(joined->fd);
        joined->fd = -1;
    }
    if (joined->number == joined->count)
        return -EIO;
    int rc = joined->fd < 0 ? joined_open(joined) : 0;
    if (rc < 0)
        return rc == -EAGAIN ? -EIO : rc;
    size_t n = smk_min_u64(size, joined->segments[joined->number].bytes - joined->at);
    ssize_t got = smk_sys_pread(joined->fd, data, n, joined->at);
    return got > 0 ? got : -EIO;
}

static ssize_t joined_read(void *arg, void *data, size_t size)
{
    struct joined *joined = arg;
    size = smk_min_u64(size, joined->left);
    if (size == 0)
        return 0;
    ssize_t n = joined->memory ? (ssize_t)smk_tape_read_memory(joined->memory, joined->at, data, size)
                               : read_file(joined, data, size);
    if (n <= 0)
        return n < 0 ? n : -EIO;
    joined->at += (uint64_t)n;
    joined->left -= (uint64_t)n;
    return n;
}

/* The first file is opened at once: what is deleted from now on is sent all the same. */
static struct joined *joined_new(const struct smk_stored *stored, uint64_t from, uint64_t len)
{
    size_t segments = stored->memory ? 0 : stored->count * sizeof *stored->segments;
    struct joined *joined = smk_heap_zalloc(sizeof *joined + segments);
    if (!joined)
        return NULL;
    joined->fd = -1;
    joined->rotates = stored->rotates;
    joined->at = from;
    joined->left = len;
    memcpy(joined->id, stored->id, sizeof joined->id);
    if (stored->memory) {
        joined->memory = smk_tape_hold(stored->memory);
        return joined;
    }
    joined->count = stored->count;
    memcpy(joined->segments, stored->segments, segments);
    joined->directory = smk_directory_hold(smk_store_directory());
    joined->pin = smk_store_pin(stored->id);
    while (joined->number + 1 < joined->count && joined->at >= joined->segments[joined->number].bytes)
        joined->at -= joined->segments[joined->number++].bytes;
    if (joined_open(joined) == 0)
        return joined;
    joined_close(joined);
    return NULL;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

/* A quoted tag as the client got it from us, or "*". */
static bool has_tag(const char *header, const char *tag)
{
    return header && (strcmp(header, "*") == 0 || strstr(header, tag) != NULL);
}

static void answer_part(struct smk_answer *answer, enum smk_range range, uint64_t from, uint64_t len, uint64_t size)
{
    answer->status = range == SMK_RANGE_PART ? 206 : 200;
    if (range == SMK_RANGE_PART)
        smk_answer_header(answer, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)from,
                          (unsigned long long)(from + len - 1), (unsigned long long)size);
}

/* `stored` may be a copy with one segment; `name` is what the client's file is called. */
static void answer_file(struct smk_exchange *exchange, const struct smk_stored *stored, const char *name)
{
    struct smk_answer *answer = &exchange->answer;
    const struct smk_request_headers *headers = &exchange->request.headers;
    char tag[100];
    uint64_t from = 0, len = stored->bytes;
    snprintf(tag, sizeof tag, "\"%.60s-%llu\"", name, (unsigned long long)stored->bytes);
    if (has_tag(headers->if_none_match, tag)) {
        answer->status = 304;
        smk_answer_header(answer, "ETag", "%s", tag);
        return;
    }
    bool ranges = exchange->request.method == SMK_METHOD_GET &&
                  (!headers->if_range || strcmp(headers->if_range, tag) == 0);
    enum smk_range range = smk_range_parse(ranges ? headers->range : NULL, stored->bytes, &from, &len);
    if (range == SMK_RANGE_NONE) {
        smk_answer_header(answer, "Content-Range", "bytes */%llu", (unsigned long long)stored->bytes);
        smk_answer_problem(answer, 416, "range not satisfiable", "the file has %llu bytes",
                           (unsigned long long)stored->bytes);
        return;
    }
    struct joined *joined = joined_new(stored, from, len);
    if (!joined) {
        smk_answer_failure(answer, smk_fail(SMK_E_NOTFOUND, "capture %s is not there any more", stored->id));
        return;
    }
    answer_part(answer, range, from, len, stored->bytes);
    answer->slow = true;
    answer->body =
        (struct smk_body){.length = (int64_t)len, .read = joined_read, .close = joined_close, .arg = joined};
    smk_answer_header(answer, "Content-Type", "application/octet-stream");
    smk_answer_header(answer, "Content-Disposition", "attachment; filename=\"%s.stall\"", name);
    smk_answer_header(answer, "Accept-Ranges", "bytes");
    smk_answer_header(answer, "ETag", "%s", tag);
}

static void answer_absent(struct smk_answer *answer, const char *id)
{
    smk_answer_failure(answer, smk_fail(SMK_E_NOTFOUND, "no capture %s; GET /debug/traces lists what there is", id));
}

const struct smk_stored *smk_download_find(struct smk_exchange *exchange, const char *id)
{
    const struct smk_stored *stored = smk_store_find(id);
    if (!stored) {
        answer_absent(&exchange->answer, id);
        return NULL;
    }
    if (stored->state != SMK_STORED_ELSEWHERE)
        return stored;
    smk_answer_header(&exchange->answer, "Retry-After", "5");
    smk_answer_problem(&exchange->answer, 409, "still recording", "another process is writing %s", id);
    return NULL;
}

/* ---- the routes ------------------------------------------------------------------------------------------------ */

static void download(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    bool wait = false;
    struct smk_running *running = smk_captures_find(match->id);
    int rc = smk_query_flag(&match->query, "wait", &wait);
    if (rc < 0) {
        smk_answer_failure(&exchange->answer, rc);
    } else if (running && wait && exchange->request.method == SMK_METHOD_GET) {
        smk_captures_stream(&exchange->answer, running);
    } else if (running) {
        smk_captures_answer_recording(&exchange->answer, running);
    } else {
        const struct smk_stored *stored = smk_download_find(exchange, match->id);
        if (stored)
            answer_file(exchange, stored, stored->id);
    }
}

void smk_handle_download(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    download(exchange, match);
    smk_exchange_answer(exchange);
}

/* Segment N of what lies in the directory: of a capture that records, the closed ones. */
static void segment(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    char name[80];
    struct smk_running *running = smk_captures_find(match->id);
    const struct smk_stored *stored = smk_store_find(match->id);
    const struct smk_stored_segment *found = NULL;
    for (uint32_t i = 0; stored && stored->segments && i < stored->count; i++)
        if (stored->segments[i].number == match->number)
            found = &stored->segments[i];
    bool memory = stored && stored->memory && match->number == 0;
    if (running && (!found || found->partial) && (!stored || match->number >= stored->last)) {
        smk_captures_answer_recording(&exchange->answer, running);
        return;
    }
    if (!found && !memory) {
        smk_answer_failure(&exchange->answer, smk_fail(SMK_E_NOTFOUND, "capture %s has no segment %llu here", match->id,
                                                       (unsigned long long)match->number));
        return;
    }
    struct smk_stored one = *stored;
    if (found) {
        one.segments = (struct smk_stored_segment *)found;
        one.count = 1;
        one.bytes = found->bytes;
    }
    snprintf(name, sizeof name, "%s.%llu", match->id, (unsigned long long)match->number);
    answer_file(exchange, &one, name);
}

void smk_handle_segment(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    segment(exchange, match);
    smk_exchange_answer(exchange);
}

static void ticket(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_answer *answer = &exchange->answer;
    char key[SMK_TICKET_SIZE];
    if (!smk_captures_find(match->id) && !smk_download_find(exchange, match->id))
        return;
    int rc = smk_gate_ticket(match->id, key);
    if (rc < 0) {
        smk_answer_failure(answer, rc);
        return;
    }
    char *text = smk_heap_printf("{\"id\":\"%s\",\"ticket\":\"%s\",\"download\":\"/debug/traces/%s?ticket=%s\","
                                 "\"lasts_ns\":%llu}\n",
                                 match->id, key, match->id, key, (unsigned long long)SMK_TICKET_NS);
    smk_answer_memory(answer, 200, "application/json", text, text ? strlen(text) : 0);
    explicit_bzero(key, sizeof key);
}

void smk_handle_ticket(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    ticket(exchange, match);
    smk_exchange_answer(exchange);
}

void smk_handle_delete(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_answer *answer = &exchange->answer;
    struct smk_running *running = smk_captures_find(match->id);
    const char *peer = exchange->request.peer ? exchange->request.peer : "";
    int rc = running ? SMK_E_BUSY : smk_store_delete(match->id);
    if (running) {
        smk_captures_answer_recording(answer, running);
    } else if (rc < 0) {
        smk_answer_failure(answer, rc);
    } else {
        char *text = smk_heap_printf("{\"id\":\"%s\",\"state\":\"deleted\"}\n", match->id);
        smk_answer_memory(answer, 200, "application/json", text, text ? strlen(text) : 0);
    }
    smk_agent_audit(peer, "delete", match->id, answer->status);
    smk_exchange_answer(exchange);
}
