/* Answers that are taken for whole in one look: the machines say the same of each, by the long way. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <string.h>

#include "source/conn_answer.h"

struct answer {
    const char *text;
    enum smk_proto protocol;
    bool at_once;
};

/* clang-format off */
static const struct answer answers[] = {
    {"$3\r\nxxx\r\n", SMK_PROTO_RESP, true},
    {"$0\r\n\r\n", SMK_PROTO_RESP, true},
    {"$3\r\nxxx\r\n$1\r\ny\r\n", SMK_PROTO_RESP, true},
    {"+OK\r\n", SMK_PROTO_RESP, true},
    {":1\r\n", SMK_PROTO_RESP, true},
    {"*1\r\n$1\r\nx\r\n", SMK_PROTO_RESP, true},
    {"$-1\r\n", SMK_PROTO_RESP, false},
    {"$4\r\nxxx\r\n", SMK_PROTO_RESP, false},
    {"$3\r\nxxx\r", SMK_PROTO_RESP, false},
    {"$3\rnxxx\r\n", SMK_PROTO_RESP, false},
    {"$99999999999999999999\r\n", SMK_PROTO_RESP, false},
    {"$4\r\n", SMK_PROTO_RESP, false},
    {"$\r\n\r\n", SMK_PROTO_RESP, false},
    {"+OK\r", SMK_PROTO_RESP, false},
    {"-ERR unknown command\r\n", SMK_PROTO_RESP, false},
    {"-OOM\r\n", SMK_PROTO_RESP, false},
    {"", SMK_PROTO_RESP, false},
    {"VALUE k 0 3\r\nxxx\r\nEND\r\n", SMK_PROTO_MEMCACHED, true},
    {"END\r\n", SMK_PROTO_MEMCACHED, true},
    {"STORED\r\n", SMK_PROTO_MEMCACHED, true},
    {"VALUE k 0 3\r\nxxx\r\n", SMK_PROTO_MEMCACHED, false},
    {"VALUE END\r", SMK_PROTO_MEMCACHED, false},
    {"NOT_STORED\r\n", SMK_PROTO_MEMCACHED, false},
    {"SERVER_ERROR\r\n", SMK_PROTO_MEMCACHED, false},
    {"ERROR\r\n", SMK_PROTO_MEMCACHED, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", SMK_PROTO_HTTP1, false},
    {"+OK\r\n", SMK_PROTO_HTTP1, false},
    {"$3\r\nxxx\r\n", SMK_PROTO_OWN, false},
};
/* clang-format on */

static void test_same_as_the_long_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(answers); i++) {
        size_t len = strlen(answers[i].text);
        char *exact = test_malloc(len ? len : 1); /* a sanitizer sees what is read behind it */
        memcpy(exact, answers[i].text, len);
        struct iovec piece = {exact, len};
        struct smk_bytes bytes = {&piece, 1, len};
        struct smk_proto_state quick = {.protocol = (uint8_t)answers[i].protocol}, slow = quick;
        assert_int_equal(smk_answer_at_once(&quick, &bytes, true), answers[i].at_once);
        if (answers[i].at_once) {
            struct smk_proto_answer how;
            struct smk_conn_answer whole;
            assert_true(smk_proto_wrote(&slow, exact, len, &how));
            assert_false(how.failed || how.refused || how.status);
            smk_answer_begin(&whole, answers[i].protocol, &bytes, 0, false, true);
            assert_true(smk_answer_is_whole(&whole));
        }
        assert_memory_equal(&quick, &slow, sizeof quick);
        test_free(exact);
    }
}

static void test_not_in_one_piece(void **state)
{
    (void)state;
    char text[] = "+OK\r\n";
    struct iovec pieces[] = {{text, 3}, {text + 3, 2}};
    struct smk_bytes cut = {pieces, 2, 5}, unknown = {NULL, 0, 5};
    struct smk_bytes one = {&(struct iovec){text, 5}, 1, 5};
    struct smk_proto_state resp = {.protocol = SMK_PROTO_RESP};
    assert_false(smk_answer_at_once(&resp, &cut, true));
    assert_false(smk_answer_at_once(&resp, &unknown, true));
    assert_false(smk_answer_at_once(&resp, &one, false)); /* more is to be written */
    assert_true(smk_answer_at_once(&resp, &one, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_the_long_way),
        cmocka_unit_test(test_not_in_one_piece),
    };
    return SMK_RUN(tests);
}
