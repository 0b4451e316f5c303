/* The crash box: what a process recorded into it is read out of it when that process has gone; and whatever is in it
 * besides, cut, torn or changed at random: who reads it does not crash, does not go round in circles, and writes a file
 * that opens or none. */
#include "unit/trip/trip.h"

#include <sys/wait.h>

#include "base/sys.h"
#include "core/box.h"
#include "core/kept.h"
#include "core/locknames.h"
#include "core/pool.h"

#define REGIONS 500
#define KEPT    100
#define ROUNDS  (SMK_ASAN || SMK_TSAN ? 30 : 150)
#define SECONDS 20u

/* How a process that restores ends. */
enum { RESTORED = 0, REFUSED = 3, NO_CAPTURE = 4, NO_TRACE = 5 };

static int make_box(uint64_t size)
{
    struct smk_box_header *head = calloc(1, sizeof *head);
    int fd = memfd_create("box", MFD_CLOEXEC);
    assert_true(fd >= 0 && head);
    head->magic = SMK_BOX_MAGIC;
    head->version = SMK_BOX_VERSION;
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(pwrite(fd, head, sizeof *head, 0), sizeof *head);
    free(head);
    return fd;
}

/* As if the kernel had said it of this thread. */
static bool keep(void)
{
    static uint64_t memory[KEPT * 8];
    unsigned words = smk_event_spec(SMK_EV_CPU_TIME)->arg_count + 1u;
    struct smk_piece piece = {.data = (uint8_t *)memory, .len = KEPT * words * 8, .serial = 1, .tid = 1};
    for (unsigned i = 0; i < KEPT; i++) {
        memory[i * words] = smk_record_head(SMK_EV_CPU_TIME, words, 0, 1);
        memory[i * words + 1] = smk_ticks();
    }
    if (!smk_kept_ready(SMK_POOL_BYTES_MIN))
        return false;
    smk_kept_put(&piece, 1);
    return true;
}

/* In a process of its own, which ends without a word. */
static void record(int fd)
{
    static pthread_mutex_t lock;
    uint32_t pid = (uint32_t)getpid();
    if (pwrite(fd, &pid, sizeof pid, offsetof(struct smk_box_header, pid)) != sizeof pid || smk_core_init(NULL) < 0)
        _exit(1);
    smk_box_take(fd);
    if (smk_core_set_pool_bytes(SMK_POOL_BYTES_MIN) < 0 || smk_recorder_set(SMK_CAT_ALL) < 0 || !smk_box())
        _exit(2);
    smk_box_set_recorder(SMK_CAT_ALL, 0);
    smk_box_set_directory("/somewhere");
    smk_box_add_fact("test.key", "of the one that has gone");
    smk_lock_name(&lock, "the_lock");
    for (int i = 0; i < REGIONS; i++) {
        SMK_REGION("work");
        SMK_LOG("step", i, "some text");
    }
    _exit(keep() ? 0 : 3);
}

static int recorded_box(void)
{
    int status, fd = make_box(SMK_BOX_FILE_BYTES);
    pid_t child = fork();
    if (child == 0)
        record(fd);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return fd;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static uint32_t count(smk_trace *trace, uint16_t id)
{
    uint32_t n = 0;
    const smk_event *event;
    smk_cursor *cursor;
    if (smk_cursor_open(&cursor, trace, NULL) < 0)
        return 0;
    while (smk_cursor_next(cursor, &event) == 1)
        n += event->id == id;
    smk_cursor_close(cursor);
    return n;
}

static bool has_fact(const smk_trace *trace, const char *key, const char *value)
{
    const char *got = smk_trace_fact(trace, key);
    return got && strcmp(got, value) == 0;
}

/* `regions`: so many are in the file; UINT32_MAX: any number. */
static void restore(int fd, uint32_t regions)
{
    static struct trip trip;
    const char *why = "";
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_SNAPSHOT, .sink = &trip_sink, .sink_arg = &trip};
    alarm(SECONDS);
    if (smk_core_init(NULL) < 0)
        _exit(1);
    const struct smk_box_header *box = smk_box_restore(fd, &why);
    if (!box)
        _exit(why[0] ? REFUSED : 1);
    spec.categories = SMK_CAT_ALL;
    smk_capture_new_id(spec.id);
    if (smk_capture_begin(&spec, &trip.capture) < 0 || !smk_capture_wait(trip.capture, SECONDS * UINT64_C(1000000000)))
        _exit(NO_CAPTURE);
    int file;
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, true, &file);
    if (!trace)
        _exit(NO_TRACE);
    uint32_t got = count(trace, SMK_EV_REGION_BEGIN);
    if (regions != UINT32_MAX && got != regions)
        _exit(10);
    bool all = count(trace, SMK_EV_CPU_TIME) == KEPT && strcmp(box->directory, "/somewhere") == 0 &&
               !smk_trace_problem(trace, 0) && has_fact(trace, "test.key", "of the one that has gone");
    if (regions == REGIONS && !all)
        _exit(11);
    _exit(RESTORED);
}

/* The child's exit code; negative: the signal that ended it. */
static int restored(int fd, uint32_t regions)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        restore(fd, regions);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- tests ----------------------------------------------------------------------------------------------------- */

static void test_all_of_it_comes_back(void **state)
{
    int fd = recorded_box();
    (void)state;
    assert_int_equal(restored(fd, REGIONS), RESTORED);
    close(fd);
}

static void test_nothing_was_recorded(void **state)
{
    int fd = make_box(SMK_BOX_FILE_BYTES), empty = memfd_create("empty", MFD_CLOEXEC);
    (void)state;
    assert_int_equal(restored(fd, 0), REFUSED);
    assert_int_equal(restored(empty, 0), REFUSED);
    close(empty);
    close(fd);
}

