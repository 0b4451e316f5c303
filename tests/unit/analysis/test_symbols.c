#include "unit/analysis/own_module.h"

#include "analysis/names.h"
#include "analysis/symbols.h"

#define FAR (UINT64_C(64) << 20)

static int data_object[4] = {1, 2, 3, 4};
static char zero_object[1 << 16]; /* behind what the file holds */

__attribute__((noinline)) static int a_function(int x)
{
    __asm__ volatile("" : "+r"(x));
    return data_object[x & 3] + zero_object[x & 7];
}

struct fixture {
    struct build build;
    smk_trace *trace;
    struct smk_mem mem;
    struct smk_symbols symbols;
};

static void open_trace(struct fixture *f, bool no_files)
{
    build_window(&f->build, 0, 0, 1000);
    f->trace = build_open(&f->build);
    smk_mem_init(&f->mem, NULL, NULL, 0);
    smk_symbols_init(&f->symbols, &f->mem, f->trace, NULL, no_files);
}

static void tear_down(struct fixture *f)
{
    smk_symbols_free(&f->symbols);
    assert_int_equal(f->mem.used, 0);
    smk_trace_close(f->trace);
}

static uint64_t address_of(const void *object) { return (uint64_t)(uintptr_t)object; }

static uint64_t inside_a_function(void) { return (uint64_t)(uintptr_t)a_function + 1; }

static void test_functions_and_objects(void **state)
{
    (void)state;
    char path[512];
    struct smk_object object;
    struct fixture f;
    own_path(path);
    build_init(&f.build);
    own_module(&f.build, path, true, FAR);
    uint64_t pcs[] = {inside_a_function(), inside_a_function(), 0x10};
    uint32_t stack = build_stack(&f.build, pcs, 3);
    open_trace(&f, false);
    assert_true(a_function(2) != 0);
    const smk_stack_info *info = smk_trace_stack(f.trace, stack);
    const struct smk_place *place = smk_symbols_frame(&f.symbols, info, 0);
    assert_string_equal(place->function, "a_function");
    assert_string_equal(place->module, path);
    assert_true(place->named);
    assert_false(place->ours);
    assert_int_equal(place->function_id, smk_symbols_frame(&f.symbols, info, 1)->function_id);
    assert_string_equal(smk_symbols_frame(&f.symbols, info, 2)->function, "0xf");
    assert_null(smk_symbols_frame(&f.symbols, info, 3));
    assert_true(smk_symbols_object(&f.symbols, 0, address_of(&data_object[1]), &object));
    assert_string_equal(object.name, "data_object");
    assert_int_equal(object.offset, 4);
    assert_int_equal(object.size, sizeof(data_object));
    assert_false(smk_symbols_object(&f.symbols, 0, 0x10, &object));
    tear_down(&f);
}

/* The module's range in the trace ends with what the file holds; what is zero at start lies behind it. */
static void test_objects_behind_the_file(void **state)
{
    (void)state;
    char path[512], name[SMK_NAME_MAX];
    uint64_t bias = 0;
    struct smk_object object;
    struct fixture f;
    own_path(path);
    dl_iterate_phdr(own_take_bias, &bias);
    build_init(&f.build);
    own_module(&f.build, path, true, address_of(zero_object) - bias);
    open_trace(&f, false);
    assert_true(smk_symbols_object(&f.symbols, 0, address_of(zero_object) + 40, &object));
    assert_string_equal(object.name, "zero_object");
    struct smk_lock lock = {.address = address_of(zero_object)};
    assert_int_equal(smk_name_of_lock(name, &f.symbols, &lock), SMK_LOCK_SYMBOL);
    assert_string_equal(name, "zero_object");
    lock.address += 40;
    smk_name_of_lock(name, &f.symbols, &lock);
    assert_string_equal(name, "zero_object+0x28");
    lock.address = address_of(zero_object) + FAR;
    assert_int_equal(smk_name_of_lock(name, &f.symbols, &lock), SMK_LOCK_ADDRESS);
    tear_down(&f);
}

/* The file's own names come first, and are there where no file may be opened. */
static void test_names_in_the_trace(void **state)
{
    (void)state;
    struct smk_object object;
    struct fixture f;
    build_init(&f.build);
    uint32_t module = build_module(&f.build, 0x10000, 0x20000, 0x8000, "/nowhere/program", "\1\2\3\4", 4);
    build_symbol(&f.build, false, module, 0x8100, 0x80f0, "take_one", "serve", "src/serve.c");
    build_symbol(&f.build, false, module, 0x8200, 0x8200, "_ZNSt5mutex4lockEv", "hold", "src/hold.c");
    build_symbol(&f.build, true, module, 0x9008, 0x9000, NULL, "the_table", "");
    uint64_t pcs[] = {0x10101, 0x10201, 0x10301};
    uint32_t stack = build_stack(&f.build, pcs, 3);
    open_trace(&f, true);
    const smk_stack_info *info = smk_trace_stack(f.trace, stack);
    const struct smk_place *place = smk_symbols_frame(&f.symbols, info, 0);
    assert_string_equal(place->function, "take_one");
    assert_string_equal(place->file, "serve.c");
    assert_string_equal(place->file_path, "src/serve.c");
    assert_int_equal(place->line, 7);
    assert_int_equal(place->start, 0x80f0);
    assert_true(place->baked && place->named);
    assert_int_equal(place->outer_count, 1);
    assert_string_equal(smk_symbols_outer(&f.symbols, place, 0)->function, "serve");
    assert_null(smk_symbols_outer(&f.symbols, place, 1));
    /* A lock's wrapper is passed over, and is in the file all the same. */
    place = smk_symbols_frame(&f.symbols, info, 1);
    assert_string_equal(place->function, "hold");
    assert_false(place->ours);
    assert_int_equal(place->outer_count, 0);
    assert_string_equal(smk_symbols_inlined(&f.symbols, place, 0)->function, "_ZNSt5mutex4lockEv");
    assert_string_equal(smk_symbols_inlined(&f.symbols, place, 1)->function, "hold");
    assert_false(smk_symbols_frame(&f.symbols, info, 2)->named);
    assert_true(smk_symbols_object(&f.symbols, 0, 0x11008, &object));
    assert_string_equal(object.name, "the_table");
    assert_int_equal(object.offset, 8);
    assert_true(object.baked);
    tear_down(&f);
}

