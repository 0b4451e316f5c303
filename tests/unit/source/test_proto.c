#include "unit/smk_test.h"

#include <errno.h>

#include "source/proto_machine.h"
#include "stallmark/error.h"
#include "unit/source/proto_checks.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

struct stream {
    const char *bytes;
    size_t len;
    enum smk_proto protocol;
    unsigned requests;
    const char *name; /* of the first */
    bool open;
};

/* clang-format off */
#define STREAM(text, protocol, requests, name, open)                                                             \
    {text, sizeof(text) - 1, SMK_PROTO_##protocol, requests, name, open}
static const struct stream streams[] = {
    STREAM("GET / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP1, 1, "GET /", false),
    STREAM("GET /cart?user=secret HTTP/1.1\r\nHost: a\r\n\r\n", HTTP1, 1, "GET /cart", false),
    STREAM("GET /cart/17/items/9f3c2a1b44 HTTP/1.0\n\n", HTTP1, 1, "GET /cart/:id/items/:id", false),
    STREAM("POST /cart HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /", HTTP1, 1, "POST /cart", false),
    STREAM("POST /cart HTTP/1.1\r\ncontent-LENGTH:\t 27 \r\nA: b\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"
           "GET /y HTTP/1.1\r\n\r\n", HTTP1, 2, "POST /cart", false),
    STREAM("PUT /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nGET /\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n"
           "0\r\nTrailer: x\r\n\r\nDELETE /b HTTP/1.1\r\n\r\n", HTTP1, 2, "PUT /a", false),
    STREAM("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n", HTTP1, 3, "GET /a", false),
    STREAM("GET /a HTTP/1.1\r\n\r\n\r\nGET /b HTTP/1.1\r\n\r\n", HTTP1, 2, "GET /a", false),
    STREAM("GET http://shop.example/cart/7?x#y HTTP/1.1\r\n\r\n", HTTP1, 1, "GET /cart/:id", false),
    STREAM("GET http://shop.example HTTP/1.1\r\n\r\n", HTTP1, 1, "GET /", false),
    STREAM("OPTIONS * HTTP/1.1\r\n\r\n", HTTP1, 1, "OPTIONS *", false),
    STREAM("BREW /pot HTTP/1.1\r\n\r\n", HTTP1, 1, "HTTP", false),
    STREAM("GET /a HTTP/1.1\r\nConnection: close\r\nTransfer: x\r\nContent-Type: y\r\nC\r\nT:\r\n\r\n", HTTP1, 1,
           "GET /a", false),
    STREAM("GET /a HTTP/1.1\r\nHost: a\r\n", HTTP1, 1, "GET /a", true),
    STREAM("GET /a HT", HTTP1, 1, "HTTP", true),
    STREAM("POST /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", HTTP1, 1, "POST /a", false),
    STREAM("POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345", HTTP1, 1, "POST /a", true),

    STREAM("*1\r\n$4\r\nping\r\n", RESP, 1, "PING", false),
    STREAM("*2\r\n$3\r\nGET\r\n$10\r\nsecret:key\r\n", RESP, 1, "GET", false),
    STREAM("*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$1\r\na\r\n", RESP, 1, "CLIENT|SETNAME", false),
    STREAM("*2\r\n$6\r\nconfig\r\n$6\r\nre set\r\n", RESP, 1, "CONFIG", false),
    STREAM("*1\r\n$6\r\nconfig\r\n*1\r\n$4\r\nPING\r\n", RESP, 2, "CONFIG", false),
    STREAM("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$17\r\n*1\r\n$4\r\nPING\r\n...\r\n", RESP, 1, "SET", false),
    STREAM("*2\r\n$9\r\nFT.SEARCH\r\n$0\r\n\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n", RESP, 3, "FT.SEARCH", false),
    STREAM("*2\r\n$5\r\na key\r\n$1\r\nx\r\n", RESP, 1, "RESP", false),
    STREAM("*2\r\n$3\r\nGET\r\n$10\r\nsec", RESP, 1, "GET", true),
    STREAM("*", RESP, 1, "RESP", true),

    STREAM("get key\r\n", MEMCACHED, 1, "get", false),
    STREAM("set key 0 0 5\r\nget k\r\nget other key\r\n", MEMCACHED, 2, "set", false),
    STREAM("set  key  0  0  0 noreply\r\n\r\ncas k 1 2 3 4\r\nabc\r\ngat 5 k\r\n", MEMCACHED, 3, "set", false),
    STREAM("ms key 2 T0\r\nhi\r\nmg key v\r\nmn\r\n", MEMCACHED, 3, "ms", false),
    STREAM("flush_all\r\nverbosity 1\r\ncache_memlimit 5\r\n", MEMCACHED, 3, "flush_all", false),
    STREAM("prepend k 0 0 2", MEMCACHED, 1, "prepend", true),
    STREAM("prepend k 0 0 2\r\n", MEMCACHED, 1, "prepend", true),
};

/* What is none of them, or cannot be followed for certain. */
#define UNKNOWN(text) STREAM(text, UNKNOWN, 0, NULL, false)
static const struct stream unknown[] = {
    UNKNOWN("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),                     /* TLS */
    UNKNOWN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    UNKNOWN("\x80\x00\x00\x03\x00\x00\x00\x00"),                                 /* memcached's binary protocol */
    UNKNOWN("SSH-2.0-OpenSSH_9.2\r\n"),
    UNKNOWN("EHLO mail.example\r\n"),
    UNKNOWN("ehlo mail.example\r\n"),
    UNKNOWN("PING\r\n"),                                                         /* redis, or any of many */
    UNKNOWN("CONNECT host:443 HTTP/1.1\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nTransfer-Encoding: chunk ed\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nContent-Length : 4\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nContent-Length: +4\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nContent-Length: 4 4\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nContent-Length:\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\r\nX: y\r\n Content-Length: 4\r\n\r\n"),
    UNKNOWN("PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n"),
    UNKNOWN("PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"),
    UNKNOWN("PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n"),
    UNKNOWN("GET /a b HTTP/1.1\r\n\r\n"),
    UNKNOWN("GET  HTTP/1.1\r\n\r\n"),
    UNKNOWN("GET /a\x01 HTTP/1.1\r\n\r\n"),
    UNKNOWN("GET /a HTTP/1.1\rX"),
    UNKNOWN("GET /a HTTP/1.1\r\n\r\n\x81\x05hello"),                             /* a websocket's frame */
    UNKNOWN("*0\r\n"), UNKNOWN("*-1\r\n"), UNKNOWN("*\r\n"), UNKNOWN("*2\r\n+OK\r\n"), UNKNOWN("*1048577\r\n"),
    UNKNOWN("*1\r\n$-1\r\n"), UNKNOWN("*1\r\n$4\r\nPINGxx"), UNKNOWN("*1\n$4\r\nPING\r\n"),
    UNKNOWN("*1\r\n$99999999999999\r\n"), UNKNOWN("*1\r\n$4\r\nPING\r\n!\r\n"),
    UNKNOWN("set key 0 0\r\n"), UNKNOWN("set key 0 0 -1\r\n"), UNKNOWN("set key 0 0 5x\r\n"),
    UNKNOWN("reserve\r\n"), UNKNOWN("get\tkey\r\n"), UNKNOWN("set k 0 0 1\r\nabc"),
};
/* clang-format on */

static void test_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(streams); i++) {
        const struct stream *s = &streams[i];
        struct proto_result result = proto_cut((const uint8_t *)s->bytes, s->len, s->len, s->len);
        if (result.state.protocol != s->protocol || result.requests != s->requests || result.open != s->open ||
            strcmp(result.first, s->name) != 0)
            fail_msg("%s\nis %s, %u requests, %s", s->bytes, smk_proto_name(result.state.protocol),
                     (unsigned)result.requests, result.first);
        assert_false(result.named_badly);
    }
}

static void test_unknown(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(unknown); i++) {
        const struct stream *s = &unknown[i];
        struct proto_result result = proto_cut((const uint8_t *)s->bytes, s->len, s->len, s->len);
        if (result.state.protocol != SMK_PROTO_UNKNOWN || result.requests != 0)
            fail_msg("%s\nis %s, %u requests", s->bytes, smk_proto_name(result.state.protocol),
                     (unsigned)result.requests);
        proto_read(&result, "GET / HTTP/1.1\r\n\r\n", 18); /* for ever */
        assert_int_equal(result.state.protocol, SMK_PROTO_UNKNOWN);
        assert_int_equal(result.requests, 0);
    }
}

