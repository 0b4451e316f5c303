#include "core/ended.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/init.h"
#include "unit/smk_test.h"

static void note(uint64_t id, uint64_t end, uint64_t ticks)
{
    const struct smk_ended ended = {.id = id, .end = end, .ticks = ticks, .route = (uint32_t)id, .tid = 7};
    smk_ended_note(&ended);
}

static int begin(void **state)
{
    (void)state;
    smk_clock_init(false);
    smk_clock_calibrate();
    smk_ended_reset_in_child();
    return 0;
}

static void test_slowest(void **state)
{
    struct smk_ended list[SMK_ENDED_SLOWEST];
    (void)state;
    assert_int_equal(smk_ended_slowest(list), 0);
    for (uint64_t i = 1; i <= 1000; i++)
        note(i, i, i * 7919 % 1009); /* each length once, in no order */
    assert_int_equal(smk_ended_slowest(list), SMK_ENDED_SLOWEST);
    for (uint32_t i = 1; i < SMK_ENDED_SLOWEST; i++)
        assert_true(list[i - 1].ticks > list[i].ticks);
    uint64_t longer = 0;
    for (uint64_t i = 1; i <= 1000; i++)
        longer += i * 7919 % 1009 >= list[SMK_ENDED_SLOWEST - 1].ticks;
    assert_int_equal(longer, SMK_ENDED_SLOWEST);
    assert_int_equal(smk_ended_bounds.least, list[SMK_ENDED_SLOWEST - 1].ticks);
    note(5000, 5000, list[SMK_ENDED_SLOWEST - 1].ticks); /* no slower than the least */
    smk_ended_slowest(list);
    for (uint32_t i = 0; i < SMK_ENDED_SLOWEST; i++)
        assert_int_not_equal(list[i].id, 5000);
}

/* One a gap, the latest first. */
static void test_recent(void **state)
{
    struct smk_ended list[SMK_ENDED_RECENT];
    uint64_t gap = smk_ns_to_ticks(SMK_ENDED_GAP_NS), at = UINT64_C(1) << 40;
    (void)state;
    for (uint64_t i = 0; i < 10 * 200; i++)
        note(i + 1, at + i * gap / 10, 0);
    assert_int_equal(smk_ended_recent(list), SMK_ENDED_RECENT);
    assert_int_equal(list[0].tid, 7);
    for (uint32_t i = 1; i < SMK_ENDED_RECENT; i++) {
        assert_true(list[i - 1].end - list[i].end >= gap);
        assert_true(list[i - 1].end - list[i].end <= gap + gap / 5);
        assert_int_equal(list[i].route, list[i].id);
    }
}

enum { WRITERS = 3, ROUNDS = 20000 };
static uint32_t stop;

/* All fields say the same. */
static void *write_many(void *arg)
{
    uint64_t seed = (uint64_t)(uintptr_t)arg;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        uint64_t id = seed * ROUNDS + i;
        const struct smk_ended ended = {.id = id, .end = id, .ticks = id, .route = (uint32_t)id, .tid = (uint32_t)id,
                                        .status = (uint32_t)id, .more = (uint32_t)id};
        smk_ended_note(&ended);
    }
    smk_add_relaxed(&stop, 1);
    return NULL;
}

static void check(const struct smk_ended *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(list[i].end, list[i].id);
        assert_int_equal(list[i].ticks, list[i].id);
        assert_int_equal(list[i].more, (uint32_t)list[i].id);
        assert_int_equal(list[i].route, (uint32_t)list[i].id);
    }
}

static void test_read_while_written(void **state)
{
    struct smk_ended list[SMK_ENDED_RECENT];
    pthread_t threads[WRITERS];
    (void)state;
    for (uintptr_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, (void *)i), 0);
    do {
        check(list, smk_ended_slowest(list));
        check(list, smk_ended_recent(list));
    } while (smk_load_relaxed(&stop) < WRITERS);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
}

/* A fork's child has served nobody yet, whatever its parent was at. */
static void test_a_childs_list_is_empty(void **state)
{
    struct smk_ended list[SMK_ENDED_SLOWEST];
    int status = 0;
    (void)state;
    note(1, 1, 1000);
    assert_int_equal(smk_ended_slowest(list), 1);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        smk_core_after_fork_in_child();
        uint32_t before = smk_ended_slowest(list);
        note(2, 2, 1);
        _exit(before == 0 && smk_ended_slowest(list) == 1 && list[0].id == 2 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_slowest, begin),
        cmocka_unit_test_setup(test_recent, begin),
        cmocka_unit_test_setup(test_read_while_written, begin),
        cmocka_unit_test_setup(test_a_childs_list_is_empty, begin),
    };
    return SMK_RUN(tests);
}
