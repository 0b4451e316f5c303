#define _GNU_SOURCE
#include <sys/stat.h>
#include <time.h>

#include "agent_test.h"

#include "core/init.h"
#include "format/chunk.h"
#include "store.h"

/* An id of so many hours ago. */
static void id_of(char id[SMK_CAPTURE_ID_SIZE], unsigned hours, char last)
{
    time_t then = time(NULL) - (time_t)hours * 3600;
    struct tm utc;
    char day[32];
    gmtime_r(&then, &utc);
    strftime(day, sizeof day, "%Y%m%dt%H%M%S", &utc);
    snprintf(id, SMK_CAPTURE_ID_SIZE, "%s000-abcdefg%c", day, last);
}

static int open_here(void)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    return fd;
}

/* A file that begins like one of ours and ends like one that was closed. */
static void write_trace(const char *name, size_t size, uint64_t process, bool ended, unsigned hours)
{
    uint8_t *bytes = calloc(1, size);
    struct smk_chunk first = {.version = 1, .kind = SMK_CHUNK_SEGMENT, .process = process};
    smk_chunk_pack(&first, bytes);
    if (ended) {
        struct smk_segment_end end = {.reason = SMK_REASON_TIMER, .flags = SMK_SEGMENT_LAST};
        struct smk_chunk last = {.version = 1,
                                 .kind = SMK_CHUNK_END,
                                 .stored_size = SMK_SEGMENT_END_SIZE,
                                 .plain_size = SMK_SEGMENT_END_SIZE,
                                 .count = 1,
                                 .process = process};
        uint8_t *at = bytes + size - SMK_CHUNK_HEADER - SMK_SEGMENT_END_SIZE;
        smk_chunk_pack(&last, at);
        smk_segment_end_pack(&end, at + SMK_CHUNK_HEADER);
    }
    int dir = open_here(), fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    struct timespec times[2] = {{.tv_sec = time(NULL) - (time_t)hours * 3600}, {0}};
    times[1] = times[0];
    futimens(fd, times);
    close(fd);
    close(dir);
    free(bytes);
}

static void write_done(char id[SMK_CAPTURE_ID_SIZE], unsigned hours, char last, size_t size)
{
    char name[80];
    id_of(id, hours, last);
    snprintf(name, sizeof name, "%.47s.stall", id);
    write_trace(name, size, 1, true, hours);
}

static bool is_there(const char *id)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%.47s.stall", directory, id);
    return access(path, F_OK) == 0;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool ours, rotates, partial;
        uint32_t number;
    } names[] = {
        {"20260131t235959123-k3v9x0q1.stall", true, false, false, 0},
        {"20260131t235959123-k3v9x0q1.stall.partial", true, false, true, 0},
        {"20260131t235959123-k3v9x0q1.0.stall", true, true, false, 0},
        {"20260131t235959123-k3v9x0q1.12.stall.partial", true, true, true, 12},
        {"20260131t235959123-k3v9x0q1.012.stall", false},
        {"20260131t235959123-k3v9x0q1.stall.old", false},
        {"20260131t235959123-k3v9x0q1.stall.partial2", false},
        {"20260131t235959123-k3v9x0q1", false},
        {"20260131t235959123-k3v9x0q1.", false},
        {"20260131t235959123-k3v9x0qi.stall", false},
        {"20260131T235959123-k3v9x0q1.stall", false},
        {"2026013t1235959123-k3v9x0q1.stall", false},
        {"x20260131t235959123-k3v9x0q1.stall", false},
        {"20260131t235959123-k3v9x0q1.9999999999.stall", false},
        {"", false},
        {"..", false},
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(names); i++) {
        char id[SMK_CAPTURE_ID_SIZE], back[SMK_FILE_NAME_MAX];
        struct smk_stored_segment segment;
        bool rotates;
        assert_int_equal(smk_store_parse_name(names[i].name, id, &rotates, &segment), names[i].ours);
        if (!names[i].ours)
            continue;
        assert_int_equal(rotates, names[i].rotates);
        assert_int_equal(segment.partial, names[i].partial);
        assert_int_equal(segment.number, names[i].number);
        smk_store_name(id, rotates, &segment, back);
        assert_string_equal(back, names[i].name);
    }
}

static void test_a_directory_is_checked(void **state)
{
    (void)state;
    char path[100];
    int fd = smk_store_open_directory(directory);
    assert_true(fd >= 0);
    close(fd);
    snprintf(path, sizeof path, "%s/made", directory);
    fd = smk_store_open_directory(path);
    assert_true(fd >= 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    close(fd);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/var/tmp", path), 0);
    assert_int_equal(smk_store_open_directory(path), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(directory, 0770), 0);
    assert_int_equal(smk_store_open_directory(directory), -1);
    assert_non_null(strstr(smk_last_error(), "may be written by others (mode 770)"));
    assert_int_equal(chmod(directory, 01777), 0);
    fd = smk_store_open_directory(directory);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(smk_store_open_directory("relative"), -1);
    assert_int_equal(smk_store_open_directory("/nonexistent/deeper"), -1);
    assert_int_equal(smk_store_open_directory("/dev/null"), -1);
}

static const struct smk_stored *find(struct smk_stored *list, uint32_t count, const char *id)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].id, id) == 0)
            return &list[i];
    return NULL;
}

