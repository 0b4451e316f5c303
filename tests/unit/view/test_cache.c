/* The file that a view is kept in: read again, and built anew when it is damaged, cut, or of another trace. */
#include "unit/view/random_trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "unit/view/model.h"

struct kept {
    char directory[32], trace[64], file[80];
    struct model model;
    bool whole;
};

static void begin(struct kept *kept, uint64_t seed)
{
    strcpy(kept->directory, "/tmp/smk-view-XXXXXX");
    assert_non_null(mkdtemp(kept->directory));
    snprintf(kept->trace, sizeof(kept->trace), "%s/t.XXXXXX", kept->directory);
    srand(5);
    random_file(kept->trace, &(struct random_trace){.seed = seed, .threads = 3, .events = 1200, .perf = true}, 1);
    snprintf(kept->file, sizeof(kept->file), "%s.view", kept->trace);
    smk_trace *trace;
    assert_int_equal(smk_trace_open(&trace, kept->trace, NULL), 0);
    model_make(&kept->model, trace);
    smk_trace_close(trace);
}

/* Nothing else is left: no file that was half built. */
static void end(struct kept *kept)
{
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir = opendir(kept->directory);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    assert_true(count <= 2);
    unlink(kept->trace);
    unlink(kept->file);
    assert_int_equal(rmdir(kept->directory), 0);
    model_free(&kept->model);
}

/* Opened, looked at, closed. */
static bool was_kept(struct kept *kept)
{
    struct smk_view_progress progress;
    struct smk_view *view = model_open(kept->trace, NULL, false);
    struct smk_view_row row;
    smk_view_get_progress(view, &progress);
    if (kept->whole)
        model_check(&kept->model, view);
    assert_true(smk_view_get_row(view, 0, &row));
    smk_view_close(view);
    kept->whole = !kept->whole; /* all of it takes long: every other one is held against the trace */
    return progress.from_file;
}

static void test_kept(void **state)
{
    (void)state;
    struct kept kept = {.whole = true};
    begin(&kept, 1);
    assert_false(was_kept(&kept));
    assert_true(was_kept(&kept));
    assert_true(was_kept(&kept));
    end(&kept);
}

static void test_another_trace(void **state)
{
    (void)state;
    struct kept kept = {.whole = true};
    begin(&kept, 2);
    assert_false(was_kept(&kept));
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, kept.trace, times, 0), 0);
    assert_false(was_kept(&kept));
    assert_true(was_kept(&kept));
    end(&kept);
}

static void change(const char *path, uint64_t at, unsigned count)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(pread(fd, &byte, 1, (off_t)(at + i)), 1);
        byte ^= (uint8_t)(0x55 + i);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)(at + i)), 1);
    }
    close(fd);
}

/* Header and directory are looked at when it is opened. */
static void test_damaged(void **state)
{
    (void)state;
    struct kept kept = {.whole = false};
    struct stat st;
    begin(&kept, 3);
    was_kept(&kept);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(stat(kept.file, &st), 0);
        uint64_t size = (uint64_t)st.st_size;
        uint64_t at = i < 5 ? i * 8 : size - 1 - (uint64_t)rand() % 100000;
        change(kept.file, at, 1);
        assert_false(was_kept(&kept));
        assert_true(was_kept(&kept));
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(stat(kept.file, &st), 0);
        assert_int_equal(truncate(kept.file, i < 2 ? i * 40 : rand() % st.st_size), 0);
        assert_false(was_kept(&kept));
    }
    end(&kept);
}

/* Blocks are looked at when they are read: who asks is told so, and it is built anew. */
static void test_damaged_blocks(void **state)
{
    (void)state;
    struct kept kept = {.whole = false};
    struct smk_view_progress progress;
    struct smk_view_bytes bytes = {0};
    uint32_t row = 0;
    begin(&kept, 4);
    was_kept(&kept);
    change(kept.file, 4096, 30000); /* the blocks begin behind the header */
    struct smk_view *view = model_open(kept.trace, NULL, false);
    smk_view_get_progress(view, &progress);
    assert_true(progress.from_file);
    int result = 0;
    for (row = 0; row < smk_view_row_count(view) && result == 0; row++)
        result = smk_view_window(view, smk_view_first(view), smk_view_first(view) + 100000000, 1000, &row, 1, &bytes);
    assert_int_equal(result, SMK_E_FORMAT);
    smk_view_bytes_free(&bytes);
    for (smk_view_get_progress(view, &progress); progress.phase < SMK_VIEW_READY;)
        smk_view_wait(view, progress.serial, 1000, &progress);
    assert_int_equal(progress.phase, SMK_VIEW_READY);
    assert_false(progress.from_file);
    model_check(&kept.model, view);
    smk_view_close(view);
    assert_true(was_kept(&kept));
    end(&kept);
}

