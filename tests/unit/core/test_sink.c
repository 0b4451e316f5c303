/* Files and descriptors that fail, stall, or belong to a host with odd habits. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "unit/core/captures.h"

static char dir[64];
static char path[128];

/* What on_finished said. */
static char reason[32], finished_path[128];
static uint32_t finished;

static void on_finished(void *arg, const char *id, const char *where, const char *why)
{
    (void)arg;
    (void)id;
    snprintf(reason, sizeof reason, "%s", why);
    snprintf(finished_path, sizeof finished_path, "%s", where ? where : "");
    smk_add_acq_rel(&finished, 1); /* pairs with: wait_until_finished */
}

static smk_capture_options to_file(void)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.path = path;
    options.on_finished = on_finished;
    options.categories = "other";
    finished = 0;
    reason[0] = '\0';
    return options;
}

static struct contents read_file(const char *name)
{
    static uint8_t data[8u << 20];
    int fd = open(name, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, data, sizeof data);
    close(fd);
    assert_true(n >= 0);
    return contents_of(data, (size_t)n);
}

static void noise(int count)
{
    static uint32_t x = 1;
    char text[900];
    for (int i = 0; i < count; i++) {
        for (size_t at = 0; at + 1 < sizeof text; at++)
            text[at] = (char)(1 + (x = x * 1664525u + 1013904223u) / 16843010u % 254);
        text[sizeof text - 1] = '\0';
        SMK_LOG("noise", i, text);
    }
}

static void wait_until_finished(void)
{
    for (int i = 0; i < 20000 && smk_load_acquire(&finished) == 0; i++)
        usleep(1000);
}

static void test_umask(void **state)
{
    struct stat st;
    (void)state;
    mode_t before = umask(0777);
    smk_capture_options options = to_file();
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    SMK_COUNTER("n", 1);
    assert_int_equal(smk_capture_stop(), 0);
    umask(before);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    struct contents c = read_file(path);
    assert_int_equal(c.events, 1);
    assert_string_equal(reason, "stopped");
    assert_string_equal(finished_path, path);
    assert_int_equal(finished, 1);
    unlink(path);
}

/* The directory is not there, is a file, the name is taken by a directory. */
static void test_no_place(void **state)
{
    char partial[160];
    (void)state;
    smk_capture_options options = to_file();
    options.path = "/nowhere-at-all/trace.stall";
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_NOTFOUND);
    options.path = "/etc/passwd/trace.stall";
    assert_true(smk_capture_start(&options, NULL) < 0);
    assert_int_equal(smk_capture_running(NULL), 0);
    options.path = path;
    snprintf(partial, sizeof partial, "%s.partial", path);
    assert_int_equal(mkdir(partial, 0700), 0);
    assert_int_equal(smk_capture_start(&options, NULL), 0); /* the writer opens it */
    wait_until_finished();
    assert_string_equal(reason, "io_error");
    assert_int_equal(finished, 1);
    rmdir(partial);
}

/* All is written, and the file cannot be given its name. */
static void test_rename_fails(void **state)
{
    char partial[160];
    (void)state;
    snprintf(partial, sizeof partial, "%s.partial", path);
    assert_int_equal(mkdir(path, 0700), 0);
    smk_capture_options options = to_file();
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    SMK_COUNTER("n", 1);
    assert_int_equal(smk_capture_stop(), 0);
    assert_string_equal(reason, "io_error");
    struct contents c = read_file(partial);
    assert_int_equal(c.events, 1);
    unlink(partial);
    rmdir(path);
}

static volatile sig_atomic_t got_signal;

static void on_size(int signal)
{
    (void)signal;
    got_signal = 1;
}

/* The limit ends the capture, not the host: no SIGXFSZ reaches it. */
static void test_file_size_limit(void **state)
{
    struct rlimit before, small;
    struct sigaction action = {.sa_handler = on_size}, old;
    (void)state;
    sigaction(SIGXFSZ, &action, &old);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 300000;
    setrlimit(RLIMIT_FSIZE, &small);
    got_signal = 0;
    smk_capture_options options = to_file();
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    for (int i = 0; i < 100 && smk_capture_running(NULL); i++) {
        noise(100);
        usleep(10000);
    }
    wait_until_finished();
    setrlimit(RLIMIT_FSIZE, &before);
    sigaction(SIGXFSZ, &old, NULL);
    assert_int_equal(got_signal, 0);
    assert_string_equal(reason, "no_space");
    struct contents c = read_file(path);
    assert_true(c.whole && c.chunks > 0);
    unlink(path);
}

