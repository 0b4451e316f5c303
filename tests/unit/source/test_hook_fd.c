#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "core/fds.h"
#include "core/thread.h"

/* By a call of our own, which no wrapper sees. */
static bool is_open(int fd)
{
    struct stat st;
    return smk_sys_fstat(fd, &st) == 0;
}

static int open_ours(void)
{
    int fd = smk_fd_keep(smk_sys_open("/dev/null", O_RDONLY, 0));
    assert_true(smk_fd_is_ours(fd));
    return fd;
}

#define REFUSES(call)                                                                              \
    do {                                                                                           \
        errno = 0;                                                                                 \
        assert_int_equal((call), -1);                                                              \
        assert_int_equal(errno, EBADF);                                                            \
        assert_true(is_open(ours));                                                                \
    } while (0)

static void test_one_of_ours_is_not_open(void **state)
{
    (void)state;
    int ours = open_ours(), theirs = open("/dev/null", O_RDONLY);
    REFUSES(close(ours));
    REFUSES(dup2(ours, theirs));
    REFUSES(dup2(theirs, ours));
    REFUSES(dup3(ours, theirs, 0));
    REFUSES(dup3(theirs, ours, O_CLOEXEC));
    REFUSES(syscall(SYS_close, ours));
    REFUSES(syscall(SYS_dup3, theirs, ours, 0));
#ifdef SYS_dup2
    REFUSES(syscall(SYS_dup2, theirs, ours));
#endif
    assert_true(is_open(theirs));
    assert_int_equal(close(theirs), 0);
    smk_fd_close(ours);
    errno = 0;
    assert_int_equal(close(ours), -1); /* and now it really is not */
    assert_int_equal(errno, EBADF);
}

static void test_a_thread_of_ours_closes_it(void **state)
{
    (void)state;
    int ours = open_ours();
    smk_tls.quiet = 1;
    assert_int_equal(close(ours), 0);
    smk_tls.quiet = 0;
    assert_false(is_open(ours));
    assert_false(smk_fd_is_ours(ours));
}

static void test_pairs_of_ours_lie_in_the_range(void **state)
{
    (void)state;
    int theirs[2], ours[2];
    assert_int_equal(pipe2(theirs, O_CLOEXEC), 0);
    assert_false(smk_fd_is_ours(theirs[0]) || smk_fd_is_ours(theirs[1]));
    smk_tls.quiet = 1;
    assert_int_equal(pipe2(ours, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(fcntl(ours[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_true(smk_fd_is_ours(ours[0]) && smk_fd_is_ours(ours[1]));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(close(ours[i]), 0);
        assert_int_equal(close(theirs[i]), 0);
    }
    smk_tls.quiet = 0;
}

/* A host that closes one and opens another gets the same number, as POSIX says, whatever we have open meanwhile. */
static void test_the_lowest_is_the_hosts(void **state)
{
    (void)state;
    int kept = open_ours(), lowest = open("/dev/null", O_RDONLY);
    assert_int_equal(close(lowest), 0);
    int ours[] = {smk_sys_open("/dev/null", O_RDONLY, 0), smk_sys_memfd(), smk_sys_eventfd(),
                  smk_sys_socket(AF_UNIX, SOCK_STREAM)};
    int theirs = open("/dev/null", O_RDONLY);
    assert_int_equal(theirs, lowest);
    for (unsigned i = 0; i < SMK_ARRAY_LEN(ours); i++) {
        assert_true(ours[i] >= (int)smk_load_relaxed(&smk_fds_first));
        assert_true(is_open(ours[i]));
        assert_int_equal(smk_fd_keep(ours[i]), ours[i]);
        assert_true(smk_fd_is_ours(ours[i]));
        smk_fd_close(ours[i]);
    }
    assert_int_equal(close(theirs), 0);
    smk_fd_close(kept);
}

/* Descriptors of the host below, between and above ours. */
struct scene {
    int ours[2], theirs[3];
};

static void make_scene(struct scene *scene)
{
    scene->ours[0] = open_ours();
    scene->theirs[1] = fcntl(0, F_DUPFD, scene->ours[0] + 1);
    scene->ours[1] = open_ours();
    scene->theirs[0] = fcntl(0, F_DUPFD, scene->ours[0] - 1);
    scene->theirs[2] = fcntl(0, F_DUPFD, scene->ours[1] + 1);
    assert_true(scene->theirs[0] < scene->ours[0] && scene->theirs[1] < scene->ours[1]);
}

static void check_scene(struct scene *scene)
{
    for (int i = 0; i < 2; i++) {
        assert_true(is_open(scene->ours[i]));
        smk_fd_close(scene->ours[i]);
    }
    for (int i = 0; i < 3; i++)
        assert_false(is_open(scene->theirs[i]));
}

static void test_ranges_go_around(void **state)
{
    struct scene scene;
    (void)state;
    make_scene(&scene);
    assert_int_equal(close_range((unsigned)scene.theirs[0], ~0u, 0), 0);
    check_scene(&scene);

    make_scene(&scene);
    assert_int_equal(syscall(SYS_close_range, (unsigned)scene.theirs[0], ~0u, 0), 0);
    check_scene(&scene);

    make_scene(&scene);
    errno = 4711;
    closefrom(scene.theirs[0]);
    assert_int_equal(errno, 4711);
    check_scene(&scene);

    make_scene(&scene);
    assert_int_equal(close_range((unsigned)scene.ours[0], (unsigned)scene.ours[0], 0), 0);
    assert_true(is_open(scene.ours[0]));
    assert_int_equal(close_range((unsigned)scene.theirs[0], ~0u, CLOSE_RANGE_CLOEXEC), 0);
    assert_true(is_open(scene.theirs[2]) && fcntl(scene.theirs[2], F_GETFD) == FD_CLOEXEC);
    assert_int_equal(close_range(9, 8, 0), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(close_range((unsigned)scene.theirs[0], ~0u, 0x4000), -1); /* no such flag */
    assert_int_equal(errno, EINVAL);
    closefrom(scene.theirs[0]);
    check_scene(&scene);
}

static void test_syscall_takes_six_arguments(void **state)
{
    (void)state;
    int ours = open_ours(); /* the path that looks at them */
    int fd = open("/proc/self/exe", O_RDONLY);
    const long page = 4096;
    unsigned char there[4], expected[4];
    assert_int_equal(pread(fd, expected, 4, page), 4);
    void *map = (void *)syscall(SYS_mmap, NULL, page, PROT_READ, MAP_PRIVATE, fd, page);
    assert_ptr_not_equal(map, (void *)-1);
    memcpy(there, map, 4);
    assert_memory_equal(there, expected, 4);
    assert_int_equal(syscall(SYS_munmap, map, page), 0);
    errno = 0;
    assert_int_equal(syscall(100000), -1);
    assert_int_equal(errno, ENOSYS);
    close(fd);
    smk_fd_close(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_of_ours_is_not_open),
        cmocka_unit_test(test_a_thread_of_ours_closes_it),
        cmocka_unit_test(test_pairs_of_ours_lie_in_the_range),
        cmocka_unit_test(test_the_lowest_is_the_hosts),
        cmocka_unit_test(test_ranges_go_around),
        cmocka_unit_test(test_syscall_takes_six_arguments),
    };
    return SMK_RUN(tests);
}
