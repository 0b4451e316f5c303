/* The map of modules beside the loader's own list. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/maps.h"
#include "source/module_file.h"
#include "source/module_map.h"
#include "core/clock.h"
#include "source/modules.h"
#include "source/stack.h"

#define SEEN_MAX 256

static struct seen {
    uint32_t id;
    uint64_t start, end, bias;
    char path[512];
    uint8_t build_id[32];
    uint32_t build_id_len;
} seen[SEEN_MAX];
static int seen_count;
static uint64_t since = UINT64_MAX; /* modules that went from this tick on are told too */

static void add(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias, const char *path,
                const uint8_t *build_id, uint32_t build_id_len)
{
    (void)arg;
    assert_true(seen_count < SEEN_MAX && build_id_len <= 32);
    struct seen *s = &seen[seen_count++];
    *s = (struct seen){.id = id, .start = start, .end = end, .bias = bias, .build_id_len = build_id_len};
    snprintf(s->path, sizeof s->path, "%s", path);
    memcpy(s->build_id, build_id, build_id_len);
}

static uint64_t look(void)
{
    seen_count = 0;
    return smk_modules_each(since, add, NULL);
}

static const struct seen *module_at(uint64_t addr)
{
    for (int i = 0; i < seen_count; i++)
        if (addr >= seen[i].start && addr < seen[i].end)
            return &seen[i];
    return NULL;
}

static const struct seen *module_named(const char *part)
{
    for (int i = 0; i < seen_count; i++)
        if (strstr(seen[i].path, part))
            return &seen[i];
    return NULL;
}

/* ---- against the loader ---------------------------------------------------------------------------------------- */

static const uint8_t *loader_build_id(const struct dl_phdr_info *info, uint32_t *len)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_NOTE)
            continue;
        const uint8_t *p = (const uint8_t *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        const uint8_t *end = p + info->dlpi_phdr[i].p_memsz;
        while (p < end) {
            ElfW(Nhdr) note;
            memcpy(&note, p, sizeof note);
            const uint8_t *text = p + sizeof note + ((note.n_namesz + 3) & ~3u);
            if (note.n_type == NT_GNU_BUILD_ID) {
                *len = note.n_descsz;
                return text;
            }
            p = text + ((note.n_descsz + 3) & ~3u);
        }
    }
    return NULL;
}

static int compare_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    int *compared = arg;
    uint64_t code = 0;
    for (int i = 0; i < info->dlpi_phnum && !code; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X))
            code = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    const struct seen *s = module_at(code);
    assert_non_null(s);
    assert_int_equal(s->bias, info->dlpi_addr);
    if (info->dlpi_name[0] == '/') {
        char *real = realpath(info->dlpi_name, NULL);
        assert_string_equal(s->path, real);
        free(real);
    }
    uint32_t len = 0;
    const uint8_t *id = loader_build_id(info, &len);
    assert_int_equal(s->build_id_len, len);
    if (id)
        assert_memory_equal(s->build_id, id, len);
    (*compared)++;
    return 0;
}

static void test_same_as_the_loader(void **state)
{
    (void)state;
    int compared = 0;
    look();
    dl_iterate_phdr(compare_module, &compared);
    assert_true(compared >= 4); /* this program, the vdso, libc, the loader */
    for (int i = 0; i < seen_count; i++)
        for (int k = 0; k < i; k++)
            assert_int_not_equal(seen[i].id, seen[k].id);
}

static void test_the_program_itself(void **state)
{
    (void)state;
    char exe[512] = "";
    assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
    look();
    const struct seen *s = module_at((uint64_t)test_the_program_itself);
    assert_non_null(s);
    assert_string_equal(s->path, exe);
    assert_non_null(module_named("[vdso]"));
}

/* ---- lists that change ----------------------------------------------------------------------------------------- */

static void test_number_changes_with_the_list(void **state)
{
    (void)state;
    uint64_t first = look();
    assert_int_equal(look(), first);
    uint32_t libc_id = module_named("libc.so")->id;
    assert_null(module_named("libutil.so"));
    void *lib = dlopen("libutil.so.1", RTLD_NOW);
    assert_non_null(lib);
    uint64_t second = look();
    assert_int_not_equal(second, first);
    assert_non_null(module_named("libutil.so"));
    assert_int_equal(module_named("libc.so")->id, libc_id);
    dlclose(lib);
    assert_int_not_equal(look(), second);
    assert_null(module_named("libutil.so"));
    assert_int_equal(module_named("libc.so")->id, libc_id);
}

