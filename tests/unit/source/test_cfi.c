/* The compiler of unwind information, on sections made by hand and on damaged ones of real libraries. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include "source/cfi.h"

#define ROWS 4096

static uint32_t offsets[ROWS];
static uint16_t rules[ROWS];

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static void test_plain_rules_fit(void **state)
{
    (void)state;
    struct smk_rule_odd sp = {.base = SMK_ODD_SP, .offset = 48, .saved = SMK_ODD_AT_CFA, .saved_offset = -16};
    uint16_t rule = smk_rule_encode(&sp);
    assert_int_equal(SMK_RULE_KIND(rule), SMK_RULE_SP);
    assert_int_equal(SMK_RULE_CFA(rule), 48);
    assert_int_equal(SMK_RULE_SAVED(rule), 16);
    struct smk_rule_odd fp = {.base = SMK_ODD_FP, .offset = 4088};
    rule = smk_rule_encode(&fp);
    assert_int_equal(SMK_RULE_KIND(rule), SMK_RULE_FP);
    assert_int_equal(SMK_RULE_CFA(rule), 4088);
    assert_int_equal(SMK_RULE_SAVED(rule), 0);
}

static void test_others_are_kept_beside(void **state)
{
    (void)state;
    const struct smk_rule_odd odds[] = {
        {.base = SMK_ODD_SP, .offset = 4096},
        {.base = SMK_ODD_SP, .offset = 0},
        {.base = SMK_ODD_SP, .offset = -8},
        {.base = SMK_ODD_SP, .offset = 12},
        {.base = SMK_ODD_FP, .offset = -8, .stored = 1, .add = 8},
        {.base = SMK_ODD_FP, .offset = 16, .saved = SMK_ODD_AT_FP, .saved_offset = 0},
        {.base = SMK_ODD_SP, .offset = 800, .saved = SMK_ODD_AT_CFA, .saved_offset = -256},
        {.base = SMK_ODD_SP, .offset = 16, .saved = SMK_ODD_AT_CFA, .saved_offset = -8},
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(odds); i++) {
        uint16_t rule = smk_rule_encode(&odds[i]);
        assert_int_equal(SMK_RULE_KIND(rule), SMK_RULE_ODD);
        assert_int_equal(smk_rule_encode(&odds[i]), rule);
        const struct smk_rule_odd *kept = smk_rule_odd(rule);
        assert_int_equal(kept->offset, odds[i].offset);
        assert_int_equal(kept->saved_offset, odds[i].saved_offset);
        assert_int_equal(kept->stored, odds[i].stored);
        assert_int_equal(kept->add, odds[i].add);
    }
}

/* ---- programs --------------------------------------------------------------------------------------------------- */

static const struct smk_cfi_common common = {
    .code_align = 1,
    .data_align = -8,
    .initial = {.cfa = SMK_CFA_REGISTER, .cfa_register = SMK_CFI_RSP, .cfa_offset = 8}};

static struct smk_cfi_table run(const uint8_t *program, size_t len, bool *known)
{
    struct smk_cfi_rows rows = {.offsets = offsets, .rules = rules, .capacity = ROWS};
    struct smk_cfi_state s = common.initial;
    struct smk_cfi_reader r = {.p = program, .end = program + len, .address = 0};
    *known = smk_cfi_run(&common, r, 100, 200, &s, &rows);
    return (struct smk_cfi_table){offsets, rules, rows.count};
}

