/* proto.c: which protocol a connection speaks, and the protocols that the program added. */
#include "source/proto.h"

#include <errno.h>
#include <string.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "core/thread.h"
#include "source/proto_machine.h"

#define OWN_NAME_MAX 32

struct smk_proto_wanted smk_proto_wanted = {1, 1};

/* A place is taken, then filled in, then published: in order, so that readers look at the first `count`. */
static struct {
    uint32_t taken, count; /* atomic */
    struct {
        smk_protocol calls;
        char name[OWN_NAME_MAX + 1];
    } added[SMK_PROTOCOLS_MAX];
} own;

SMK_EXPORT int smk_protocol_add(const smk_protocol *protocol)
{
    if (!protocol || protocol->size != sizeof *protocol)
        return smk_fail(SMK_E_INVALID, "protocol: its size is not that of this version's smk_protocol");
    size_t len = protocol->name ? strnlen(protocol->name, OWN_NAME_MAX + 1) : 0;
    if (len == 0 || len > OWN_NAME_MAX)
        return smk_fail(SMK_E_INVALID, "protocol: a name has 1 to %d bytes", OWN_NAME_MAX);
    if (!protocol->recognize || !protocol->read)
        return smk_fail(SMK_E_INVALID, "protocol %s: recognize and read are needed", protocol->name);
    uint32_t at = smk_load_relaxed(&own.taken);
    do {
        if (at >= SMK_PROTOCOLS_MAX)
            return smk_fail(SMK_E_LIMIT, "there are %d protocols already", SMK_PROTOCOLS_MAX);
    } while (!smk_cas_relaxed(&own.taken, &at, at + 1));
    own.added[at].calls = *protocol;
    memcpy(own.added[at].name, protocol->name, len);
    while (smk_load_acquire(&own.count) != at) /* pairs with: another who adds one, a few instructions long */
        smk_cpu_pause();
    smk_store_release(&own.count, at + 1); /* pairs with: recognize */
    return 0;
}

const char *smk_proto_name(enum smk_proto protocol)
{
    static const char *const names[] = {"none", "HTTP", "RESP", "memcached", "unknown"};
    if ((unsigned)protocol < SMK_ARRAY_LEN(names))
        return names[protocol];
    unsigned at = (unsigned)protocol - SMK_PROTO_OWN;
    return at < SMK_PROTOCOLS_MAX ? own.added[at].name : "unknown";
}

/* ---- the program's own ---------------------------------------------------------------------------------- */

/* Calls of the program's are not to be seen while they run for us. */
struct aside {
    int error;
    uint8_t quiet;
};

static struct aside step_aside(void)
{
    struct aside aside = {errno, smk_tls.quiet};
    smk_tls.quiet = 1;
    return aside;
}

static void step_back(struct aside aside)
{
    smk_tls.quiet = aside.quiet;
    errno = aside.error;
}

static SMK_COLD enum smk_proto recognize_own(uint32_t count, const void *bytes, size_t len)
{
    enum smk_proto protocol = SMK_PROTO_NONE;
    struct aside aside = step_aside();
    for (uint32_t i = 0; i < count && protocol == SMK_PROTO_NONE; i++)
        if (own.added[i].calls.recognize(own.added[i].calls.arg, bytes, len) > 0)
            protocol = SMK_PROTO_OWN + i;
    step_back(aside);
    return protocol;
}

/* The name is the program's, and may come from its peers all the same. */
static void check_name(struct smk_proto_seen *seen)
{
    seen->name[SMK_PROTO_NAME - 1] = '\0';
    seen->name_len = (uint8_t)strlen(seen->name);
    for (unsigned i = 0; i < seen->name_len; i++)
        if (seen->name[i] < ' ' || seen->name[i] > '~')
            seen->name[i] = '?';
}