/* ---- what nobody damaged by chance ---------------------------------------------------------------------- */

static void look_at_all(struct smk_view *view)
{
    struct smk_view_bytes bytes = {0};
    struct smk_view_moment moment = {0};
    struct smk_view_request_list list = {0};
    struct smk_view_density density = {0};
    struct smk_view_request_query query = {.limit = 100};
    struct smk_view_row is;
    struct smk_view_sums sums;
    struct smk_view_item item;
    char text[SMK_NAME_MAX];
    uint64_t first = smk_view_first(view), end = first + smk_view_duration(view);
    for (uint32_t row = 0; row < 60 && smk_view_get_row(view, row, &is); row++) {
        smk_view_window(view, first, end, 1000, &row, 1, &bytes);
        smk_view_window(view, first + 1000000, first + 2000000, 1000, &row, 1, &bytes);
        smk_view_sums_in(view, row, first + 1000, end - 1000, &sums);
        smk_view_row_name(view, row, text);
        if (smk_view_get_item(view, row, is.items / 2, &item) == 0)
            smk_view_label(view, item.label, text);
    }
    smk_view_moment_at(view, first + smk_view_duration(view) / 2, &moment);
    smk_view_requests(view, &query, &list);
    smk_view_scatter(view, 0, 0, 10, &list);
    smk_view_density_of(view, 100, &density);
    smk_view_density_free(&density);
    smk_view_requests_free(&list);
    smk_view_moment_free(&moment);
    smk_view_bytes_free(&bytes);
}

/* Bytes of the directory are others, and the checksums are right all the same. */
static void forge(const char *file, unsigned bytes)
{
    uint8_t header[48];
    struct stat st;
    int fd = open(file, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pread(fd, header, sizeof(header), 0), sizeof(header));
    uint64_t at = smk_get_le64(header + 32);
    size_t size = (size_t)st.st_size - at;
    uint8_t *directory = malloc(size);
    assert_int_equal(pread(fd, directory, size, (off_t)at), size);
    for (unsigned i = 0; i < bytes; i++) {
        size_t place = (size_t)rand() % (i % 2 ? size : 8000);
        directory[place] = rand() % 3 ? (uint8_t)(directory[place] ^ 1u << rand() % 8) : (uint8_t)rand();
    }
    assert_int_equal(pwrite(fd, directory, size, (off_t)at), size);
    smk_put_le32(header + 40, smk_crc32c(0, directory, size));
    smk_put_le32(header + 44, smk_crc32c(0, header, 44));
    assert_int_equal(pwrite(fd, header, sizeof(header), 0), sizeof(header));
    free(directory);
    close(fd);
}

static void test_forged(void **state)
{
    (void)state;
    struct kept kept = {.whole = false};
    unsigned believed = 0;
    begin(&kept, 7);
    for (unsigned i = 0; i < 60; i++) {
        struct smk_view_progress progress;
        if (i % 4 == 0) {
            unlink(kept.file);
            smk_view_close(model_open(kept.trace, NULL, true));
        }
        forge(kept.file, 1 + i % 3);
        struct smk_view *view = model_open(kept.trace, NULL, true);
        smk_view_get_progress(view, &progress);
        believed += progress.from_file;
        look_at_all(view);
        smk_view_close(view);
    }
    assert_true(believed > 0); /* it did come to what is behind the checksums */
    end(&kept);
}

/* It cannot be beside the trace, or is no file: it is built all the same, elsewhere. */
static void test_no_place(void **state)
{
    (void)state;
    struct kept kept = {.whole = false};
    char cache[100];
    begin(&kept, 5);
    snprintf(cache, sizeof(cache), "%s.cache", kept.trace);
    assert_int_equal(mkdir(cache, 0700), 0);
    setenv("XDG_CACHE_HOME", cache, 1);
    char partial[100];
    snprintf(partial, sizeof(partial), "%s.partial", kept.file);
    assert_int_equal(symlink("/etc/passwd", partial), 0); /* nobody is led elsewhere */
    assert_false(was_kept(&kept));
    assert_true(access(kept.file, F_OK) != 0);
    assert_true(was_kept(&kept)); /* of the cache */
    setenv("XDG_CACHE_HOME", "/nowhere", 1);
    assert_false(was_kept(&kept));
    assert_false(was_kept(&kept));
    char command[200];
    unlink(partial);
    snprintf(command, sizeof(command), "rm -r '%s'", cache);
    assert_int_equal(system(command), 0);
    end(&kept);
}

