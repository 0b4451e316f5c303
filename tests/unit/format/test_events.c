/* What the rest of the code takes for granted of the table of events. */
#include "unit/smk_test.h"

#include "format/events.h"
#include "stallmark/abi.h"
#include "stallmark/version.h"

/* Two lines with one number would be one element of the array: count the lines. */
static void test_ids_are_unique(void **state)
{
    static const unsigned ids[] = {
#define X(id, ...) id,
        SMK_EVENTS(X)
#undef X
    };
    bool seen[SMK_EV_LIMIT] = {false};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(ids); i++) {
        assert_in_range(ids[i], 1, SMK_EV_LIMIT - 1);
        assert_false(seen[ids[i]]);
        seen[ids[i]] = true;
    }
}

static bool fits_32_bits(unsigned type)
{
    return type == SMK_ARG_SITE || type == SMK_ARG_STRING || type == SMK_ARG_STACK ||
           type == SMK_ARG_THREAD || type == SMK_ARG_NUMBER;
}

static void test_each_event(void **state)
{
    (void)state;
    for (unsigned id = 0; id < SMK_EV_LIMIT; id++) {
        const struct smk_event_spec *spec = smk_event_spec(id);
        if (!spec)
            continue;
        assert_int_equal(spec->id, id);
        assert_in_range(spec->arg_count, 1, SMK_EVENT_ARGS);
        assert_true(fits_32_bits(spec->args[0].type)); /* it travels in the head */
        assert_int_equal(__builtin_popcount(spec->category), 1);
        assert_non_null(smk_category_name(spec->category));
        assert_in_range(spec->since, 1, SMK_FORMAT_VERSION);
        for (unsigned i = 0; i < spec->arg_count; i++) {
            assert_non_null(spec->args[i].name);
            assert_in_range(spec->args[i].type, SMK_ARG_NONE + 1, SMK_ARG_TYPES - 1);
            assert_true(spec->args[i].type != SMK_ARG_TEXT || i + 1 == spec->arg_count);
            for (unsigned k = 0; k < i; k++)
                assert_string_not_equal(spec->args[i].name, spec->args[k].name);
        }
    }
    assert_null(smk_event_spec(0));
    assert_null(smk_event_spec(SMK_EV_LIMIT));
    assert_null(smk_event_spec(UINT32_MAX));
}

static void test_names_are_unique(void **state)
{
    (void)state;
    for (unsigned id = 0; id < SMK_EV_LIMIT; id++)
        for (unsigned other = 0; smk_event_spec(id) && other < id; other++)
            if (smk_event_spec(other))
                assert_string_not_equal(smk_event_spec(id)->name, smk_event_spec(other)->name);
}

static void test_categories(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < SMK_CATEGORY_COUNT; bit++) {
        const char *name = smk_category_name(1u << bit);
        assert_non_null(name);
        assert_int_equal(smk_category_by_name(name, strlen(name)), 1u << bit);
        assert_int_equal(smk_category_by_name(name, strlen(name) - 1), 0);
    }
    assert_int_equal(smk_category_by_name("Lock", 4), 0);
    assert_int_equal(smk_category_by_name("", 0), 0);
    assert_null(smk_category_name(0));
    assert_null(smk_category_name(SMK_CAT_LOCK | SMK_CAT_NET));
    /* alloc is off by default, cpu is on in timed captures and off in the recorder */
    assert_int_equal(smk_categories_timed(), SMK_CAT_ALL & ~SMK_CAT_ALLOC);
    assert_int_equal(smk_categories_recorder(), SMK_CAT_ALL & ~(SMK_CAT_ALLOC | SMK_CAT_CPU));
}

/* The public header has numbers of its own, since it includes nothing of ours. */
static void test_public_numbers(void **state)
{
    (void)state;
    assert_int_equal(SMK_ABI_CAT_LOCK, SMK_CAT_LOCK);
    assert_int_equal(SMK_ABI_CAT_REQUEST, SMK_CAT_REQUEST);
    assert_int_equal(SMK_ABI_CAT_REGION, SMK_CAT_REGION);
    assert_int_equal(SMK_ABI_CAT_OTHER, SMK_CAT_OTHER);
}

static void test_wait_kinds(void **state)
{
    (void)state;
    assert_string_equal(smk_wait_kind_name(SMK_WAIT_LOCK), "lock");
    assert_string_equal(smk_wait_kind_name(SMK_WAIT_OTHER), "other");
    assert_string_equal(smk_wait_kind_name(0), "?");
    assert_string_equal(smk_wait_kind_name(99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_unique),  cmocka_unit_test(test_each_event),
        cmocka_unit_test(test_names_are_unique), cmocka_unit_test(test_categories),
        cmocka_unit_test(test_public_numbers),  cmocka_unit_test(test_wait_kinds),
    };
    return SMK_RUN(tests);
}
