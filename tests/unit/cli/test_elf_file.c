/* Programs as they are, and damaged at every place: an answer or an error, never a crash. */
#define _GNU_SOURCE /* memfd_create */
#include "unit/smk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf_file.h"

enum { SIZE_MAX_READ = 4 << 20 };

static uint8_t bytes[SIZE_MAX_READ];
static size_t size;
static int copy_fd;
static char copy[64]; /* its path */

static void load(const char *path)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, bytes, sizeof(bytes));
    close(fd);
    assert_true(n > 0);
    size = (size_t)n;
}

static void save(size_t len)
{
    assert_int_equal(ftruncate(copy_fd, 0), 0);
    assert_int_equal(pwrite(copy_fd, bytes, len, 0), (ssize_t)len);
}

static void read_all(void)
{
    static struct smk_elf_versions versions;
    struct smk_elf_file elf;
    if (smk_elf_file_read(copy, &elf) == 0)
        assert_true(strlen(elf.interp) < sizeof(elf.interp));
    smk_elf_needed_versions(copy, "libc.so.6", &versions);
    assert_true(versions.count <= SMK_ELF_VERSIONS_MAX);
    smk_elf_defined_versions(copy, &versions);
    assert_true(versions.count <= SMK_ELF_VERSIONS_MAX);
}

static void test_this_program(void **state)
{
    (void)state;
    static struct smk_elf_versions versions, none;
    struct smk_elf_file elf;
    assert_int_equal(smk_elf_file_read("/proc/self/exe", &elf), 0);
    assert_true(elf.is_elf && elf.is_64 && elf.little_endian && elf.executable && elf.dynamic);
    assert_false(elf.go);
    assert_non_null(strstr(elf.interp, "ld-linux"));
    assert_int_equal(smk_elf_needed_versions("/proc/self/exe", "libc.so.6", &versions), 0);
    assert_true(versions.count > 0);
    assert_memory_equal(versions.name[0], "GLIBC_", 6);
    assert_null(smk_elf_missing_version(&versions, &versions));
    assert_string_equal(smk_elf_missing_version(&versions, &none), versions.name[0]);
    assert_int_equal(smk_elf_needed_versions("/proc/self/exe", "libnone.so", &versions), 0);
    assert_int_equal(versions.count, 0);
}

static void test_what_is_no_program(void **state)
{
    (void)state;
    struct smk_elf_file elf;
    assert_int_equal(smk_elf_file_read("/etc/passwd", &elf), 0);
    assert_false(elf.is_elf);
    assert_int_equal(smk_elf_file_read("/nowhere", &elf), -ENOENT);
    assert_int_equal(smk_elf_file_read("/tmp", &elf), -ENOEXEC);
    assert_int_equal(smk_elf_file_read("/dev/zero", &elf), -ENOEXEC);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    load("/proc/self/exe");
    for (size_t len = 0; len < 2048; len += 13) {
        save(len);
        read_all();
    }
    for (size_t i = 1; i < 64; i++) {
        save(size * i / 64);
        read_all();
    }
}

static void damage(size_t first, size_t end, size_t step)
{
    static const uint8_t values[] = {0x00, 0x7f, 0x80, 0xff};
    for (size_t at = first; at < end; at += step) {
        assert_int_equal(pwrite(copy_fd, &values[at % sizeof(values)], 1, (off_t)at), 1);
        read_all();
        assert_int_equal(pwrite(copy_fd, &bytes[at], 1, (off_t)at), 1);
    }
}

static void test_damaged_anywhere(void **state)
{
    (void)state;
    load("/proc/self/exe");
    save(size);
    damage(0, 1024, 1);         /* headers, notes, the loader's name */
    damage(1024, 8192, 3);      /* versions and their names */
    damage(size - 2560, size, 1); /* section headers */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_program),
        cmocka_unit_test(test_what_is_no_program),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_damaged_anywhere),
    };
    copy_fd = memfd_create("copy", MFD_CLOEXEC);
    snprintf(copy, sizeof(copy), "/proc/self/fd/%d", copy_fd);
    return SMK_RUN(tests);
}