static void test_what_earlier_processes_left(void **state)
{
    (void)state;
    char done[SMK_CAPTURE_ID_SIZE], cut[SMK_CAPTURE_ID_SIZE], name[80];
    uint32_t count;
    write_done(done, 3, '1', 500);
    id_of(cut, 2, '2');
    snprintf(name, sizeof name, "%.47s.0.stall", cut);
    write_trace(name, 300, 1, false, 2);
    snprintf(name, sizeof name, "%.47s.1.stall.partial", cut);
    write_trace(name, 200, 1, false, 2);
    int dir = open_here();
    struct smk_stored *list = smk_store_scan(dir, &count);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].id, cut); /* newest first */
    assert_int_equal(list[0].state, SMK_STORED_CUT);
    assert_int_equal(list[0].count, 2);
    assert_int_equal(list[0].bytes, 500);
    assert_true(list[0].segments[1].partial);
    const struct smk_stored *stored = find(list, count, done);
    assert_int_equal(stored->state, SMK_STORED_DONE);
    assert_int_equal(stored->reason, SMK_REASON_TIMER);
    int64_t off = (int64_t)stored->started_unix_ns / 1000000000 - (time(NULL) - 3 * 3600);
    assert_true(off >= -2 && off <= 2);
    smk_store_free_list(list, count);
    close(dir);
}

static void test_a_file_that_another_process_writes(void **state)
{
    (void)state;
    char id[SMK_CAPTURE_ID_SIZE], name[80];
    uint32_t count;
    uint64_t parent = (uint64_t)getppid() << 32 | 5; /* it lives */
    id_of(id, 0, '1');
    snprintf(name, sizeof name, "%.47s.stall.partial", id);
    write_trace(name, 300, parent, false, 0);
    id_of(id, 0, '2');
    snprintf(name, sizeof name, "%.47s.stall.partial", id);
    write_trace(name, 300, UINT64_C(0x7fffffff) << 32, false, 0); /* no such process */
    id_of(id, 0, '3');
    snprintf(name, sizeof name, "%.47s.stall.partial", id);
    write_trace(name, 300, parent, false, 1); /* an hour old: the number was given to somebody else */
    int dir = open_here();
    struct smk_stored *list = smk_store_scan(dir, &count);
    assert_int_equal(count, 3);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(list[i].state,
                         list[i].id[strlen(list[i].id) - 1] == '1' ? SMK_STORED_ELSEWHERE : SMK_STORED_CUT);
    smk_store_free_list(list, count);
    close(dir);
}

static void test_retention_keeps_the_newest(void **state)
{
    (void)state;
    char ids[5][SMK_CAPTURE_ID_SIZE];
    for (unsigned i = 0; i < 5; i++)
        write_done(ids[i], i + 1, (char)('1' + i), 400);
    const struct smk_agent_setting settings[] = {{"keep_files", "3"}, {NULL, NULL}};
    assert_int_equal(start_with(settings), 0); /* retention at the start */
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(is_there(ids[i]), i < 3);
    fake_expect("GET", "/debug/traces", 200, ids[2]);
    fake_expect("GET", "/metrics", 200, "stallmark_stored_deleted_total 2\n");
    free(fake_body("GET", "/debug/trace?duration=10ms", 202)); /* and at each end */
    wait_until_done();
    assert_true(is_there(ids[1]));
    assert_false(is_there(ids[2]));
}

static void test_retention_by_age_and_bytes(void **state)
{
    (void)state;
    char ids[4][SMK_CAPTURE_ID_SIZE];
    for (unsigned i = 0; i < 4; i++)
        write_done(ids[i], i == 3 ? 50 : i + 1, (char)('1' + i), 100000);
    const struct smk_agent_setting age[] = {{"keep_age", "48h"}, {NULL, NULL}};
    assert_int_equal(start_with(age), 0);
    assert_true(is_there(ids[2]));
    assert_false(is_there(ids[3]));
    assert_int_equal(smk_agent_stop(), 0);
    const struct smk_agent_setting bytes[] = {{"keep_bytes", "256KiB"}, {NULL, NULL}};
    assert_int_equal(start_with(bytes), 0);
    assert_true(is_there(ids[1]));
    assert_false(is_there(ids[2]));
}