/* A limit ends it, and what was built until then can be asked for. */
static void test_limits(void **state)
{
    (void)state;
    struct kept kept = {.whole = false};
    struct smk_view *view;
    struct smk_view_progress progress;
    struct smk_view_row row;
    begin(&kept, 6);
    const char *path = kept.trace;
    struct smk_view_options options = {.max_file = 20000, .no_symbols = true};
    assert_int_equal(smk_view_open(&view, &path, 1, &options), 0);
    for (smk_view_get_progress(view, &progress); progress.phase < SMK_VIEW_READY;)
        smk_view_wait(view, progress.serial, 1000, &progress);
    assert_int_equal(progress.phase, SMK_VIEW_FAILED);
    assert_int_equal(progress.error, SMK_E_LIMIT);
    assert_non_null(strstr(progress.text, "20000"));
    assert_true(smk_view_get_row(view, 0, &row));
    smk_view_close(view);
    assert_true(access(kept.file, F_OK) != 0);
    end(&kept);
}

/* A file system that is full in truth; only root may make one. */
static bool mount_small(char place[100])
{
    snprintf(place, 100, "/tmp/smk-view-full-XXXXXX");
    assert_non_null(mkdtemp(place));
    if (mount("stallmark-test", place, "tmpfs", 0, "size=32k") == 0)
        return true;
    print_message("no mount here: %s\n", strerror(errno));
    rmdir(place);
    return false;
}

static struct smk_view_progress looked_at(struct kept *kept, const struct smk_view_options *options)
{
    struct smk_view_progress progress;
    struct smk_view *view;
    const char *path = kept->trace;
    assert_int_equal(smk_view_open(&view, &path, 1, options), 0);
    for (smk_view_get_progress(view, &progress); progress.phase < SMK_VIEW_READY;)
        smk_view_wait(view, progress.serial, 1000, &progress);
    if (progress.phase == SMK_VIEW_READY)
        model_check(&kept->model, view);
    smk_view_close(view);
    return progress;
}

/* Where the disk fills up, beside the trace, in the cache and in TMPDIR, it is built elsewhere, and says so. */
static void test_full(void **state)
{
    (void)state;
    char place[100], file[120];
    struct kept kept = {.whole = false};
    if (!mount_small(place))
        skip();
    begin(&kept, 7);
    snprintf(file, sizeof(file), "%s/t.view", place);
    struct smk_view_options options = {.file = file, .no_symbols = true};
    setenv("TMPDIR", place, 1);
    struct smk_view_progress progress = looked_at(&kept, &options);
    unsetenv("TMPDIR");
    bool left = access(file, F_OK) == 0;
    strcat(file, ".partial");
    left |= access(file, F_OK) == 0;
    umount2(place, MNT_DETACH);
    rmdir(place);
    assert_int_equal(progress.phase, SMK_VIEW_READY);
    assert_ptr_equal(strstr(progress.not_kept, place), progress.not_kept);
    assert_non_null(strstr(progress.not_kept, "No space left"));
    assert_false(left);
    end(&kept);
}

/* Where no file may grow at all, it says that. */
static void test_no_room_anywhere(void **state)
{
    (void)state;
    struct kept kept = {.whole = false};
    struct rlimit before, small;
    begin(&kept, 8);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 20000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    struct smk_view_progress progress = looked_at(&kept, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(progress.phase, SMK_VIEW_FAILED);
    assert_int_equal(progress.error, SMK_E_NOSPACE);
    assert_ptr_equal(strstr(progress.not_kept, kept.file), progress.not_kept);
    assert_true(access(kept.file, F_OK) != 0);
    assert_false(was_kept(&kept));
    end(&kept);
}

static void test_no_trace(void **state)
{
    (void)state;
    struct smk_view *view;
    const char *path = "/tmp/smk-view-that-is-not-there";
    assert_int_equal(smk_view_open(&view, &path, 1, NULL), SMK_E_NOTFOUND);
    assert_null(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),     cmocka_unit_test(test_another_trace), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_damaged_blocks), cmocka_unit_test(test_no_place), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_forged),   cmocka_unit_test(test_no_trace),
        cmocka_unit_test(test_full),     cmocka_unit_test(test_no_room_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