/* Made shorter than it says, what is behind its end would be a SIGBUS. */
static void test_cut(void **state)
{
    static const uint64_t sizes[] = {1, 4096, sizeof(struct smk_box_header), 65536, 1 << 20, 33 << 20};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(sizes); i++) {
        int fd = recorded_box();
        assert_int_equal(ftruncate(fd, (off_t)sizes[i]), 0);
        assert_int_equal(restored(fd, 0), REFUSED);
        close(fd);
    }
}

/* Offsets whose sum with a length goes round, parts that lie in the header, parts of nothing. */
static void test_headers_without_sense(void **state)
{
    static const size_t fields[] = {
        offsetof(struct smk_box_header, subs),  offsetof(struct smk_box_header, index),
        offsetof(struct smk_box_header, bytes), offsetof(struct smk_box_header, kept),
        offsetof(struct smk_box_header, memory)};
    static const uint64_t values[] = {0, 1, 8, 4096, UINT64_MAX, UINT64_MAX - 4095, UINT64_C(1) << 63,
                                      SMK_BOX_FILE_BYTES, SMK_BOX_FILE_BYTES - 4096};
    int fd = recorded_box();
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(fields); i++)
        for (size_t k = 0; k < SMK_ARRAY_LEN(values); k++) {
            uint64_t was;
            assert_int_equal(pread(fd, &was, sizeof was, (off_t)fields[i]), sizeof was);
            assert_int_equal(pwrite(fd, &values[k], sizeof was, (off_t)fields[i]), sizeof was);
            assert_int_equal(restored(fd, 0), REFUSED);
            assert_int_equal(pwrite(fd, &was, sizeof was, (off_t)fields[i]), sizeof was);
        }
    assert_int_equal(restored(fd, REGIONS), RESTORED);
    close(fd);
}

/* It ended between taking an entry's number and writing it, and in the middle of a record. */
static void test_torn(void **state)
{
    struct smk_box_header *head = malloc(sizeof *head);
    int fd = recorded_box();
    uint32_t none = SMK_BOX_NONE;
    uint64_t nothing = 0;
    (void)state;
    assert_int_equal(pread(fd, head, sizeof *head, 0), sizeof *head);
    off_t last = (off_t)(head->index + (head->index_used - 1) * sizeof(struct smk_box_entry));
    assert_int_equal(pwrite(fd, &none, sizeof none, last), sizeof none);
    assert_int_equal(restored(fd, REGIONS), RESTORED);
    for (uint32_t i = 0; i < head->sub_count; i++) { /* the first record of each part */
        uint64_t at = head->memory + (uint64_t)i * SMK_SUB_SIZE;
        assert_int_equal(pwrite(fd, &nothing, sizeof nothing, (off_t)at), sizeof nothing);
    }
    assert_int_equal(restored(fd, UINT32_MAX), RESTORED);
    free(head);
    close(fd);
}

/* ---- at random ------------------------------------------------------------------------------------------------- */

struct change {
    off_t at;
    uint64_t was;
};

static uint64_t seed = 4711;

static uint64_t any(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return below ? (seed >> 20) % below : seed;
}

/* Where something is: in the header, in what is used of the index, of its bytes and of what is kept,
 * in parts and their memory. */
static off_t place(const struct smk_box_header *head)
{
    switch (any(6)) {
    case 0: /* behind who made it */
        return (off_t)(offsetof(struct smk_box_header, sub_count) + any(sizeof *head - 4200));
    case 1:
        return (off_t)(head->index + any(head->index_used * sizeof(struct smk_box_entry)));
    case 2:
        return (off_t)(head->bytes + any(head->bytes_used));
    case 3:
        return (off_t)(head->subs + any(16 * sizeof(struct smk_sub)));
    case 4:
        return (off_t)(head->kept + any(head->kept_tail));
    default:
        return (off_t)(head->memory + any(16 * SMK_SUB_SIZE));
    }
}

static void test_changed_at_random(void **state)
{
    struct smk_box_header *head = malloc(sizeof *head);
    struct change changes[8];
    unsigned ends[16] = {0};
    int fd = recorded_box();
    (void)state;
    assert_int_equal(pread(fd, head, sizeof *head, 0), sizeof *head);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned many = 1 + (unsigned)any(SMK_ARRAY_LEN(changes));
        for (unsigned i = 0; i < many; i++) {
            uint64_t now = any(3) ? any(0) : any(300);
            changes[i].at = place(head) & ~(off_t)(any(2) ? 7 : 0);
            assert_int_equal(pread(fd, &changes[i].was, sizeof now, changes[i].at), sizeof now);
            assert_int_equal(pwrite(fd, &now, 1 + any(8), changes[i].at) > 0, 1);
        }
        int end = restored(fd, UINT32_MAX);
        if (end != RESTORED && end != REFUSED)
            print_error("round %u: %d\n", round, end);
        assert_true(end == RESTORED || end == REFUSED);
        ends[end]++;
        for (unsigned i = many; i > 0; i--)
            assert_int_equal(pwrite(fd, &changes[i - 1].was, 8, changes[i - 1].at), 8);
    }
    assert_true(ends[RESTORED] > ROUNDS / 4);
    assert_int_equal(restored(fd, REGIONS), RESTORED);
    free(head);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it_comes_back), cmocka_unit_test(test_nothing_was_recorded),
        cmocka_unit_test(test_cut),                  cmocka_unit_test(test_headers_without_sense),
        cmocka_unit_test(test_torn),                 cmocka_unit_test(test_changed_at_random),
    };
    return SMK_RUN(tests);
}
