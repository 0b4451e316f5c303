/* What the writer sees of memory: major faults of threads, figures of the process. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "core/intern.h"
#include "source/faults.h"
#include "source/process_look.h"
#include "unit/source/sched_test.h"

#define PAGES 50

/* A file whose pages are not in memory; its mapping. NULL: this file system keeps them. */
static volatile char *cold_pages(void)
{
    char path[] = "test_memory_look.XXXXXX", page[4096];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    memset(page, 7, sizeof page);
    for (int i = 0; i < PAGES; i++)
        assert_int_equal(write(fd, page, sizeof page), sizeof page);
    assert_int_equal(fdatasync(fd), 0);
    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    char *at = mmap(NULL, PAGES * sizeof page, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    madvise(at, PAGES * sizeof page, MADV_RANDOM);
    close(fd);
    return at;
}

static void test_major_faults(void **state)
{
    struct smk_usage before, after;
    struct smk_sched_status status;
    (void)state;
    look_begins(SMK_CAT_MEMORY);
    smk_sched_status(&status);
    print_message("major faults: %s\n", status.faults);
    volatile char *at = cold_pages();
    uint64_t lost = smk_faults_stats.lost;
    assert_int_equal(smk_sys_usage(true, &before), 0);
    for (int i = 0; i < PAGES; i++)
        assert_int_equal(at[i * 4096], 7);
    assert_int_equal(smk_sys_usage(true, &after), 0);
    collect(SMK_CAT_MEMORY, smk_ticks());
    uint64_t wanted = after.major_faults - before.major_faults, inside = 0;
    if (smk_faults_try())
        skip(); /* no perf here */
    for (uint32_t i = 0; i < seen_count; i++) {
        if (seen[i].event != SMK_EV_MAJOR_FAULT || seen[i].args[0] - (uintptr_t)at >= PAGES * 4096)
            continue;
        inside++;
        assert_true(seen[i].first > 0); /* with a stack */
    }
    print_message("%u faults, %u seen, %u lost\n", (unsigned)wanted, (unsigned)inside,
                  (unsigned)(smk_faults_stats.lost - lost));
    assert_int_equal(inside + smk_faults_stats.lost - lost, wanted);
    collect(0, 0);
}

static int64_t figure(const char *name, bool last)
{
    int64_t value = -1;
    for (uint32_t i = 0; i < seen_count; i++) {
        uint32_t len;
        const char *text = smk_intern_get(&smk_strings, seen[i].first, &len);
        if (seen[i].event == SMK_EV_PROCESS_COUNTER && text && len == strlen(name) && !memcmp(text, name, len) &&
            (value < 0 || last))
            value = (int64_t)seen[i].args[0];
    }
    return value;
}

static void test_figures(void **state)
{
    size_t bytes = 16 << 20;
    (void)state;
    look_begins(SMK_CAT_OTHER);
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    madvise(at, bytes, MADV_NOHUGEPAGE);
    memset(at, 1, bytes);
    look_for(SMK_CAT_OTHER, 250);
    collect(SMK_CAT_OTHER, smk_ticks());
    assert_true(figure("threads", true) >= 1);
    assert_true(figure("rss_bytes", true) - figure("rss_bytes", false) > (int64_t)bytes * 9 / 10);
    assert_true(figure("minor_faults", true) - figure("minor_faults", false) >= (int64_t)(bytes / 65536));
    assert_true(figure("user_us", true) >= figure("user_us", false));
    for (uint32_t i = 0; i < seen_count; i++) /* of what was asked for, and no more */
        assert_true(seen[i].event == SMK_EV_PROCESS_COUNTER || seen[i].event == SMK_EV_SCHED_SOURCE);
    collect(0, 0);
}

static void test_forbidden(void **state)
{
    struct smk_process_figures figures;
    struct smk_usage usage;
    (void)state;
    smk_sys_usage_forget();
    assert_int_equal(smk_sys_usage(true, &usage), -ENOSYS);
    smk_process_figures(&figures);
    assert_false(figures.usage_known);
    assert_true(figures.rss_bytes > 0);
    smk_sys_usage_retry();
    smk_process_figures(&figures);
    assert_true(figures.usage_known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_major_faults),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_forbidden),
    };
    return SMK_RUN(tests);
}
