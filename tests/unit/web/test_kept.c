/* Answers that take long are made once, whoever asks meanwhile waits for them, and what they may take is bounded. */
#include "unit/smk_test.h"

#include <unistd.h>

#include "kept.h"

static struct smk_web_kept kept;
static unsigned made;       /* atomic */
static unsigned begun, may_end; /* atomic */

static void make(void *arg, const char *query, struct smk_web_reply *reply)
{
    __atomic_fetch_add(&made, 1, __ATOMIC_SEQ_CST);
    if (strcmp(query, "bad") == 0) {
        smk_web_refuse(reply, 404, "no");
        return;
    }
    while (arg && !__atomic_load_n(&may_end, __ATOMIC_SEQ_CST)) {
        __atomic_store_n(&begun, 1, __ATOMIC_SEQ_CST);
        usleep(1000);
    }
    smk_web_put(reply, query, strlen(query));
    reply->status = 200;
}

static void expect(const char *query, int status, const char *body)
{
    struct smk_web_reply reply;
    smk_web_reply_init(&reply);
    smk_web_kept_answer(&kept, query, &reply, make, NULL, query);
    assert_int_equal(reply.status, status);
    if (body)
        assert_string_equal(reply.data, body);
    smk_web_reply_free(&reply);
}

static int begin(void **state)
{
    (void)state;
    smk_web_kept_init(&kept);
    made = begun = may_end = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    smk_web_kept_free(&kept);
    return 0;
}

static void once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        expect("a", 200, "a");
    assert_int_equal(made, 1);
    for (int i = 0; i < 2; i++)
        expect("bad", 404, NULL); /* a refusal is not kept */
    assert_int_equal(made, 3);
}

static void the_last_ones_stay(void **state)
{
    char query[16];
    (void)state;
    for (unsigned i = 0; i < SMK_WEB_KEPT_ANSWERS; i++) {
        snprintf(query, sizeof(query), "%u", i);
        expect(query, 200, query);
    }
    expect("0", 200, "0");
    assert_int_equal(made, SMK_WEB_KEPT_ANSWERS);
    expect("one more", 200, "one more"); /* in the place of "1" */
    expect("0", 200, "0");
    assert_int_equal(made, SMK_WEB_KEPT_ANSWERS + 1);
    expect("1", 200, "1");
    assert_int_equal(made, SMK_WEB_KEPT_ANSWERS + 2);
}

static void large_ones_give_way(void **state)
{
    size_t len = SMK_WEB_KEPT_BYTES / 3;
    char *large = malloc(len + 1);
    struct smk_web_reply reply;
    (void)state;
    assert_non_null(large);
    memset(large, 'x', len);
    large[len] = '\0';
    for (int i = 0; i < 5; i++) {
        smk_web_reply_init(&reply);
        smk_web_kept_answer(&kept, (const char *[]){"a", "b", "c", "d", "e"}[i], &reply, make, NULL, large);
        assert_int_equal(reply.len, len);
        smk_web_reply_free(&reply);
        assert_true(kept.bytes <= SMK_WEB_KEPT_BYTES);
    }
    assert_int_equal(made, 5);
    free(large);
}

static void *ask_slowly(void *arg)
{
    struct smk_web_reply reply;
    smk_web_reply_init(&reply);
    smk_web_kept_answer(&kept, "slow", &reply, make, &kept, "slow");
    *(int *)arg = reply.status;
    smk_web_reply_free(&reply);
    return NULL;
}

static unsigned waiting_now(void)
{
    pthread_mutex_lock(&kept.lock);
    unsigned waiting = kept.waiting;
    pthread_mutex_unlock(&kept.lock);
    return waiting;
}

static void several_wait_for_one(void **state)
{
    pthread_t threads[SMK_WEB_KEPT_WAITING];
    int status[SMK_WEB_KEPT_WAITING];
    (void)state;
    for (unsigned i = 0; i < SMK_WEB_KEPT_WAITING; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_slowly, &status[i]), 0);
    while (waiting_now() < SMK_WEB_KEPT_WAITING || !__atomic_load_n(&begun, __ATOMIC_SEQ_CST))
        usleep(1000);
    expect("another", 503, NULL); /* workers are left for what is quick */
    __atomic_store_n(&may_end, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < SMK_WEB_KEPT_WAITING; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(status[i], 200);
    }
    assert_int_equal(made, 1);
    expect("another", 200, "another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(once, begin, end),
        cmocka_unit_test_setup_teardown(the_last_ones_stay, begin, end),
        cmocka_unit_test_setup_teardown(large_ones_give_way, begin, end),
        cmocka_unit_test_setup_teardown(several_wait_for_one, begin, end),
    };
    return SMK_RUN(tests);
}