static void test_a_function_with_a_frame(void **state)
{
    (void)state;
    /* advance 1; cfa offset 16; rbp at cfa-16; advance 3; cfa register rbp; advance 50; remember;
     * cfa rsp+8; advance 1; restore state */
    static const uint8_t program[] = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x72, 0x0a, 0x0c, 7, 8, 0x41, 0x0b};
    bool known;
    struct smk_cfi_table t = run(program, sizeof program, &known);
    assert_true(known);
    assert_int_equal(t.count, 5);
    assert_int_equal(smk_cfi_rule(&t, 99), SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    assert_int_equal(smk_cfi_rule(&t, 100), SMK_RULE_OF(SMK_RULE_SP, 1, 0));
    assert_int_equal(smk_cfi_rule(&t, 101), SMK_RULE_OF(SMK_RULE_SP, 2, 2));
    assert_int_equal(smk_cfi_rule(&t, 103), SMK_RULE_OF(SMK_RULE_SP, 2, 2));
    assert_int_equal(smk_cfi_rule(&t, 104), SMK_RULE_OF(SMK_RULE_FP, 2, 2));
    assert_int_equal(smk_cfi_rule(&t, 154), SMK_RULE_OF(SMK_RULE_SP, 1, 2));
    assert_int_equal(smk_cfi_rule(&t, 155), SMK_RULE_OF(SMK_RULE_FP, 2, 2));
}

static void check_rule_at_start(const uint8_t *program, size_t len, uint16_t rule)
{
    bool known;
    struct smk_cfi_table t = run(program, len, &known);
    assert_true(known);
    assert_int_equal(smk_cfi_rule(&t, 150), rule);
}