static SMK_NOINLINE bool read_own(struct smk_proto_state *state, const void *bytes, size_t len,
                                  struct smk_proto_seen *seen)
{
    const smk_protocol *calls = &own.added[state->protocol - SMK_PROTO_OWN].calls;
    struct aside aside = step_aside();
    int begun = calls->read(calls->arg, &state->number, bytes, len, seen->name);
    step_back(aside);
    if (begun < 0)
        return false;
    seen->requests = (uint32_t)begun;
    check_name(seen);
    return true;
}

static SMK_NOINLINE enum smk_proto_reply reply_own(const struct smk_proto_state *state, const void *bytes,
                                                   size_t len, struct smk_proto_answer *answer)
{
    const smk_protocol *calls = &own.added[state->protocol - SMK_PROTO_OWN].calls;
    if (!calls->answer)
        return SMK_REPLY_NOT_YET;
    int status = 0;
    struct aside aside = step_aside();
    int how = calls->answer(calls->arg, bytes, len, &status);
    step_back(aside);
    if (how < 0)
        return SMK_REPLY_NOT_YET;
    *answer = (struct smk_proto_answer){status, how == SMK_PROTOCOL_FAILED, how == SMK_PROTOCOL_REFUSED};
    return SMK_REPLY_DONE;
}

/* ---- reads ---------------------------------------------------------------------------------------------- */

/* By the first byte: each machine finds out itself when it was taken for another. */
static enum smk_proto recognize(const uint8_t *bytes, size_t len)
{
    uint32_t count = smk_load_acquire(&own.count); /* pairs with: smk_protocol_add */
    if (SMK_UNLIKELY(count > 0)) {
        enum smk_proto protocol = recognize_own(count, bytes, len);
        if (protocol != SMK_PROTO_NONE)
            return protocol;
    }
    if (bytes[0] == '*')
        return SMK_PROTO_RESP;
    if (smk_is_upper(bytes[0]))
        return SMK_PROTO_HTTP1;
    return smk_is_lower(bytes[0]) ? SMK_PROTO_MEMCACHED : SMK_PROTO_UNKNOWN;
}

SMK_INLINE bool run(struct smk_proto_reader *r)
{
    switch (r->state->protocol) {
    case SMK_PROTO_HTTP1:
        return smk_http1_read(r);
    case SMK_PROTO_RESP:
        return smk_resp_read(r);
    case SMK_PROTO_MEMCACHED:
        return smk_memcached_read(r);
    default:
        return read_own(r->state, r->p, (size_t)(r->end - r->p), r->seen);
    }
}

static bool run_from(struct smk_proto_state *state, const uint8_t *bytes, size_t len, struct smk_proto_seen *seen,
                     struct smk_proto_head *head)
{
    struct smk_proto_reader r = {.state = state,
                                 .seen = seen,
                                 .p = bytes,
                                 .end = bytes + len,
                                 .names = smk_load_relaxed(&smk_proto_wanted.names),
                                 .bytes = bytes,
                                 .head = state->phase == 0 ? head : NULL};
    return run(&r);
}

static void name_by_protocol(struct smk_proto_seen *seen, enum smk_proto protocol)
{
    const char *name = smk_proto_name(protocol);
    seen->name_len = (uint8_t)strlen(name);
    memcpy(seen->name, name, seen->name_len);
}

enum smk_proto smk_proto_read_head(struct smk_proto_state *state, const void *bytes, size_t len,
                                   struct smk_proto_seen *seen, struct smk_proto_head *head)
{
    seen->requests = 0;
    seen->open = seen->learned = false;
    seen->name_len = 0;
    seen->name[0] = '\0';
    if (len == 0 || state->protocol == SMK_PROTO_UNKNOWN)
        return state->protocol;
    if (state->protocol == SMK_PROTO_NONE)
        state->protocol = (uint8_t)recognize(bytes, len);
    if (state->protocol == SMK_PROTO_UNKNOWN || !run_from(state, bytes, len, seen, head)) {
        state->protocol = SMK_PROTO_UNKNOWN;
        seen->requests = 0;
        seen->name_len = 0;
    }
    seen->open = state->protocol < SMK_PROTO_UNKNOWN && state->phase != 0;
    if (seen->requests > 0 && (seen->name_len == 0 || !smk_load_relaxed(&smk_proto_wanted.names)))
        name_by_protocol(seen, state->protocol);
    seen->name[seen->name_len] = '\0';
    return state->protocol;
}