static void check_cuts(const uint8_t *bytes, size_t len)
{
    struct proto_result whole = proto_cut(bytes, len, len, len);
    for (size_t first = 1; first <= len; first++)
        for (size_t step = 1; step <= len; step += step < 4 ? 1 : len) {
            struct proto_result cut = proto_cut(bytes, len, first, step);
            const char *what = proto_compare(&whole, &cut);
            if (what)
                fail_msg("%.*s\ncut at %zu, then every %zu: %s", (int)len, (const char *)bytes, first, step, what);
        }
}

static void test_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(streams); i++)
        check_cuts((const uint8_t *)streams[i].bytes, streams[i].len);
    for (size_t i = 0; i < SMK_ARRAY_LEN(unknown); i++)
        check_cuts((const uint8_t *)unknown[i].bytes, unknown[i].len);
}

/* A name is whole or none: never that of another route. */
static void test_cut_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(streams); i++)
        for (size_t first = 1; first < streams[i].len; first++) {
            struct proto_result cut = proto_cut((const uint8_t *)streams[i].bytes, streams[i].len, first, 1000);
            bool shorter = strncmp(cut.first, streams[i].name, strlen(cut.first)) == 0 &&
                           streams[i].name[strlen(cut.first)] == '|'; /* CLIENT of CLIENT|SETNAME */
            if (strcmp(cut.first, streams[i].name) != 0 && !shorter &&
                strcmp(cut.first, smk_proto_name(streams[i].protocol)) != 0)
                fail_msg("%s\ncut at %zu is %s", streams[i].bytes, first, cut.first);
        }
}

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/* What the fuzzer does, from fixed seeds: pieces of good streams, joined and damaged. */
static size_t make_stream(uint8_t *out, size_t room, uint64_t *seed)
{
    size_t len = 0;
    unsigned pieces = 1 + random_next(seed) % 4;
    for (unsigned i = 0; i < pieces; i++) {
        const struct stream *s = &streams[random_next(seed) % SMK_ARRAY_LEN(streams)];
        size_t n = random_next(seed) % 4 ? s->len : random_next(seed) % (s->len + 1);
        if (n > room - len)
            break;
        memcpy(out + len, s->bytes, n);
        len += n;
    }
    for (unsigned i = random_next(seed) % 3; i > 0 && len > 0; i--) {
        static const uint8_t likely[] = {'\r', '\n', ' ', ':', '0', '9', '*', '$', 'G', 's', 0, 0xff};
        out[random_next(seed) % len] =
            random_next(seed) % 2 ? likely[random_next(seed) % sizeof likely] : (uint8_t)random_next(seed);
    }
    return len;
}

