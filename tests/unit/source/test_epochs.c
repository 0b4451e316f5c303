/* From when on an address is another lock. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <threads.h>

#include "core/limits.h"
#include "core/locknames.h"
#include "core/stats.h"
#include "source/epochs.h"
#include "stallmark/abi.h"
#include "unit/source/waits.h"

/* The epochs that began since then at that address; the last one's reason in *why. */
static int epochs_of(uint64_t since, const void *lock, uint32_t *why)
{
    int count = 0;
    read_records(since);
    for (int i = 0; i < record_count; i++)
        if (records[i].event == SMK_EV_LOCK_EPOCH && records[i].args[0] == (uintptr_t)lock) {
            count++;
            *why = records[i].first;
        }
    return count;
}

static void check_one(uint64_t since, const void *lock, uint32_t wanted)
{
    uint32_t why = 0;
    assert_int_equal(epochs_of(since, lock, &why), 1);
    assert_int_equal(why, wanted);
}

static void take(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
}

/* Somebody waits for it. */
static void contend(pthread_mutex_t *lock)
{
    struct doing doing = {.what = take, .arg = lock};
    pthread_mutex_lock(lock);
    begin_doing(&doing);
    see_waiting(doing.tid);
    pthread_mutex_unlock(lock);
    end_doing(&doing);
}

static void test_init_and_destroy(void **state)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    uint32_t why;
    (void)state;
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    pthread_mutex_init(&lock, NULL);
    pthread_mutex_destroy(&lock);
    assert_int_equal(epochs_of(since, &lock, &why), 0); /* nobody ever waited for it */
    pthread_mutex_init(&lock, NULL);
    contend(&lock);
    contend(&lock);
    since = smk_ticks();
    pthread_mutex_destroy(&lock);
    check_one(since, &lock, SMK_EPOCH_DESTROY);
    pthread_mutex_init(&lock, NULL);
    check_one(since, &lock, SMK_EPOCH_DESTROY); /* it is a new one since then */
    contend(&lock);
    since = smk_ticks();
    pthread_mutex_init(&lock, NULL); /* of one that was not destroyed */
    check_one(since, &lock, SMK_EPOCH_INIT);
    disarm();
}

/* Waited for, as far as the table is concerned. */
#define CHECK_PAIR(object, begin, end)                                                             \
    do {                                                                                           \
        uint64_t since = smk_ticks();                                                              \
        smk_epoch_note((uintptr_t)(object));                                                       \
        begin;                                                                                     \
        check_one(since, (object), SMK_EPOCH_INIT);                                                \
        since = smk_ticks();                                                                       \
        smk_epoch_note((uintptr_t)(object));                                                       \
        end;                                                                                       \
        check_one(since, (object), SMK_EPOCH_DESTROY);                                             \
    } while (0)

static void test_all_kinds(void **state)
{
    pthread_rwlock_t rwlock;
    pthread_cond_t cond;
    sem_t sem;
    mtx_t mtx;
    (void)state;
    arm(SMK_CAT_LOCK);
    CHECK_PAIR(&rwlock, pthread_rwlock_init(&rwlock, NULL), pthread_rwlock_destroy(&rwlock));
    CHECK_PAIR(&cond, pthread_cond_init(&cond, NULL), pthread_cond_destroy(&cond));
    CHECK_PAIR(&sem, sem_init(&sem, 0, 1), sem_destroy(&sem));
    CHECK_PAIR(&mtx, mtx_init(&mtx, mtx_plain), mtx_destroy(&mtx));
    disarm();
}

struct object {
    char before[1000];
    pthread_mutex_t first, second;
    char behind[200000];
};

static void test_free_of_its_block(void **state)
{
    (void)state;
#if SMK_TSAN || SMK_ASAN
    skip();
#endif
    arm(SMK_CAT_LOCK);
    struct object *volatile object = malloc(sizeof *object), *volatile other = malloc(5000);
    memset(object, 0, sizeof *object);
    contend(&object->first);
    contend(&object->second);
    uint64_t since = smk_ticks();
    uint32_t why;
    free(other);
    assert_int_equal(epochs_of(since, &object->first, &why), 0);
    free(object);
    check_one(since, &object->first, SMK_EPOCH_FREE);
    check_one(since, &object->second, SMK_EPOCH_FREE);
    disarm();
}

