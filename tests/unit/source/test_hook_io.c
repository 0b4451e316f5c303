#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "unit/smk_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

#include "core/cost.h"
#include "source/fd.h"
#include "source/seen.h"
#include "unit/source/links.h"

#define CATEGORIES (SMK_CAT_NET | SMK_CAT_DISK)

static char directory[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/smk-test-io-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int clean_up(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static const char *in_directory(const char *name)
{
    static char path[8][128];
    static int turn;
    turn = (turn + 1) % 8;
    snprintf(path[turn], sizeof path[turn], "%s/%s", directory, name);
    return path[turn];
}

/* ---- results are libc's ------------------------------------------------------------------------------------ */

struct answers {
    int64_t code[64];
    int count;
};

static void note(struct answers *answers, int64_t result)
{
    assert_true(answers->count < 64);
    answers->code[answers->count++] = result * 65536 + errno;
    errno = 4711;
}

#define ASK(a, name, ...) note(a, (int64_t)(ours ? name(__VA_ARGS__) : smk_real.name(__VA_ARGS__)))

static void ask_files(struct answers *a, bool ours)
{
    char buf[16] = "0123456789";
    struct iovec pieces[2] = {{buf, 4}, {buf + 4, 4}};
    void *volatile away = (void *)(uintptr_t)16; /* so that the compiler does not know it */
    void *nowhere = away;
    struct stat st;
    int available = 0;
    char path[128];
    strcpy(path, in_directory("file"));
    ASK(a, open, path, O_RDWR, 0);            /* ENOENT */
    ASK(a, open, nowhere, O_RDONLY, 0);       /* EFAULT */
    int fd = ours ? open(path, O_RDWR | O_CREAT, 0640) : smk_real.open(path, O_RDWR | O_CREAT, 0640);
    errno = 4711;
    ASK(a, write, fd, buf, 10);
    ASK(a, writev, fd, pieces, 2);
    ASK(a, pwrite, fd, buf, 4, 100);
    ASK(a, pread64, fd, buf, 4, 100);
    ASK(a, preadv, fd, pieces, 2, 0);
    ASK(a, pwritev2, fd, pieces, 2, 8, 0);
    ASK(a, preadv2, fd, pieces, 1, 0, 0x40000000); /* EOPNOTSUPP */
    ASK(a, read, fd, buf, 16);
    ASK(a, read, fd, nowhere, 4);             /* EFAULT */
    ASK(a, read, -1, buf, 4);                 /* EBADF */
    ASK(a, ftruncate, fd, 5);
    ASK(a, ftruncate64, fd, -1);              /* EINVAL */
    ASK(a, fsync, fd);
    ASK(a, fdatasync, -1);
    ASK(a, posix_fallocate, fd, 0, 100);
    ASK(a, posix_fallocate, -1, 0, 100);      /* a code, and no errno */
    ASK(a, flock, fd, LOCK_EX);
    ASK(a, lockf, fd, F_TLOCK, 0);
    ASK(a, fcntl, fd, F_GETFL, 0);
    ASK(a, fcntl, -1, F_SETLKW, (long)(uintptr_t)&st);
    ASK(a, ioctl, fd, FIONREAD, (long)(uintptr_t)&available);
    note(a, available);
    ASK(a, ioctl, -1, FIONREAD, (long)(uintptr_t)&available);
    ASK(a, stat, path, &st);
    note(a, st.st_mode);
    ASK(a, lstat, in_directory("none"), &st);
    ASK(a, access, path, R_OK);
    ASK(a, rename, path, in_directory("other"));
    ASK(a, unlink, in_directory("none"));
    ASK(a, unlink, in_directory("other"));
    ASK(a, mkdir, in_directory("dir"), 0700);
    ASK(a, rmdir, in_directory("dir"));
    ASK(a, close, fd);
    ASK(a, close, fd);
}

static void ask_sockets(struct answers *a, bool ours)
{
    char buf[16] = "abc";
    struct iovec piece = {buf, 3};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(1)};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    errno = 4711;
    ASK(a, send, pair[0], buf, 3, 0);
    ASK(a, sendmsg, pair[0], &message, MSG_DONTWAIT);
    ASK(a, recv, pair[1], buf, 3, 0);
    ASK(a, recvmsg, pair[1], &message, 0);
    ASK(a, recvfrom, pair[1], buf, 3, MSG_DONTWAIT, NULL, NULL); /* EAGAIN */
    ASK(a, sendto, pair[0], buf, 3, 0, NULL, 0);
    ASK(a, accept, pair[0], NULL, NULL);                         /* EINVAL */
    ASK(a, recv, -1, buf, 3, 0);
    close(pair[0]);
    ASK(a, send, pair[1], buf, 3, MSG_NOSIGNAL);                 /* EPIPE */
    close(pair[1]);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    errno = 4711;
    ASK(a, connect, fd, (struct sockaddr *)&nobody, sizeof nobody); /* ECONNREFUSED */
    close(fd);
}

static void test_results_are_libcs(void **state)
{
    struct answers expected = {.count = 0}, got = {.count = 0};
    (void)state;
    arm(CATEGORIES);
    ask_files(&expected, false);
    ask_sockets(&expected, false);
    ask_files(&got, true);
    ask_sockets(&got, true);
    disarm();
    assert_int_equal(got.count, expected.count);
    for (int i = 0; i < got.count; i++)
        if (got.code[i] != expected.code[i])
            fail_msg("answer %d is %lld/%lld and was %lld/%lld", i, (long long)got.code[i] / 65536,
                     (long long)got.code[i] & 0xffff, (long long)expected.code[i] / 65536,
                     (long long)expected.code[i] & 0xffff);
}

/* ---- what waits is seen ------------------------------------------------------------------------------------- */

struct reading {
    int fd;
    ssize_t result;
    char buf[16];
};

static void read_once(void *arg)
{
    struct reading *reading = arg;
    reading->result = read(reading->fd, reading->buf, sizeof reading->buf);
}

static void recv_once(void *arg)
{
    struct reading *reading = arg;
    reading->result = recv(reading->fd, reading->buf, sizeof reading->buf, 0);
}

static const struct record *check_wait(unsigned event, uint32_t tid, enum smk_call call, int fd, int64_t result)
{
    const struct record *r = find_record(event, tid);
    assert_non_null(r);
    assert_true(smk_ticks_to_ns(r->args[0]) >= 3 * MS);
    assert_int_not_equal(r->first, 0);
    assert_int_equal(r->args[1], smk_call_name(call));
    assert_int_equal((int64_t)r->args[2], fd);
    assert_int_equal((int64_t)r->args[3], result);
    return r;
}

static void check_read(int from, int to, void (*how)(void *), enum smk_call call, const char *peer)
{
    struct reading reading = {.fd = from};
    struct doing doing = {.what = how, .arg = &reading};
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    struct smk_wait_now seen = see_waiting(doing.tid);
    assert_int_equal(seen.kind, SMK_WAIT_NET);
    assert_int_equal(seen.object, from);
    smk_sys_sleep(4 * MS);
    assert_int_equal(write(to, "hello", 5), 5);
    end_doing(&doing);
    assert_int_equal(reading.result, 5);
    read_records(since);
    const struct record *r = check_wait(SMK_EV_NET_WAIT, doing.tid, call, from, 5);
    assert_string_equal(string_of(r->args[4]), peer);
    disarm();
}

static void test_reads(void **state)
{
    int pair[2], fds[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pipe(fds), 0);
    check_read(pair[0], pair[1], read_once, SMK_CALL_read, "unix");
    check_read(pair[0], pair[1], recv_once, SMK_CALL_recv, "unix");
    check_read(fds[0], fds[1], read_once, SMK_CALL_read, "pipe");
    close(pair[0]);
    close(pair[1]);
    close(fds[0]);
    close(fds[1]);
}

static void test_tcp_peer(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    char name[64];
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
    int server = accept(listener, NULL, NULL);
    snprintf(name, sizeof name, "127.0.0.1:%d", ntohs(address.sin_port));
    check_read(client, server, read_once, SMK_CALL_read, name);
    /* The number is another socket now: so is its name. */
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    smk_sys_close(client); /* which no wrapper sees */
    smk_sys_dup3(pair[0], client, 0);
    check_read(client, pair[1], read_once, SMK_CALL_read, "unix");
    close(pair[0]);
    close(pair[1]);
    close(client);
    close(server);
    close(listener);
}

/* Long, but it never waits: a socket in non-blocking mode is asked what it is, and makes no event. */
static void test_what_never_waits(void **state)
{
    int pair[2];
    char buf[4];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    struct smk_fd_facts facts;
    smk_fd_describe(pair[0], &facts);
    assert_false(facts.waits);
    arm(CATEGORIES);
    uint64_t since = smk_ticks(), before = smk_calls_seen(SMK_CALL_read);
    struct smk_cost cost, later;
    smk_cost_read(&cost);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(read(pair[0], buf, 4), -1);
    read_records(since);
    assert_int_equal(record_count, 0);
    assert_int_equal(smk_calls_seen(SMK_CALL_read) - before, 2000);
    smk_cost_read(&later);
    assert_int_equal(later.passed - cost.passed, 1999); /* all but the first, which asked for the mode */
    disarm();
    close(pair[0]);
    close(pair[1]);
}

/* Whether calls on it may wait is remembered, and asked anew when the program has set it. */
static void test_mode(void **state)
{
    int pair[2], on = 1, off = 0;
    char buf[4];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(ioctl(pair[0], FIONBIO, &on), 0);
    arm(CATEGORIES);
    assert_int_equal(read(pair[0], buf, 4), -1);
    assert_int_equal(smk_fd_slot(pair[0])->mode, SMK_FD_NEVER_WAITS);
    assert_int_equal(smk_fd_slot(pair[1])->mode, SMK_FD_MODE_NEW);
    disarm();
    assert_int_equal(ioctl(pair[0], FIONBIO, &off), 0);
    assert_int_equal(smk_fd_slot(pair[0])->mode, SMK_FD_MODE_NEW);
    check_read(pair[0], pair[1], read_once, SMK_CALL_read, "unix");
    assert_int_not_equal(smk_fd_slot(pair[0])->mode, SMK_FD_NEVER_WAITS);
    assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(smk_fd_slot(pair[0])->mode, SMK_FD_MODE_NEW);
    close(pair[0]);
    close(pair[1]);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void lock_file(void *arg)
{
    struct reading *reading = arg;
    reading->result = flock(reading->fd, LOCK_EX);
}

static void test_file_lock(void **state)
{
    (void)state;
    const char *path = in_directory("locked");
    int one = open(path, O_RDWR | O_CREAT, 0600);
    struct reading reading = {.fd = open(path, O_RDWR)};
    struct doing doing = {.what = lock_file, .arg = &reading};
    assert_int_equal(flock(one, LOCK_EX), 0);
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    assert_int_equal(see_waiting(doing.tid).kind, SMK_WAIT_DISK);
    smk_sys_sleep(4 * MS);
    assert_int_equal(flock(one, LOCK_UN), 0);
    end_doing(&doing);
    read_records(since);
    const struct record *r = check_wait(SMK_EV_DISK_WAIT, doing.tid, SMK_CALL_flock, reading.fd, 0);
    assert_string_equal(string_of(r->args[4]), path);
    disarm();
    close(one);
    close(reading.fd);
}

static void open_once(void *arg)
{
    struct reading *reading = arg;
    reading->fd = open(reading->buf, O_RDONLY);
}

static void test_open_waits(void **state)
{
    struct reading reading = {.fd = -1};
    struct doing doing = {.what = open_once, .arg = &reading};
    (void)state;
    assert_int_equal(chdir(directory), 0);
    strcpy(reading.buf, "fifo");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    see_waiting(doing.tid);
    smk_sys_sleep(4 * MS);
    int other = smk_sys_open("fifo", O_WRONLY, 0);
    end_doing(&doing);
    read_records(since);
    assert_true(reading.fd >= 0);
    const struct record *r = check_wait(SMK_EV_DISK_WAIT, doing.tid, SMK_CALL_open, -1, reading.fd);
    assert_string_equal(string_of(r->args[4]), "fifo");
    disarm();
    close(reading.fd);
    smk_sys_close(other);
    assert_int_equal(chdir("/"), 0);
}

/* What was sent into a connection is a file, and the kernel is not asked; elsewhere, and where nothing was sent, it
 * is. A call that makes an event asks in any case: here none does. */
static void test_sendfile(void **state)
{
    int pair[2], file = open(in_directory("sent"), O_RDWR | O_CREAT, 0600);
    off_t at = 5;
    (void)state;
    assert_int_equal(smk_sys_write(file, "hello", 5), 5);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    arm(CATEGORIES | SMK_CAT_REQUEST);
    smk_store_relaxed(&smk_slept.fd, UINT64_MAX);
    struct link l = connect_one();
    assert_int_equal(fcntl(l.server, F_SETFL, O_NONBLOCK), 0);
    const struct smk_fd_slot *slot = smk_fd_slot(file);
    assert_int_equal(sendfile(l.server, file, &at, 5), 0);
    assert_int_equal(slot->kind, 0);
    at = 0;
    assert_int_equal(sendfile(l.server, file, &at, 5), 5);
    assert_int_equal(slot->kind, SMK_WAIT_DISK);
    smk_fd_forget(file);
    assert_int_equal(sendfile(pair[0], file, &at, 5), 0);
    assert_int_equal(slot->kind, SMK_WAIT_DISK);
    assert_int_equal(close(file), 0);
    assert_int_equal(slot->kind, 0);
    disarm();
    disconnect(&l);
    close(pair[0]);
    close(pair[1]);
}

static void send_file(void *arg)
{
    int *fds = arg;
    off_t at = 0;
    assert_int_equal(sendfile(fds[0], fds[1], &at, 8 << 20), 8 << 20);
}

static void expect_waiting(uint32_t tid, enum smk_wait_kind kind, int fd)
{
    struct smk_wait_now wait = see_waiting(tid);
    assert_int_equal(wait.kind, kind);
    assert_int_equal(wait.object, fd);
    assert_int_equal(wait.holder, 0);
}

/* The connection's mode says on which side: it is asked when somebody looks, and for the event. */
static void test_sendfile_waits(void **state)
{
    static char got[1 << 16];
    int fds[2] = {-1, open(in_directory("long"), O_RDWR | O_CREAT, 0600)}, small = 4096;
    struct doing doing = {.what = send_file, .arg = fds};
    (void)state;
    assert_int_equal(ftruncate(fds[1], 8 << 20), 0);
    arm(CATEGORIES | SMK_CAT_REQUEST);
    struct link l = connect_one();
    fds[0] = l.server;
    assert_int_equal(setsockopt(l.server, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    begin_doing(&doing);
    expect_waiting(doing.tid, SMK_WAIT_NET, l.server);
    smk_sys_sleep(4 * MS);
    assert_int_equal(fcntl(l.server, F_SETFL, O_NONBLOCK), 0); /* it waits on */
    expect_waiting(doing.tid, SMK_WAIT_DISK, fds[1]);
    assert_int_equal(fcntl(l.server, F_SETFL, 0), 0);
    for (size_t len = 0; len < 8 << 20;)
        len += (size_t)smk_sys_read(l.client, got, sizeof got);
    end_doing(&doing);
    read_records(l.since);
    check_wait(SMK_EV_NET_WAIT, doing.tid, SMK_CALL_sendfile, l.server, 8 << 20);
    assert_int_equal(smk_fd_slot(fds[1])->kind, SMK_WAIT_DISK);
    disarm();
    disconnect(&l);
    close(fds[1]);
}

static void cancelled_read(void *arg)
{
    struct reading *reading = arg;
    for (;;)
        read(reading->fd, reading->buf, 1);
}

static void test_cancellation(void **state)
{
    int fds[2];
    void *result;
    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct reading reading = {.fd = fds[0]};
    struct doing doing = {.what = cancelled_read, .arg = &reading};
    arm(CATEGORIES);
    begin_doing(&doing);
    see_waiting(doing.tid);
    smk_sys_sleep(2 * MS);
    pthread_cancel(doing.thread);
    assert_int_equal(pthread_join(doing.thread, &result), 0);
    assert_ptr_equal(result, PTHREAD_CANCELED);
    assert_false(waits_now(doing.tid));
    disarm();
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_libcs), cmocka_unit_test(test_reads),
        cmocka_unit_test(test_tcp_peer),          cmocka_unit_test(test_what_never_waits),
        cmocka_unit_test(test_mode),
        cmocka_unit_test(test_file_lock),         cmocka_unit_test(test_open_waits),
        cmocka_unit_test(test_cancellation),      cmocka_unit_test(test_sendfile),
        cmocka_unit_test(test_sendfile_waits),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, clean_up);
}