static void test_damaged(void **state)
{
    uint64_t seed = 0x5eed;
    unsigned known = 0;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[1024];
        size_t len = make_stream(bytes, sizeof bytes, &seed);
        struct proto_result whole = proto_cut(bytes, len, len, len);
        struct proto_result cut = proto_cut(bytes, len, 1 + random_next(&seed) % (len + 1), 1 + random_next(&seed) % 9);
        const char *what = proto_compare(&whole, &cut);
        if (what)
            fail_msg("round %u: %.*s: %s", round, (int)len, (const char *)bytes, what);
        known += whole.state.protocol != SMK_PROTO_UNKNOWN;
    }
    assert_in_range(known, 2000, 18000); /* neither everything nor nothing was tried */
}

/* Of what was read so far much began as something before it did. */
static void test_known(void **state)
{
    (void)state;
    uint64_t times = proto_known.times;
    for (size_t i = 0; i < SMK_ARRAY_LEN(streams); i++)
        check_cuts((const uint8_t *)streams[i].bytes, streams[i].len);
    assert_true(proto_known.times > times + SMK_ARRAY_LEN(streams));
    struct smk_proto_state fresh = {.protocol = SMK_PROTO_MEMCACHED};
    struct smk_proto_head head = {0};
    struct smk_proto_seen seen;
    uint32_t requests;
    smk_proto_read_head(&fresh, "get a\r\n", 7, &seen, &head);
    assert_true(seen.learned);
    assert_false(smk_proto_read_known(&fresh, &head, "gets a\r\n", 8, &requests)); /* is no get */
    assert_true(smk_proto_read_known(&fresh, &head, "get b\r\nset c 0 0 1\r\n1\r\n", 23, &requests));
    assert_int_equal(requests, 2);
    assert_true(smk_proto_read_known(&fresh, &head, "get b\r\n\1", 8, &requests));
    assert_int_equal(fresh.protocol, SMK_PROTO_UNKNOWN);
}

