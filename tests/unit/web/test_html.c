/* What an exported page is made of: base64, answers within a bound; and trees of stacks. */
#include "unit/smk_test.h"

#include "flame.h"
#include "html_answers.h"

static void base64(void **state)
{
    static const char *const cases[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
                                           {"\xff\xfe\xfd", "//79"}};
    char text[32];
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) { /* RFC 4648 */
        smk_web_base64(text, (const uint8_t *)cases[i][0], strlen(cases[i][0]));
        assert_string_equal(text, cases[i][1]);
    }
}

static void answers_stay_in_their_bound(void **state)
{
    struct smk_web_answers answers = {.max = 1000};
    char noise[2000];
    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i * i * 2654435761u >> 7);
    assert_true(smk_web_answers_add(&answers, "/api/a", "aaaa", 4));
    uint64_t one = answers.used;
    assert_false(smk_web_answers_add(&answers, "/api/noise", noise, sizeof(noise)));
    assert_false(answers.no_memory);
    assert_int_equal(answers.used, one);
    assert_int_equal(strncmp(answers.array[0].text, "H4sI", 4), 0); /* gzip */
    unsigned more = 0;
    while (smk_web_answers_add(&answers, "/api/b", "bbbb", 4))
        more++;
    assert_true(more > 5 && answers.used <= 1000);
    smk_web_answers_cut(&answers, 1);
    assert_int_equal(answers.used, one);
    smk_web_answers_free(&answers);
}

/* Without a trace: what was waited for alone. */
static void trees(void **state)
{
    struct smk_mem mem;
    struct smk_flame flame;
    struct smk_exporter exporter = {.trace = NULL};
    struct smk_web_reply reply;
    struct smk_json_text json;
    uint64_t thinned;
    (void)state;
    smk_mem_init(&mem, NULL, NULL, 0);
    assert_true(smk_flame_init(&flame, &mem));
    smk_flame_add(&flame, 0, "small", 1, 1);
    smk_flame_add(&flame, 0, "cart_lock", 1, 2000);
    smk_flame_add(&flame, 0, "fdatasync", 5, 5000);
    smk_flame_add(&flame, 0, "cart_lock", 1, 1000);
    smk_flame_fold(&flame, &exporter);
    smk_web_reply_init(&reply);
    smk_web_begin(&reply, &json);
    smk_flame_put(&flame, &json, &thinned);
    smk_web_end(&reply, &json);
    char *disk = strstr(reply.data, "\"fdatasync\""), *lock = strstr(reply.data, "\"cart_lock\"");
    assert_true(disk && lock && disk < lock); /* most first */
    assert_non_null(strstr(lock, "\"ns\": 3000"));
    assert_non_null(strstr(lock, "\"count\": 2"));
    assert_non_null(strstr(reply.data, "\"ns\": 8001"));
    assert_null(strstr(reply.data, "\"small\""));
    assert_int_equal(thinned, 1);
    smk_web_reply_free(&reply);
    smk_flame_free(&flame);
    assert_int_equal(mem.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64),
        cmocka_unit_test(answers_stay_in_their_bound),
        cmocka_unit_test(trees),
    };
    return SMK_RUN(tests);
}
