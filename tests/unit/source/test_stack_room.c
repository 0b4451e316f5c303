/* How much of a host thread's stack a recorded wait takes: coroutines and small threads have 8 KiB. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "source/fd.h"
#include "unit/source/records.h"

#define STACK     (256u * 1024)
#define PAINT     0xa5
#define ROOM_MOST 3072u

static uint8_t *stack;
static int event;

static void *write_later(void *arg)
{
    uint64_t one = 1;
    (void)arg;
    usleep(5000);
    return write(event, &one, sizeof one) == sizeof one ? NULL : (void *)1;
}

/* Its own frames are above what is painted: the rest of the stack, from a little below them on. The first rounds
 * are for the loader, which binds what is called for the first time, on the same stack. */
static void *wait_on_paint(void *arg)
{
    uint64_t count;
    pthread_t writer;
    volatile uint8_t here = 0;
    size_t painted = (size_t)((uintptr_t)&here - (uintptr_t)stack) - 1024;
    for (int round = 0; round < 3; round++) {
        pthread_create(&writer, NULL, write_later, NULL);
        smk_fd_forget(event); /* to be named anew */
        for (size_t i = 0; i < painted; i++)
            ((volatile uint8_t *)stack)[i] = PAINT;
        if (read(event, &count, sizeof count) != sizeof count)
            return NULL;
        size_t lowest = 0;
        while (lowest < painted && stack[lowest] == PAINT)
            lowest++;
        *(size_t *)arg = painted + 1024 - lowest;
        pthread_join(writer, NULL);
    }
    return arg;
}

static void test_a_wait_takes_little_stack(void **state)
{
    pthread_attr_t attr;
    pthread_t thread;
    size_t taken = 0;
    void *result = NULL;
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || SMK_TSAN
    skip(); /* their frames are larger */
#endif
    event = eventfd(0, 0);
    assert_true(event >= 0);
    assert_int_equal(posix_memalign((void **)&stack, 4096, STACK), 0);
    arm(SMK_CAT_NET);
    uint64_t since = smk_ticks();
    pthread_attr_init(&attr);
    assert_int_equal(pthread_attr_setstack(&attr, stack, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attr, wait_on_paint, &taken), 0);
    pthread_join(thread, &result);
    pthread_attr_destroy(&attr);
    assert_ptr_equal(result, &taken);
    read_records(since);
    assert_true(record_count > 0);
    disarm();
    print_message("%zu bytes\n", taken);
    assert_in_range(taken, 1, ROOM_MOST);
    free(stack);
    close(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wait_takes_little_stack),
    };
    return SMK_RUN(tests);
}