static void test_many_in_one_read(void **state)
{
    enum { SIZE = 14 * (SMK_PROTO_REQUESTS + 1) };
    static uint8_t bytes[SIZE];
    struct proto_result result = {0};
    (void)state;
    for (size_t at = 0; at < SIZE; at += 14)
        memcpy(bytes + at, "*1\r\n$4\r\nPING\r\n", 14);
    proto_read(&result, bytes, SIZE - 14);
    assert_int_equal(result.requests, SMK_PROTO_REQUESTS);
    assert_false(result.open);
    assert_int_equal(proto_read(&result, bytes, SIZE), SMK_PROTO_UNKNOWN); /* one more than is looked at */
}

static void test_paths(void **state)
{
    static const char *const paths[][2] = {
        {"/", "/"},
        {"/cart", "/cart"},
        {"/cart/", "/cart/"},
        {"//a", "//a"},
        {"/cart?id=7", "/cart"},
        {"/cart#top", "/cart"},
        {"/cart/7", "/cart/:id"},
        {"/v1/users/7/orders/00a1b2c3", "/v1/users/:id/orders/:id"},
        {"/x/deadbee", "/x/deadbee"}, /* 7 */
        {"/x/DEADBEEF", "/x/:id"},
        {"/x/123e4567-e89b-12d3-a456-426614174000/y", "/x/:id/y"},
        {"/x/123e4567-e89b-12d3-a456-42661417400g", "/x/:id"}, /* longer than words are */
        {"/day/2026-11-24", "/day/:id"},
        {"/img/12345.png", "/img/:id.png"},
        {"/img/logo.png", "/img/logo.png"},
        {"/3d", "/3d"},
        {"/a;jsessionid=4711/b", "/a/b"},
        {"/a%20b", "/a%20b"},
        {"/caf\xc3\xa9", "/caf%C3%A9"},
        {"/a\"b\\c", "/a%22b%5Cc"},
        {"/1/2/3/4/5/6/7/8", "/:id/:id/:id/:id/:id/:id/:id/:id"},
        {"/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/..."},
        {"/abcdefghijklmnopqrstuvwxyzabcdef", "/abcdefghijklmnopqrstuvwxyzabcdef"},
        {"/abcdefghijklmnopqrstuvwxyzabcdefg", "/:id"},
    };
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(paths); i++) {
        char name[80];
        size_t len = smk_path_name(name, sizeof name - 1, (const uint8_t *)paths[i][0], strlen(paths[i][0]));
        name[len] = '\0';
        assert_string_equal(name, paths[i][1]);
    }
}

static void test_path_without_room(void **state)
{
    static const char path[] = "/abcdefgh/ijklmnop/qrstuvwx/\xff\xff\xff\xff\xff\xff";
    (void)state;
    for (size_t room = 8; room < 80; room++) {
        char name[80];
        memset(name, 'Z', sizeof name);
        size_t len = smk_path_name(name, room, (const uint8_t *)path, sizeof path - 1);
        assert_in_range(len, 4, room);
        for (size_t i = room; i < sizeof name; i++)
            assert_int_equal(name[i], 'Z');
        assert_true(len == 46 || memcmp(name + len - 4, "/...", 4) == 0);
    }
}