/* Two modules were at an address: neither's name. The same one twice is one. */
static void test_two_modules_at_one_address(void **state)
{
    (void)state;
    char path[512];
    struct fixture f;
    own_path(path);
    for (int other = 0; other < 2; other++) {
        build_init(&f.build);
        own_module(&f.build, path, true, FAR);
        if (other)
            build_module(&f.build, inside_a_function() - 64, inside_a_function() + 64, 0, "/other.so", "\1\2", 2);
        else
            own_module(&f.build, path, true, FAR);
        uint64_t pcs[] = {inside_a_function()};
        uint32_t stack = build_stack(&f.build, pcs, 1);
        open_trace(&f, false);
        const struct smk_place *place = smk_symbols_frame(&f.symbols, smk_trace_stack(f.trace, stack), 0);
        assert_int_equal(place->named, !other);
        assert_int_equal(f.symbols.ambiguous, other);
        if (other)
            assert_int_equal(strncmp(place->function, "0x", 2), 0);
        tear_down(&f);
    }
}

static void check_refused(const char *path, bool right, const char *reason)
{
    struct smk_nameless nameless;
    struct fixture f;
    build_init(&f.build);
    own_module(&f.build, path, right, FAR);
    uint64_t pcs[] = {inside_a_function()};
    uint32_t stack = build_stack(&f.build, pcs, 1);
    open_trace(&f, false);
    const struct smk_place *place = smk_symbols_frame(&f.symbols, smk_trace_stack(f.trace, stack), 0);
    assert_false(place->named);
    assert_non_null(strstr(place->function, "+0x"));
    assert_true(smk_symbols_nameless(&f.symbols, 0, &nameless));
    assert_string_equal(nameless.module->path, path);
    assert_string_equal(nameless.reason, reason);
    assert_int_equal(nameless.addresses, 1);
    assert_false(smk_symbols_nameless(&f.symbols, 1, &nameless));
    tear_down(&f);
}

static void test_another_file_is_not_believed(void **state)
{
    (void)state;
    char path[512];
    own_path(path);
    check_refused(path, false, "the file is another one now: its build-id differs");
    check_refused("/nowhere/to/be/found", true, "the file is gone");
    check_refused("/dev/zero", true, "it cannot be read as an ELF file");
    check_refused("/etc/passwd", true, "it cannot be read as an ELF file");
    check_refused("[vdso]", true, "it is no file");
}

static void test_no_file_is_opened_where_none_may_be(void **state)
{
    (void)state;
    char path[512];
    struct fixture f;
    own_path(path);
    build_init(&f.build);
    own_module(&f.build, path, true, FAR);
    uint64_t pcs[] = {inside_a_function()};
    uint32_t stack = build_stack(&f.build, pcs, 1);
    open_trace(&f, true);
    assert_false(smk_symbols_frame(&f.symbols, smk_trace_stack(f.trace, stack), 0)->named);
    tear_down(&f);
}

static void test_names_of_locks(void **state)
{
    (void)state;
    char name[SMK_NAME_MAX];
    struct fixture f;
    build_init(&f.build);
    build_lock_name(&f.build, 0x5000, "cart_lock");
    uint64_t pcs[] = {0x1011};
    uint32_t stack = build_stack(&f.build, pcs, 1), site = build_site(&f.build, "spin", "a.c", 3);
    open_trace(&f, false);
    struct smk_lock lock = {.address = 0x5000};
    assert_int_equal(smk_name_of_lock(name, &f.symbols, &lock), SMK_LOCK_NAMED);
    assert_string_equal(name, "cart_lock");
    lock = (struct smk_lock){.address = 0x6000, .first_stack = stack};
    assert_int_equal(smk_name_of_lock(name, &f.symbols, &lock), SMK_LOCK_PLACE);
    assert_string_equal(name, "mutex first waited for in 0x1010 (0x6000)");
    lock.site = site;
    assert_int_equal(smk_name_of_lock(name, &f.symbols, &lock), SMK_LOCK_OWN_WAIT);
    assert_string_equal(name, "spin");
    smk_name_of_thread(name, f.trace, 99);
    assert_string_equal(name, "thread number 99");
    smk_name_of_site(name, f.trace, 99);
    assert_string_equal(name, "site 99");
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_and_objects),
        cmocka_unit_test(test_names_in_the_trace),
        cmocka_unit_test(test_two_modules_at_one_address),
        cmocka_unit_test(test_objects_behind_the_file),
        cmocka_unit_test(test_another_file_is_not_believed),
        cmocka_unit_test(test_no_file_is_opened_where_none_may_be),
        cmocka_unit_test(test_names_of_locks),
    };
    return SMK_RUN(tests);
}
