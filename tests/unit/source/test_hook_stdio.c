#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <netdb.h>

#include "unit/source/waits.h"

#define CATEGORIES (SMK_CAT_NET | SMK_CAT_DISK)

int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
int __dprintf_chk(int fd, int flag, const char *format, ...);
char *__fgets_chk(char *to, size_t room, int size, FILE *stream);

struct reading {
    FILE *stream;
    char line[32];
    char *result;
};

static void get_line(void *arg)
{
    struct reading *reading = arg;
    reading->result = fgets(reading->line, sizeof reading->line, reading->stream);
}

/* A line that comes late is a wait on the stream's descriptor. */
static void test_fgets_waits(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct reading reading = {.stream = fdopen(fds[0], "r")};
    struct doing doing = {.what = get_line, .arg = &reading};
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    see_waiting(doing.tid);
    smk_sys_sleep(4 * MS);
    assert_int_equal(smk_sys_write(fds[1], "late\n", 5), 5);
    end_doing(&doing);
    assert_string_equal(reading.result, "late\n");
    read_records(since);
    const struct record *r = find_record(SMK_EV_NET_WAIT, doing.tid);
    assert_non_null(r);
    assert_int_equal(r->args[1], smk_call_name(SMK_CALL_fgets));
    assert_int_equal((int64_t)r->args[2], fds[0]);
    assert_string_equal(string_of(r->args[4]), "pipe");
    assert_true(smk_ticks_to_ns(r->args[0]) >= 4 * MS);
    disarm();
    fclose(reading.stream);
    close(fds[1]);
}

/* All of the family, into a file and back: what is there is what libc's own calls would have written. */
static void put_all(FILE *stream)
{
    errno = 4711;
    assert_int_equal(fprintf(stream, "%s %d %.2f\n", "one", 2, 3.25), 11);
    assert_int_equal(__fprintf_chk(stream, 1, "%s-%ld-%c\n", "two", 1L << 40, 'x'), 20);
    assert_int_equal(fwrite("three\n", 1, 6, stream), 6);
    assert_int_equal(fwrite_unlocked("four\n", 1, 5, stream), 5);
    assert_true(fputs("five\n", stream) >= 0);
    assert_int_equal(fflush(stream), 0);
    assert_int_equal(dprintf(fileno(stream), "%d %d %d %d %d %d %d\n", 1, 2, 3, 4, 5, 6, 7), 14);
    assert_int_equal(__dprintf_chk(fileno(stream), 1, "%s\n", "end"), 4);
    assert_int_equal(errno, 4711);
}

static void get_all(FILE *stream)
{
    char buf[64], *line = NULL;
    size_t size = 0;
    assert_string_equal(fgets(buf, sizeof buf, stream), "one 2 3.25\n");
    assert_string_equal(__fgets_chk(buf, sizeof buf, sizeof buf, stream), "two-1099511627776-x\n");
    assert_int_equal(getline(&line, &size, stream), 6);
    assert_string_equal(line, "three\n");
    assert_int_equal(getdelim(&line, &size, 'r', stream), 4);
    assert_int_equal(fread(buf, 2, 3, stream), 3);
    assert_memory_equal(buf, "\nfive\n", 6);
    assert_string_equal(fgets(buf, sizeof buf, stream), "1 2 3 4 5 6 7\n");
    assert_string_equal(fgets(buf, sizeof buf, stream), "end\n");
    assert_null(fgets(buf, sizeof buf, stream));
    assert_true(feof(stream));
    free(line);
}

static void test_contents(void **state)
{
    (void)state;
    for (int armed = 0; armed < 2; armed++) {
        if (armed)
            arm(CATEGORIES);
        FILE *stream = tmpfile();
        assert_non_null(stream);
        put_all(stream);
        rewind(stream);
        get_all(stream);
        assert_int_equal(fclose(stream), 0);
    }
    disarm();
}

static void test_errors(void **state)
{
    (void)state;
    arm(CATEGORIES);
    errno = 4711;
    assert_null(fopen("/nowhere/at/all", "r"));
    assert_int_equal(errno, ENOENT);
    assert_null(fopen("/", "?"));
    assert_int_equal(errno, EINVAL);
    FILE *stream = fopen("/dev/full", "w");
    assert_int_equal(fputs("x", stream), 1);
    assert_int_equal(fflush(stream), EOF);
    assert_int_equal(errno, ENOSPC);
    fclose(stream);
    disarm();
}

/* A stream in memory has no descriptor, and asking for one leaves errno alone. */
static void test_no_descriptor(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    arm(CATEGORIES);
    FILE *stream = open_memstream(&text, &size);
    errno = 4711;
    for (int i = 0; i < 100; i++)
        assert_int_equal(fprintf(stream, "%d", i % 10), 1);
    assert_int_equal(errno, 4711);
    assert_int_equal(fclose(stream), 0);
    assert_true(SMK_TSAN || errno == 4711); /* TSan asks for the descriptor, too, and changes it */
    assert_int_equal(size, 100);
    free(text);
    disarm();
}

static void test_names(void **state)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *list = NULL;
    (void)state;
    arm(CATEGORIES);
    uint64_t before = smk_calls_seen(SMK_CALL_getaddrinfo);
    assert_int_equal(getaddrinfo("127.0.0.1", "80", &hints, &list), 0);
    freeaddrinfo(list);
    assert_int_equal(getaddrinfo("no address", "80", &hints, &list), EAI_NONAME);
    assert_int_equal(smk_calls_seen(SMK_CALL_getaddrinfo) - before, 2);
    disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fgets_waits), cmocka_unit_test(test_contents), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_descriptor), cmocka_unit_test(test_names),
    };
    return SMK_RUN(tests);
}
