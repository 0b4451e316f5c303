/* Programs as they are, and damaged at every place: an answer or an error, never a crash. */
#include "unit/smk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "elf_file.h"

enum { SIZE_MAX_READ = 4 << 20 };

static uint8_t bytes[SIZE_MAX_READ];
static size_t size;
static char copy[] = "/tmp/smk-elf-XXXXXX";

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
    int fd = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
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
        uint8_t before = bytes[at];
        bytes[at] = values[at % sizeof(values)];
        save(size);
        read_all();
        bytes[at] = before;
    }
}

static void test_damaged_anywhere(void **state)
{
    (void)state;
    load("/proc/self/exe");
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
    int fd = mkstemp(copy);
    close(fd);
    int failed = SMK_RUN(tests);
    unlink(copy);
    return failed;
}