/* Where not even the head finds room no file is left that would not open. */
static void test_nothing_fits(void **state)
{
    struct rlimit before, none;
    char partial[160];
    (void)state;
    snprintf(partial, sizeof partial, "%s.partial", path);
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
    smk_capture_options options = to_file();
    int rc = smk_capture_start(&options, NULL);
    if (rc == 0)
        smk_capture_stop();
    wait_until_finished();
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(rc, 0);
    assert_string_equal(reason, "no_space");
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(partial, F_OK), -1);
}

/* A file system that is full in truth; only root may make one. */
static void test_disk_full(void **state)
{
    char place[100], file[128];
    (void)state;
    snprintf(place, sizeof place, "%s/full", dir);
    mkdir(place, 0700);
    if (mount("stallmark-test", place, "tmpfs", 0, "size=256k") != 0) {
        print_message("no mount here: %s\n", strerror(errno));
        rmdir(place);
        skip();
    }
    smk_capture_options options = to_file();
    snprintf(file, sizeof file, "%s/t.stall", place);
    options.path = file;
    int rc = smk_capture_start(&options, NULL);
    for (int i = 0; rc == 0 && i < 100 && smk_capture_running(NULL); i++) {
        noise(100);
        usleep(10000);
    }
    wait_until_finished();
    struct contents c = {0};
    if (rc == 0)
        c = read_file(file);
    unlink(file);
    umount2(place, MNT_DETACH);
    rmdir(place);
    assert_int_equal(rc, 0);
    assert_string_equal(reason, "no_space");
    assert_true(c.whole && c.chunks > 0);
}

/* ---- descriptors ------------------------------------------------------------------------------------------ */

struct reader {
    pthread_t thread;
    int fd;
    uint8_t *data;
    size_t size;
};

/* Slowly and in odd bits, so that writes are cut short. */
static void *read_bit_by_bit(void *arg)
{
    struct reader *reader = arg;
    for (size_t step = 1;; step = step * 7 % 5003) {
        ssize_t n = read(reader->fd, reader->data + reader->size, step);
        if (n <= 0)
            return NULL;
        reader->size += (size_t)n;
        if (reader->size % 64 == 0)
            usleep(10);
    }
}

static void check_pipe(bool blocks)
{
    int pipes[2];
    struct reader reader = {.data = malloc(16u << 20)};
    assert_int_equal(pipe2(pipes, blocks ? 0 : O_NONBLOCK), 0);
    fcntl(pipes[0], F_SETFL, 0);
    fcntl(pipes[1], F_SETPIPE_SZ, 4096);
    reader.fd = pipes[0];
    smk_capture_options options = to_file();
    options.path = NULL;
    options.fd = pipes[1];
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    pthread_create(&reader.thread, NULL, read_bit_by_bit, &reader);
    noise(300);
    assert_int_equal(smk_capture_stop(), 0);
    assert_int_equal(fcntl(pipes[1], F_GETFD), 0); /* it stays the caller's */
    close(pipes[1]);
    pthread_join(reader.thread, NULL);
    close(pipes[0]);
    struct contents c = contents_of(reader.data, reader.size);
    assert_string_equal(reason, "stopped");
    assert_true(c.whole && c.ends == 1);
    assert_int_equal(c.events + c.lost, 300);
    free(reader.data);
}

static void test_pipe(void **state)
{
    (void)state;
    check_pipe(true);
}

static void test_pipe_that_does_not_block(void **state)
{
    (void)state;
    check_pipe(false);
}

/* Nobody reads: an error, and no SIGPIPE for the host. */
static void test_broken_pipe(void **state)
{
    int pipes[2];
    struct sigaction action = {.sa_handler = on_size}, old;
    (void)state;
    sigaction(SIGPIPE, &action, &old);
    got_signal = 0;
    assert_int_equal(pipe(pipes), 0);
    close(pipes[0]);
    smk_capture_options options = to_file();
    options.path = NULL;
    options.fd = pipes[1];
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    wait_until_finished();
    close(pipes[1]);
    sigaction(SIGPIPE, &old, NULL);
    assert_int_equal(got_signal, 0);
    assert_string_equal(reason, "io_error");
}