static struct smk_proto_answer answer_to(enum smk_proto protocol, const char *text, bool expected)
{
    struct smk_proto_state state = {.protocol = (uint8_t)protocol, .bits = SMK_PROTO_ANSWERED};
    struct smk_proto_answer answer;
    char *copy = malloc(strlen(text)); /* without a NUL */
    memcpy(copy, text, strlen(text));
    assert_int_equal(smk_proto_wrote(&state, copy, strlen(text), &answer), expected);
    free(copy);
    return answer;
}

static void test_answers(void **state)
{
    (void)state;
    assert_int_equal(answer_to(SMK_PROTO_HTTP1, "HTTP/1.1 200 OK\r\n", true).status, 200);
    assert_int_equal(answer_to(SMK_PROTO_HTTP1, "HTTP/1.0 404", true).status, 404);
    assert_true(answer_to(SMK_PROTO_HTTP1, "HTTP/1.1 404 Not Found", true).refused);
    assert_true(answer_to(SMK_PROTO_HTTP1, "HTTP/1.1 503 x", true).failed);
    answer_to(SMK_PROTO_HTTP1, "HTTP/1.1 100 Continue\r\n\r\n", false);
    answer_to(SMK_PROTO_HTTP1, "HTTP/1.1 2", false);
    answer_to(SMK_PROTO_HTTP1, "HTTP/1.1 2x0 OK", false);
    answer_to(SMK_PROTO_HTTP1, "the middle of a body", false);
    assert_int_equal(answer_to(SMK_PROTO_RESP, "+OK\r\n", true).status, 0);
    assert_true(answer_to(SMK_PROTO_RESP, "-OOM command not allowed", true).failed);
    assert_true(answer_to(SMK_PROTO_RESP, "-ERR unknown command 'x'", true).refused);
    answer_to(SMK_PROTO_RESP, "x", false);
    assert_int_equal(answer_to(SMK_PROTO_MEMCACHED, "VALUE k 0 1\r\n", true).status, 0);
    assert_int_equal(answer_to(SMK_PROTO_MEMCACHED, "HD\r\n", true).status, 0);
    assert_int_equal(answer_to(SMK_PROTO_MEMCACHED, "17\r\n", true).status, 0);
    assert_true(answer_to(SMK_PROTO_MEMCACHED, "SERVER_ERROR out of memory", true).failed);
    assert_true(answer_to(SMK_PROTO_MEMCACHED, "ERROR\r\n", true).refused);
    assert_int_equal(answer_to(SMK_PROTO_MEMCACHED, "CLIENT_ERROR bad", true).status, 1);
}

/* The first answer shows whether it was this protocol; in the middle of a later one nothing is shown. */
static void test_answers_prove(void **state)
{
    struct smk_proto_answer answer;
    struct proto_result result = {0};
    (void)state;
    proto_read(&result, BYTES("watch default\r\n")); /* memcached's, and beanstalkd's */
    assert_int_equal(result.state.protocol, SMK_PROTO_MEMCACHED);
    assert_false(smk_proto_wrote(&result.state, "WATCHING 2\r\n", 12, &answer));
    assert_int_equal(result.state.protocol, SMK_PROTO_UNKNOWN);
    result = (struct proto_result){0};
    proto_read(&result, BYTES("get k\r\n"));
    assert_true(smk_proto_wrote(&result.state, "END\r\n", 5, &answer));
    proto_read(&result, BYTES("set k 0 0 1\r\nx\r\n"));
    assert_false(smk_proto_wrote(&result.state, "rest of a value", 15, &answer));
    assert_int_equal(result.state.protocol, SMK_PROTO_MEMCACHED);
    result = (struct proto_result){0};
    proto_read(&result, BYTES("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"));
    assert_false(smk_proto_wrote(&result.state, "HTTP/1.1 101 Switching Protocols\r\n", 34, &answer));
    assert_int_equal(result.state.protocol, SMK_PROTO_UNKNOWN);
}