static void test_special_forms(void **state)
{
    (void)state;
    static const uint8_t end[] = {0x07, 16};
    check_rule_at_start(end, sizeof end, SMK_RULE_MAKE(SMK_RULE_END, 0));
    static const uint8_t plt[] = {0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
    check_rule_at_start(plt, sizeof plt, SMK_RULE_MAKE(SMK_RULE_PLT, 11));
    static const uint8_t other_register[] = {0x0c, 3, 16}; /* rbx */
    check_rule_at_start(other_register, sizeof other_register, SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    static const uint8_t other_expression[] = {0x0f, 2, 0x70, 0};
    check_rule_at_start(other_expression, sizeof other_expression, SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    static const uint8_t ra_elsewhere[] = {0x90, 4};
    check_rule_at_start(ra_elsewhere, sizeof ra_elsewhere, SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    /* realigned by gcc: CFA = *(rbp - 8), rbp at rbp + 0 */
    static const uint8_t realigned[] = {0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0};
    bool known;
    struct smk_cfi_table t = run(realigned, sizeof realigned, &known);
    const struct smk_rule_odd *odd = smk_rule_odd(smk_cfi_rule(&t, 150));
    assert_int_equal(odd->base, SMK_ODD_FP);
    assert_int_equal(odd->offset, -8);
    assert_true(odd->stored);
    assert_int_equal(odd->saved, SMK_ODD_AT_FP);
}

static void test_unknown_instructions_end_a_function(void **state)
{
    (void)state;
    static const uint8_t programs[][4] = {
        {0x42, 0x3f}, /* no such instruction */
        {0x42, 0x0b}, /* restores what was not remembered */
        {0x42, 0x0e, 0x80, 0x80}, /* a number without an end */
        {0x42, 0x02, 0xff, 0},    /* goes past the function's end */
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(programs); i++) {
        bool known;
        struct smk_cfi_table t = run(programs[i], sizeof programs[i], &known);
        assert_false(known);
        assert_int_equal(smk_cfi_rule(&t, 100), SMK_RULE_OF(SMK_RULE_SP, 1, 0));
        assert_int_equal(smk_cfi_rule(&t, 110), SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    }
}

/* ---- sections of real libraries, whole and damaged -------------------------------------------------------- */

struct real {
    struct smk_cfi_image image;
    struct smk_cfi_header header;
    uint64_t base;
    uint8_t *header_copy, *frames_copy;
};

static int find_cmocka(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    struct real *real = arg;
    if (!strstr(info->dlpi_name, "libcmocka"))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_GNU_EH_FRAME) {
            real->image.header_address = info->dlpi_addr + p->p_vaddr;
            real->image.header_len = p->p_memsz;
        }
    }
    real->base = info->dlpi_addr;
    return 1;
}

static void load_real(struct real *real)
{
    assert_int_equal(dl_iterate_phdr(find_cmocka, real), 1);
    struct smk_cfi_image *image = &real->image;
    real->header_copy = malloc(image->header_len);
    memcpy(real->header_copy, (const void *)image->header_address, image->header_len);
    image->header = real->header_copy;
    assert_true(smk_cfi_read_header(image->header, image->header_len, image->header_address, &real->header));
    assert_true(real->header.count > 50);
    image->frames_address = real->header.frames_address;
    uint64_t last = 0;
    for (uint32_t i = 0; i < real->header.count; i++)
        last = smk_max_u64(last, smk_cfi_entry(image, &real->header, i));
    image->frames_len = last + 4 + *(const uint32_t *)last - image->frames_address;
    real->frames_copy = malloc(image->frames_len);
    memcpy(real->frames_copy, (const void *)image->frames_address, image->frames_len);
    image->frames = real->frames_copy;
}

static void free_real(struct real *real)
{
    free(real->header_copy);
    free(real->frames_copy);
}

static struct smk_cfi_table compile(const struct real *real)
{
    struct smk_cfi_rows rows = {.offsets = offsets, .rules = rules, .capacity = ROWS};
    smk_cfi_compile(&real->image, &real->header, real->base, &rows);
    return (struct smk_cfi_table){offsets, rules, rows.count};
}

static void test_a_real_library(void **state)
{
    (void)state;
    struct real real = {0};
    load_real(&real);
    struct smk_cfi_table t = compile(&real);
    assert_true(t.count > real.header.count);
    assert_true(t.count <= smk_cfi_rows_max(&real.image, &real.header));
    for (uint32_t i = 1; i < t.count; i++)
        assert_true(t.offsets[i] > t.offsets[i - 1]);
    /* Each function begins with its return address on top of the stack. */
    uint64_t start = (uint64_t)(uintptr_t)_cmocka_run_group_tests - real.base;
    assert_int_equal(smk_cfi_rule(&t, start), SMK_RULE_OF(SMK_RULE_SP, 1, 0));
    free_real(&real);
}

static uint64_t seed = 42;

static uint32_t any(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u; /* Knuth's, MMIX */
    return (uint32_t)(seed >> 33);
}

static void test_damaged_ones(void **state)
{
    (void)state;
    struct real real = {0};
    load_real(&real);
    for (int round = 0; round < 500; round++) {
        for (int i = 0; i < 5; i++) {
            real.frames_copy[any() % real.image.frames_len] = (uint8_t)any();
            real.header_copy[12 + any() % (real.image.header_len - 12)] = (uint8_t)any();
        }
        struct smk_cfi_table t = compile(&real);
        assert_true(t.count <= smk_cfi_rows_max(&real.image, &real.header));
        for (uint32_t i = 1; i < t.count; i++)
            assert_true(t.offsets[i] > t.offsets[i - 1]);
    }
    free_real(&real);
}

static void test_headers(void **state)
{
    (void)state;
    uint8_t bytes[20] = {1, 0x1b, 3, 0x3b, 0x10, 0, 0, 0, 2, 0, 0, 0};
    struct smk_cfi_header header;
    assert_true(smk_cfi_read_header(bytes, sizeof bytes, 0x1000, &header));
    assert_int_equal(header.frames_address, 0x1014);
    assert_int_equal(header.count, 2);
    assert_int_equal(header.table, 12);
    for (size_t i = 0; i < 4; i++) {
        uint8_t before = bytes[i];
        bytes[i] = 0xff;
        assert_false(smk_cfi_read_header(bytes, sizeof bytes, 0x1000, &header));
        bytes[i] = before;
    }
    assert_false(smk_cfi_read_header(bytes, 11, 0x1000, &header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_rules_fit),
        cmocka_unit_test(test_others_are_kept_beside),
        cmocka_unit_test(test_a_function_with_a_frame),
        cmocka_unit_test(test_special_forms),
        cmocka_unit_test(test_unknown_instructions_end_a_function),
        cmocka_unit_test(test_a_real_library),
        cmocka_unit_test(test_damaged_ones),
        cmocka_unit_test(test_headers),
    };
    return SMK_RUN(tests);
}