/* ---- callbacks ---------------------------------------------------------------------------------------------- */

static sem_t go_on;
static uint64_t callback_events;
static unsigned calls;

static int write_when_told(void *arg, const void *data, size_t size)
{
    (void)arg;
    if (calls++ == 0)
        while (sem_wait(&go_on) != 0)
            ;
    callback_events += contents_of_part(data, size);
    return 0;
}

/* The program goes on while the write hangs: if it waited for it, this test would never end. */
static void test_a_write_that_hangs(void **state)
{
    (void)state;
    sem_init(&go_on, 0, 0);
    calls = 0;
    callback_events = 0;
    smk_capture_options options = to_file();
    options.path = NULL;
    options.write = write_when_told;
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    for (int i = 0; i < 200000; i++)
        SMK_COUNTER("n", i);
    sem_post(&go_on);
    assert_int_equal(smk_capture_stop(), 0);
    assert_string_equal(reason, "stopped");
    assert_true(callback_events > 0 && callback_events < 200000); /* the buffer holds less */
}

static int refuse(void *arg, const void *data, size_t size)
{
    (void)arg;
    (void)data;
    (void)size;
    return ++calls > 1;
}

static void test_callback_refuses(void **state)
{
    (void)state;
    calls = 0;
    smk_capture_options options = to_file();
    options.path = NULL;
    options.write = refuse;
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    SMK_COUNTER("n", 1);
    smk_capture_stop();
    assert_string_equal(reason, "callback");
    assert_int_equal(finished, 1);
}

static int stop_from_inside(void *arg, const void *data, size_t size)
{
    (void)arg;
    (void)data;
    (void)size;
    smk_capture_stop(); /* on the writer itself: it must not wait for itself */
    return 0;
}

static void test_stop_from_the_callback(void **state)
{
    (void)state;
    smk_capture_options options = to_file();
    options.path = NULL;
    options.write = stop_from_inside;
    assert_int_equal(smk_capture_start(&options, NULL), 0);
    wait_until_finished();
    assert_string_equal(reason, "stopped");
}

/* ---- bad options -------------------------------------------------------------------------------------------- */

static void test_bad_options(void **state)
{
    char id[SMK_CAPTURE_ID_SIZE], running[SMK_CAPTURE_ID_SIZE];
    (void)state;
    assert_int_equal(smk_capture_start(NULL, NULL), SMK_E_INVALID);
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_INVALID); /* no way out */
    options = to_file();
    options.fd = 1;
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_INVALID); /* two */
    assert_string_equal(smk_last_error(), "2 of the options path, fd and write are set; allowed is exactly one");
    options = to_file();
    options.max_bytes = 1;
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_INVALID);
    assert_string_equal(smk_last_error(), "max_bytes is 1; allowed are 0 and at least 262144 (256 KiB)");
    options = to_file();
    options.size = 3;
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_INVALID);
    options = to_file();
    options.categories = "lokc";
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_INVALID);
    options = to_file();
    options.path = "/tmp/";
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_INVALID);
    options = to_file();
    options.max_bytes = 1;
    assert_int_equal(smk_capture_start(&options, NULL), SMK_E_INVALID);
    assert_int_equal(smk_capture_stop(), 0); /* nothing runs: fine */
    options = to_file();
    assert_int_equal(smk_capture_start(&options, id), 0);
    assert_int_equal(smk_capture_start(&options, running), SMK_E_BUSY);
    assert_string_equal(running, id);
    assert_int_equal(smk_capture_running(running), 1);
    assert_string_equal(running, id);
    assert_int_equal(smk_capture_stop(), 0);
    assert_int_equal(smk_capture_running(NULL), 0);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_umask),
        cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_rename_fails),
        cmocka_unit_test(test_file_size_limit),
        cmocka_unit_test(test_nothing_fits),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_pipe_that_does_not_block),
        cmocka_unit_test(test_broken_pipe),
        cmocka_unit_test(test_a_write_that_hangs),
        cmocka_unit_test(test_callback_refuses),
        cmocka_unit_test(test_stop_from_the_callback),
        cmocka_unit_test(test_bad_options),
    };
    snprintf(dir, sizeof dir, "/tmp/stallmark-sink-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%s/trace.stall", dir);
    start_core(1u << 20);
    int failed = SMK_RUN(tests);
    rmdir(dir);
    return failed;
}