static void test_unmapped(void **state)
{
    (void)state;
#if SMK_TSAN
    skip();
#endif
    arm(SMK_CAT_LOCK);
    size_t bytes = 64 << 20;
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    pthread_mutex_t *near = (pthread_mutex_t *)(at + 128), *far = (pthread_mutex_t *)(at + bytes - 4096);
    contend(near);
    contend(far);
    uint64_t since = smk_ticks();
    munmap(at, 4096);
    uint32_t why;
    check_one(since, near, SMK_EPOCH_UNMAP);
    assert_int_equal(epochs_of(since, far, &why), 0);
    munmap(at + 4096, bytes - 4096);
    check_one(since, far, SMK_EPOCH_UNMAP);
    disarm();
}

struct naming {
    uint64_t address;
    bool found;
};

static bool is_named(uint64_t address, uint32_t name, void *arg)
{
    struct naming *naming = arg;
    (void)name;
    naming->found |= address == naming->address;
    return true;
}

static bool has_name(const void *lock)
{
    struct naming naming = {(uintptr_t)lock, false};
    smk_locknames_each(is_named, &naming);
    return naming.found;
}

/* Nobody ever waited for it, and nothing is armed. */
static void test_a_name_ends_with_its_lock(void **state)
{
    pthread_mutex_t lock;
    (void)state;
    pthread_mutex_init(&lock, NULL);
    smk_abi_lock_name(&lock, "cart");
    assert_true(has_name(&lock));
    pthread_mutex_destroy(&lock);
    assert_false(has_name(&lock));
    smk_abi_lock_name(&lock, "shop");
    assert_true(has_name(&lock));
    pthread_mutex_init(&lock, NULL);
    assert_false(has_name(&lock));
}

/* However many there are, what is counted near a place goes back to nothing. */
static void test_bounded(void **state)
{
    uint64_t base = UINT64_C(1) << 40, before = smk_stats.lock_epochs_full, used = smk_stats.lock_epochs;
    (void)state;
    for (uint64_t i = 0; i < 2 * SMK_EPOCH_PLACES; i++)
        smk_epoch_note(base + i * 192);
    assert_true(smk_stats.lock_epochs_full > before);
    assert_in_range(smk_stats.lock_epochs, SMK_EPOCH_PLACES / 2, SMK_EPOCH_PLACES);
    assert_true(smk_epoch_is_near(base));
    smk_epoch_end_range(base, 2 * SMK_EPOCH_PLACES * 192, SMK_EPOCH_UNMAP);
    for (uint64_t i = 0; i < 2 * SMK_EPOCH_PLACES; i++)
        assert_false(smk_epoch_is_near(base + i * 192));
    assert_int_equal(smk_stats.lock_epochs, used);
    before = smk_stats.lock_epochs_full;
    smk_store_relaxed(&smk_limits.lock_epochs, (uint32_t)used + 10);
    for (uint64_t i = 0; i < 30; i++)
        smk_epoch_note(base + i * 192);
    assert_int_equal(smk_stats.lock_epochs, used + 10);
    assert_int_equal(smk_stats.lock_epochs_full, before + 20);
    smk_epoch_end_range(base, 30 * 192, SMK_EPOCH_UNMAP);
    assert_int_equal(smk_stats.lock_epochs, used);
    smk_store_relaxed(&smk_limits.lock_epochs, SMK_LOCK_EPOCHS_MAX);
    for (uint32_t i = 0; i < 100; i++) {
        smk_epoch_note(base);
        smk_epoch_end(base, SMK_EPOCH_INIT);
    }
    assert_false(smk_epoch_is_near(base));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_and_destroy), cmocka_unit_test(test_all_kinds),
        cmocka_unit_test(test_free_of_its_block), cmocka_unit_test(test_unmapped),
        cmocka_unit_test(test_a_name_ends_with_its_lock), cmocka_unit_test(test_bounded),
    };
    return SMK_RUN(tests);
}