/* One that went is told to whoever wants to know of the time in which it was there. */
static void test_modules_that_went(void **state)
{
    (void)state;
    look();
    uint64_t before = smk_ticks();
    void *lib = dlopen("libutil.so.1", RTLD_NOW);
    assert_non_null(lib);
    look();
    struct seen there = *module_named("libutil.so");
    dlclose(lib);
    look();
    assert_null(module_named("libutil.so"));
    since = before;
    look();
    const struct seen *gone = module_named("libutil.so");
    assert_non_null(gone);
    assert_int_equal(gone->id, there.id);
    assert_int_equal(gone->start, there.start);
    assert_memory_equal(gone->build_id, there.build_id, there.build_id_len);
    since = smk_ticks();
    look();
    assert_null(module_named("libutil.so"));
    since = UINT64_MAX;
}

/* A plugin that is loaded a thousand times has one table. */
static void test_tables_are_made_once(void **state)
{
    (void)state;
    struct smk_module_tables_stats before, after;
    for (int i = 0; i < 20; i++) {
        void *lib = dlopen("libutil.so.1", RTLD_NOW);
        assert_non_null(lib);
        smk_modules_refresh();
        dlclose(lib);
        smk_modules_refresh();
        if (i == 0)
            smk_module_tables_stats(&before);
    }
    smk_module_tables_stats(&after);
    assert_int_equal(after.tables, before.tables);
    assert_int_equal(after.bytes, before.bytes);
}

static void test_memory_of_tables_is_bounded(void **state)
{
    (void)state;
    struct smk_module_tables_stats before, after;
    smk_module_tables_stats(&before);
    smk_module_tables_set_max(before.bytes);
    void *lib = dlopen("libresolv.so.2", RTLD_NOW);
    assert_non_null(lib);
    look();
    assert_non_null(module_named("libresolv.so")); /* still told of */
    smk_module_tables_stats(&after);
    assert_int_equal(after.bytes, before.bytes);
    assert_int_equal(after.refused, before.refused + 1);
    look();
    smk_module_tables_stats(&after);
    assert_int_equal(after.refused, before.refused + 1); /* counted once */
    smk_module_tables_set_max(SMK_TABLE_BYTES_DEFAULT);
    dlclose(lib);
}

/* ---- what a walk asks ------------------------------------------------------------------------------------------ */

static uint16_t rule_at(const void *code)
{
    struct smk_map_reader reader;
    assert_true(smk_map_enter(&reader));
    uint16_t rule = smk_map_rule(&reader, (uint64_t)code);
    assert_int_equal(smk_map_rule(&reader, (uint64_t)code), rule); /* now from the cache */
    return rule;
}

static void test_code_that_comes_later_is_asked_for(void **state)
{
    (void)state;
    smk_modules_refresh();
    rule_at((void *)(uintptr_t)look); /* known: nothing is wanted */
    assert_false(smk_map_is_wanted());
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(rule_at(code), SMK_RULE_MAKE(SMK_RULE_OUTSIDE, 0));
    assert_true(smk_map_is_wanted());
    for (int i = 0; i < 1000 && smk_map_is_wanted(); i++) { /* it lets time pass between two */
        usleep(10000);
        smk_modules_refresh_if_wanted();
    }
    assert_false(smk_map_is_wanted());
    assert_int_equal(rule_at(code), SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    munmap(code, 4096);
    smk_modules_refresh();
    assert_int_equal(rule_at(code), SMK_RULE_MAKE(SMK_RULE_OUTSIDE, 0)); /* the cache forgot it */
    smk_modules_refresh();
}

static void test_lines_of_maps(void **state)
{
    (void)state;
    struct smk_mapping m;
    char line[] = "7f00a000-7f00b000 r-xp 00001000 fe:01 1234   /usr/lib/a b.so (deleted)";
    assert_true(smk_maps_parse(line, &m));
    assert_int_equal(m.start, 0x7f00a000);
    assert_int_equal(m.end, 0x7f00b000);
    assert_int_equal(m.offset, 0x1000);
    assert_int_equal(m.inode, 1234);
    assert_int_equal(m.device, UINT64_C(0xfe) << 32 | 1);
    assert_true(m.executable);
    assert_string_equal(m.path, "/usr/lib/a b.so (deleted)");
    char anonymous[] = "00400000-00401000 rw-p 00000000 00:00 0 ";
    assert_true(smk_maps_parse(anonymous, &m));
    assert_false(m.executable);
    assert_string_equal(m.path, "");
    char bad[][32] = {"", "-", "12", "12-", "12-13", "12-13 r", "13-12 rwxp 0 0:0 0", "x-y rwxp 0 0:0 0"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++)
        assert_false(smk_maps_parse(bad[i], &m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_the_loader),
        cmocka_unit_test(test_the_program_itself),
        cmocka_unit_test(test_number_changes_with_the_list),
        cmocka_unit_test(test_modules_that_went),
        cmocka_unit_test(test_tables_are_made_once),
        cmocka_unit_test(test_memory_of_tables_is_bounded),
        cmocka_unit_test(test_code_that_comes_later_is_asked_for),
        cmocka_unit_test(test_lines_of_maps),
    };
    smk_stack_prepare();
    return SMK_RUN(tests);
}