enum smk_proto smk_proto_read(struct smk_proto_state *state, const void *bytes, size_t len,
                              struct smk_proto_seen *seen)
{
    return smk_proto_read_head(state, bytes, len, seen, NULL);
}

SMK_INLINE bool same_word(const uint8_t *a, const uint8_t *b)
{
    uint64_t x, y;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    return x == y;
}

/* By words, of which the last overlaps the one before. */
SMK_INLINE bool begins_with(const uint8_t *bytes, const struct smk_proto_head *head)
{
    size_t i = 0, len = head->len;
    if (len >= 8) {
        for (; i + 8 < len; i += 8)
            if (!same_word(bytes + i, head->bytes + i))
                return false;
        return same_word(bytes + len - 8, head->bytes + len - 8);
    }
    for (; i < len; i++)
        if (bytes[i] != head->bytes[i])
            return false;
    return true;
}

/* From the state behind a head on. How many requests begin, of which the first did before. */
static SMK_NOINLINE uint32_t go_on(struct smk_proto_state *state, const uint8_t *p, const uint8_t *end)
{
    struct smk_proto_seen seen;
    seen.requests = 1; /* the first has its name: none is put into `seen` */
    struct smk_proto_reader r = {.state = state, .seen = &seen, .p = p, .end = end};
    if (SMK_LIKELY(run(&r)))
        return seen.requests;
    state->protocol = SMK_PROTO_UNKNOWN;
    return 0;
}

SMK_HOT bool smk_proto_read_known(struct smk_proto_state *state, const struct smk_proto_head *head, const void *bytes,
                                  size_t len, uint32_t *requests)
{
    if (head->len == 0 || state->phase != 0 || len < head->len || state->protocol != head->behind.protocol ||
        !begins_with(bytes, head))
        return false;
    const uint8_t *p = (const uint8_t *)bytes + head->len, *end = (const uint8_t *)bytes + len;
    uint8_t answered = state->bits & SMK_PROTO_ANSWERED;
    *state = head->behind;
    state->bits |= answered;
    bool rest = state->protocol == SMK_PROTO_RESP && smk_resp_read_rest(state, p, end);
    *requests = rest ? 1 : go_on(state, p, end);
    return true;
}

/* ---- answers -------------------------------------------------------------------------------------------- */

bool smk_proto_wrote(struct smk_proto_state *state, const void *bytes, size_t len,
                     struct smk_proto_answer *answer)
{
    enum smk_proto_reply reply = SMK_REPLY_NOT_YET;
    *answer = (struct smk_proto_answer){0};
    if (state->protocol == SMK_PROTO_HTTP1)
        reply = smk_http1_reply(bytes, len, answer);
    else if (state->protocol == SMK_PROTO_RESP)
        reply = smk_resp_reply(bytes, len, answer);
    else if (state->protocol == SMK_PROTO_MEMCACHED)
        reply = smk_memcached_reply(bytes, len, answer);
    else if (state->protocol >= SMK_PROTO_OWN)
        reply = reply_own(state, bytes, len, answer);
    /* The first answer proves the protocol; later ones may begin in the middle of one. */
    if (reply == SMK_REPLY_SWITCHED || (reply == SMK_REPLY_FOREIGN && !(state->bits & SMK_PROTO_ANSWERED)))
        state->protocol = SMK_PROTO_UNKNOWN;
    if (reply == SMK_REPLY_DONE)
        state->bits |= SMK_PROTO_ANSWERED;
    return reply == SMK_REPLY_DONE;
}
