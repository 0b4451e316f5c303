/* What a process of the family says of a rule, when it is somebody else's by now: figures that are none, texts without
 * an end, matches without number. It is never more than a cause, and the kernel says whose. */
#include "unit/smk_test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/notable.h"
#include "rule_family.h"

static struct smk_wire_matched good(void)
{
    struct smk_wire_matched said = {
        .number = 7, .value = 312000000, .request = 91, .tid = 4713, .status = 200, .count = 3, .running = 0};
    snprintf(said.what, sizeof said.what, "GET /slow");
    return said;
}

static void what_is_said_is_the_cause_of_that_process(void **state)
{
    struct smk_wire_matched said = good();
    struct smk_rule rule = {.on = SMK_RULE_REQUEST};
    struct smk_cause cause;
    char text[256];
    (void)state;
    assert_true(smk_rule_family_read(&said, 4711, 1000, &cause));
    assert_int_equal(cause.pid, 4711);
    assert_int_equal(cause.time_unix_ns, 1000); /* our own clock's */
    smk_cause_format(&rule, &cause, text, sizeof text);
    assert_string_equal(text, "GET /slow took 312 ms (process 4711, request 91, thread 4713, status 200)");
}

static void a_text_has_an_end(void **state)
{
    struct smk_wire_matched said = good();
    struct smk_cause cause;
    (void)state;
    memset(said.what, 'x', sizeof said.what);
    assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    said.what[sizeof said.what - 1] = '\0'; /* longer than a route may be */
    assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    said.what[SMK_RULE_ROUTE - 1] = '\0';
    assert_true(smk_rule_family_read(&said, 1, 1, &cause));
    assert_int_equal(strlen(cause.what), SMK_RULE_ROUTE - 1);
}

static void figures_have_bounds(void **state)
{
    static const uint32_t counts[] = {0, SMK_NOTABLES + 1, INT32_MAX, UINT32_MAX};
    struct smk_wire_matched said = good();
    struct smk_cause cause;
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        said.count = counts[i];
        assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    }
    said = good();
    said.running = 2;
    assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    said = good();
    said.value = UINT64_MAX;
    said.status = UINT32_MAX;
    assert_true(smk_rule_family_read(&said, 1, 1, &cause));
    assert_int_equal(cause.value, INT64_MAX);
    assert_int_equal(cause.status, 0);
}

/* Whatever bytes come, what is taken can be written into the ledger as one line, and be read again. */
static void any_bytes_make_one_line(void **state)
{
    struct smk_wire_matched said;
    struct smk_rule rule = {.on = SMK_RULE_REQUEST};
    struct smk_ledger_entry entry, again;
    char line[4096];
    uint64_t seed = 1;
    unsigned taken = 0;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof said; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            ((uint8_t *)&said)[i] = (uint8_t)(seed >> 56);
        }
        said.count = 1 + said.count % SMK_NOTABLES;
        said.running &= 1;
        entry = (struct smk_ledger_entry){.kind = SMK_LEDGER_FIRED, .time_unix_ns = 1, .pid = 1, .service = "nginx",
                                          .rule = "slow", .count = 1};
        if (!smk_rule_family_read(&said, 4711, 1, &entry.cause))
            continue;
        taken++;
        smk_cause_format(&rule, &entry.cause, entry.text, sizeof entry.text);
        size_t len = smk_ledger_format(&entry, line, sizeof line);
        assert_true(len < sizeof line);
        assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
        assert_true(smk_ledger_parse(line, len - 1, &again));
        assert_int_equal(again.pid, 1);
        assert_string_equal(again.rule, "slow");
    }
    assert_true(taken > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_the_cause_of_that_process),
        cmocka_unit_test(a_text_has_an_end),
        cmocka_unit_test(figures_have_bounds),
        cmocka_unit_test(any_bytes_make_one_line),
    };
    return SMK_RUN(tests);
}