/* In a tmpfs captures are memory: what nobody has chosen is little of it then. */
static void test_files_that_are_memory(void **state)
{
    static const struct smk_agent_setting chosen[] = {{"keep_bytes", "1GiB"}, {NULL, NULL}};
    char own[sizeof directory], *body;
    (void)state;
    if (access("/dev/shm", W_OK) != 0)
        skip();
    memcpy(own, directory, sizeof own);
    snprintf(directory, sizeof directory, "/dev/shm/smk-captures-XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_int_equal(start_with(NULL), 0);
    body = fake_body("GET", "/debug/trace/status", 200);
    const char *kept = strstr(body, "\"keep_bytes\":");
    assert_non_null(strstr(body, "\"files_are_memory\":true"));
    assert_non_null(kept);
    assert_true(strtoull(kept + 13, NULL, 10) <= smk_sys_memory() / 50);
    free(body);
    smk_agent_stop();
    assert_int_equal(start_with(chosen), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"keep_bytes\":1073741824,\"files_are_memory\":true");
    smk_agent_stop();
    assert_int_equal(rmdir(directory), 0);
    memcpy(directory, own, sizeof own);
}

static void test_foreign_files_are_never_touched(void **state)
{
    (void)state;
    char id[SMK_CAPTURE_ID_SIZE], name[100], path[200], outside[100];
    snprintf(outside, sizeof outside, "%s-outside", directory);
    FILE *f = fopen(outside, "w");
    fwrite("SMK\x89 and more", 1, 13, f);
    fclose(f);
    int dir = open_here();
    id_of(id, 900, '1');
    snprintf(name, sizeof name, "%.47s.stall", id);
    assert_int_equal(symlinkat(outside, dir, name), 0); /* a link of our name */
    id_of(id, 900, '2');
    snprintf(name, sizeof name, "%.47s.stall", id);
    int fd = openat(dir, name, O_WRONLY | O_CREAT, 0600); /* our name, other content */
    assert_int_equal(write(fd, "precious data", 13), 13);
    close(fd);
    id_of(id, 900, '3');
    snprintf(name, sizeof name, "%.47s.stall", id);
    assert_int_equal(mkfifoat(dir, name, 0600), 0);
    write_trace("notes.stall", 500, 1, true, 900); /* our content, another name */
    const struct smk_agent_setting settings[] = {{"keep_files", "1"}, {"keep_age", "1s"}, {NULL, NULL}};
    assert_int_equal(start_with(settings), 0);
    assert_int_equal(count_files(), 4);
    fake_expect("GET", "/debug/traces", 200, "\"captures\":[]");
    snprintf(path, sizeof path, "/debug/traces/%s", id);
    fake_expect("GET", path, 404, NULL);
    fake_expect("DELETE", path, 404, NULL);
    assert_int_equal(count_files(), 4);
    assert_int_equal(unlink(outside), 0);
    close(dir);
}

static void test_a_download_outlives_its_file(void **state)
{
    (void)state;
    char id[SMK_CAPTURE_ID_SIZE], path[200], newer[SMK_CAPTURE_ID_SIZE];
    write_done(id, 1, '1', 200000);
    const struct smk_agent_setting settings[] = {{"keep_files", "1"}, {NULL, NULL}};
    assert_int_equal(start_with(settings), 0);
    snprintf(path, sizeof path, "/debug/traces/%s", id);
    uint32_t answered = 0;
    struct smk_http_request request = {.method = SMK_METHOD_GET, .path = path, .peer = "test", .scopes = 3};
    struct smk_exchange *exchange = smk_exchange_new(&request);
    exchange->answered = fake_answered;
    exchange->front = &answered;
    assert_true(smk_exchange_submit(exchange));
    fake_wait(&answered);
    assert_int_equal(exchange->answer.status, 200);
    write_done(newer, 0, '2', 400);
    free(fake_body("GET", "/debug/trace?duration=10ms", 202)); /* its end brings retention */
    wait_until_done();
    assert_true(is_there(id)); /* since somebody downloads it */
    assert_false(is_there(newer));
    fake_expect("DELETE", path, 200, "deleted");
    assert_false(is_there(id));
    struct fake_answer body = {0};
    fake_read_body(&exchange->answer, 0, &body);
    assert_int_equal(body.body_len, 200000);
    assert_false(body.cut);
    free(body.body);
    smk_exchange_free(exchange);
}

static void test_a_planted_link_is_not_written_through(void **state)
{
    (void)state;
    char outside[100];
    struct stat st;
    snprintf(outside, sizeof outside, "%s-outside", directory);
    int dir = open_here();
    int fd = smk_store_open_directory(directory);
    struct smk_directory *held = smk_directory_new(fd, directory);
    struct smk_tape *tape = smk_tape_new_files(held, "20260131t235959123-k3v9x0q1", false);
    assert_int_equal(symlinkat(outside, dir, "20260131t235959123-k3v9x0q1.stall.partial"), 0);
    assert_true(smk_tape_calls.open(tape, 0) < 0);
    assert_int_equal(stat(outside, &st), -1);
    smk_tape_release(tape);
    smk_directory_release(held);
    close(dir);
}

static struct smk_tape *new_tape(bool rotates)
{
    struct smk_directory *held = smk_directory_new(smk_store_open_directory(directory), directory);
    struct smk_tape *tape = smk_tape_new_files(held, "20260131t235959123-k3v9x0q1", rotates);
    smk_directory_release(held); /* the tape holds it */
    return tape;
}

static void test_the_floor_ends_a_capture_but_not_its_end(void **state)
{
    (void)state;
    char data[8192] = {0};
    struct smk_tape *tape = new_tape(false);
    assert_int_equal(smk_tape_calls.open(tape, 0), 0);
    assert_int_equal(smk_tape_calls.write(tape, data, sizeof data), 0);
    tape->free_floor = UINT64_MAX;
    assert_int_equal(smk_tape_calls.write(tape, data, sizeof data), -ENOSPC);
    assert_int_equal(smk_tape_calls.write(tape, data, 144), 0); /* an END */
    assert_int_equal(smk_tape_calls.close(tape, false), 0);
    assert_int_equal(smk_tape_calls.open(tape, 1), -ENOSPC);
    smk_tape_release(tape);
}

static void write_segment(struct smk_tape *tape, uint32_t number)
{
    char data[100];
    memset(data, 'a' + (int)number, sizeof data);
    assert_int_equal(smk_tape_calls.open(tape, number), 0);
    assert_int_equal(smk_tape_calls.write(tape, data, sizeof data), 0);
}

/* Reads what there is; the number of bytes, or the error behind them. */
static ssize_t read_all(struct smk_tape_reader *reader, char *data)
{
    size_t used = 0;
    for (;;) {
        ssize_t n = smk_tape_reader_read(reader, data + used, 33);
        if (n <= 0)
            return used ? (ssize_t)used : n;
        used += (size_t)n;
    }
}

static void test_a_reader_follows_from_segment_to_segment(void **state)
{
    (void)state;
    char data[2000];
    struct smk_tape *tape = new_tape(true);
    tape->keep_segments = 1;
    struct smk_tape_reader *reader = smk_tape_reader_new(tape);
    assert_int_equal(read_all(reader, data), -EAGAIN);
    write_segment(tape, 0);
    assert_int_equal(read_all(reader, data), 100);
    assert_int_equal(read_all(reader, data), -EAGAIN);
    for (uint32_t n = 1; n < 4; n++) { /* nothing is deleted while somebody reads */
        assert_int_equal(smk_tape_calls.close(tape, true), 0);
        write_segment(tape, n);
    }
    assert_int_equal(read_all(reader, data), 300);
    assert_int_equal(data[0], 'b');
    assert_int_equal(data[299], 'd');
    smk_tape_reader_close(reader);
    assert_int_equal(smk_tape_calls.close(tape, true), 0);
    assert_int_equal(count_files(), 1);
    reader = smk_tape_reader_new(tape); /* from the first that is left */
    assert_int_equal(read_all(reader, data), 100);
    assert_int_equal(data[0], 'd');
    assert_int_equal(read_all(reader, data), -EAGAIN);
    smk_tape_end(tape);
    assert_int_equal(read_all(reader, data), 0);
    smk_tape_reader_close(reader);
    smk_tape_release(tape);
}

static void test_a_capture_without_a_byte_is_cut(void **state)
{
    (void)state;
    char data[100];
    struct smk_tape *tape = new_tape(false);
    struct smk_tape_reader *reader = smk_tape_reader_new(tape);
    smk_tape_end(tape);
    assert_int_equal(read_all(reader, data), -EIO);
    smk_tape_reader_close(reader);
    smk_tape_release(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        WITH_DIRECTORY(test_a_directory_is_checked),
        WITH_DIRECTORY(test_what_earlier_processes_left),
        WITH_DIRECTORY(test_a_file_that_another_process_writes),
        WITH_DIRECTORY(test_retention_keeps_the_newest),
        WITH_DIRECTORY(test_retention_by_age_and_bytes),
        WITH_DIRECTORY(test_files_that_are_memory),
        WITH_DIRECTORY(test_foreign_files_are_never_touched),
        WITH_DIRECTORY(test_a_download_outlives_its_file),
        WITH_DIRECTORY(test_the_floor_ends_a_capture_but_not_its_end),
        WITH_DIRECTORY(test_a_reader_follows_from_segment_to_segment),
        WITH_DIRECTORY(test_a_capture_without_a_byte_is_cut),
        WITH_DIRECTORY(test_a_planted_link_is_not_written_through),
    };
    return SMK_RUN(tests);
}
