/* What the fronts share: how slow a client may be, the headers of every answer. */
#include "unit/smk_test.h"

#include "front.h"

#define SECOND UINT64_C(1000000000)

static void a_client_that_takes_nothing_is_cut_after_the_stall(void **state)
{
    struct smk_pace pace;
    (void)state;
    smk_pace_begin(&pace, 20 * SECOND);
    for (int i = 0; i < 19; i++)
        assert_true(smk_pace_goes_on(&pace, 0, SECOND));
    assert_false(smk_pace_goes_on(&pace, 0, SECOND));
}

static void one_byte_now_and_then_does_not_help(void **state)
{
    struct smk_pace pace;
    int seconds = 0;
    (void)state;
    smk_pace_begin(&pace, 20 * SECOND);
    while (seconds < 1000 && smk_pace_goes_on(&pace, 1, SECOND))
        seconds++;
    assert_int_equal(seconds, 19);
}

static void a_slow_one_that_goes_on_is_not_cut(void **state)
{
    struct smk_pace pace;
    (void)state;
    smk_pace_begin(&pace, 20 * SECOND);
    for (int i = 0; i < 10000; i++)
        assert_true(smk_pace_goes_on(&pace, SMK_PACE_LEAST, SECOND));
}

static void one_that_was_fast_once_has_no_credit(void **state)
{
    struct smk_pace pace;
    int seconds = 0;
    (void)state;
    smk_pace_begin(&pace, 20 * SECOND);
    assert_true(smk_pace_goes_on(&pace, UINT64_C(1) << 40, SECOND));
    while (seconds < 1000 && smk_pace_goes_on(&pace, 0, SECOND))
        seconds++;
    assert_in_range(seconds, 20, 40);
}

static void time_in_which_it_was_not_waited_for_is_not_counted(void **state)
{
    struct smk_pace pace;
    (void)state;
    smk_pace_begin(&pace, 20 * SECOND);
    for (int i = 0; i < 1000; i++)
        assert_true(smk_pace_goes_on(&pace, 100, 0));
}

/* ---- headers --------------------------------------------------------------------------------------- */

static char headers[2048];

static void put(void *arg, const char *name, const char *value)
{
    (void)arg;
    size_t used = strlen(headers);
    snprintf(headers + used, sizeof(headers) - used, "%s: %s\n", name, value);
}

static void every_answer_has_them(void **state)
{
    struct smk_answer answer = {.status = 200};
    (void)state;
    headers[0] = '\0';
    smk_answer_header(&answer, "ETag", "\"a\"");
    smk_front_headers(&answer, put, NULL);
    assert_non_null(strstr(headers, "ETag: \"a\"\n"));
    assert_non_null(strstr(headers, "Cache-Control: no-store\n"));
    assert_non_null(strstr(headers, "X-Content-Type-Options: nosniff\n"));
    assert_non_null(strstr(headers, "Content-Security-Policy: default-src 'none'"));
    assert_non_null(strstr(headers, "Connection: close\n"));
    assert_null(strstr(headers, "Access-Control"));
}

static void an_answers_own_come_first(void **state)
{
    struct smk_answer answer = {.status = 200};
    (void)state;
    headers[0] = '\0';
    smk_answer_header(&answer, "content-security-policy", "script-src 'self'");
    smk_front_headers(&answer, put, NULL);
    assert_non_null(strstr(headers, "script-src 'self'"));
    assert_null(strstr(headers, "default-src"));
}

static void busy_says_when_to_come_again(void **state)
{
    struct smk_answer answer;
    (void)state;
    smk_front_busy(&answer, "full");
    assert_int_equal(answer.status, 503);
    headers[0] = '\0';
    smk_front_headers(&answer, put, NULL);
    assert_non_null(strstr(headers, "Retry-After: 1\n"));
    smk_answer_clear(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_takes_nothing_is_cut_after_the_stall),
        cmocka_unit_test(one_byte_now_and_then_does_not_help),
        cmocka_unit_test(a_slow_one_that_goes_on_is_not_cut),
        cmocka_unit_test(one_that_was_fast_once_has_no_credit),
        cmocka_unit_test(time_in_which_it_was_not_waited_for_is_not_counted),
        cmocka_unit_test(every_answer_has_them),
        cmocka_unit_test(an_answers_own_come_first),
        cmocka_unit_test(busy_says_when_to_come_again),
    };
    return SMK_RUN(tests);
}