static void test_names_off(void **state)
{
    struct proto_result result = {0};
    (void)state;
    smk_proto_wanted.names = 0;
    proto_read(&result, BYTES("GET /cart HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"));
    smk_proto_wanted.names = 1;
    assert_int_equal(result.requests, 2);
    assert_string_equal(result.first, "HTTP");
}

/* ---- protocols of the program --------------------------------------------------------------------------- */

static int shop_recognize(void *arg, const void *bytes, size_t size)
{
    (void)arg;
    errno = EIO; /* which no host sees */
    return size >= 4 && memcmp(bytes, "GETS", 4) == 0;
}

/* Lines; the state counts bytes. */
static int shop_read(void *arg, uint64_t *state, const void *bytes, size_t size, char name[SMK_PROTOCOL_NAME_SIZE])
{
    int begun = 0;
    (void)arg;
    *state += size;
    for (size_t i = 0; i < size; i++)
        begun += ((const char *)bytes)[i] == '\n';
    if (size > 100)
        return -1;
    memset(name, 'x', SMK_PROTOCOL_NAME_SIZE); /* without an end, and with a byte that is none of a name */
    name[1] = '\n';
    return begun;
}

static int shop_answer(void *arg, const void *bytes, size_t size, int *status)
{
    (void)arg;
    *status = (int)size;
    return ((const char *)bytes)[0] == '.' ? -1 : ((const char *)bytes)[0] == '!' ? SMK_PROTOCOL_FAILED : 0;
}

static void test_own_protocol(void **state)
{
    smk_protocol shop = {sizeof shop, "shop", shop_recognize, shop_read, shop_answer, NULL};
    struct smk_proto_answer answer;
    struct proto_result result = {0};
    char long_name[64];
    (void)state;
    shop.size--;
    assert_int_equal(smk_protocol_add(&shop), SMK_E_INVALID);
    shop.size++;
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(smk_protocol_add(&(smk_protocol){sizeof shop, long_name, shop_recognize, shop_read, NULL, NULL}),
                     SMK_E_INVALID);
    assert_int_equal(smk_protocol_add(&(smk_protocol){sizeof shop, "shop", NULL, shop_read, NULL, NULL}),
                     SMK_E_INVALID);
    assert_int_equal(smk_protocol_add(NULL), SMK_E_INVALID);
    assert_int_equal(smk_protocol_add(&shop), 0);

    errno = 0;
    assert_int_equal(proto_read(&result, BYTES("GETS a\nGETS b\n")), SMK_PROTO_OWN); /* before HTTP is asked */
    assert_int_equal(errno, 0);
    assert_string_equal(smk_proto_name(SMK_PROTO_OWN), "shop");
    assert_int_equal(result.requests, 2);
    assert_false(result.named_badly);
    assert_int_equal(strlen(result.first), SMK_PROTO_NAME - 1);
    assert_int_equal(result.first[1], '?');
    assert_int_equal(result.state.number, 14);
    assert_false(smk_proto_wrote(&result.state, ".", 1, &answer));
    assert_true(smk_proto_wrote(&result.state, "!no", 3, &answer));
    assert_true(answer.failed);
    assert_int_equal(answer.status, 3);
    char much[101] = {0};
    assert_int_equal(proto_read(&result, much, sizeof much), SMK_PROTO_UNKNOWN);

    result = (struct proto_result){0};
    assert_int_equal(proto_read(&result, BYTES("GET / HTTP/1.1\r\n\r\n")), SMK_PROTO_HTTP1);
    for (int i = 1; i < SMK_PROTOCOLS_MAX; i++)
        assert_int_equal(smk_protocol_add(&shop), 0);
    assert_int_equal(smk_protocol_add(&shop), SMK_E_LIMIT);
    assert_non_null(strstr(smk_last_error(), "8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_cut_names),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_many_in_one_read),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_path_without_room),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_answers_prove),
        cmocka_unit_test(test_names_off),
        cmocka_unit_test(test_own_protocol), /* last: what is added stays */
    };
    return SMK_RUN(tests);
}
