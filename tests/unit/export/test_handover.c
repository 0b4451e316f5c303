/* Which unlock ended which wait, whichever is told first. */
#include "unit/smk_test.h"

#include "export/handover.h"

enum { LOCK = 0xa0, GIVER = 7 };

struct pairs {
    struct smk_handovers handovers;
    struct smk_mem mem;
    uint32_t met, unmet;
    uint64_t flow; /* of the last that was met */
};

static void on_met(void *arg, const struct smk_handover_wait *wait, struct smk_handover_release *release)
{
    struct pairs *pairs = arg;
    assert_true(release->from >= wait->from && release->from <= wait->to && wait->tid == release->tid);
    pairs->met++;
    pairs->flow = release->flow;
}

static void on_unmet(void *arg, const struct smk_handover_wait *wait)
{
    (void)wait;
    ((struct pairs *)arg)->unmet++;
}

static void begin(struct pairs *pairs)
{
    *pairs = (struct pairs){.met = 0};
    smk_mem_init(&pairs->mem, NULL, NULL, 0);
    pairs->handovers = (struct smk_handovers){.mem = &pairs->mem, .arg = pairs, .met = on_met, .unmet = on_unmet};
}

static void end(struct pairs *pairs, uint32_t met, uint32_t unmet)
{
    smk_handovers_finish(&pairs->handovers);
    assert_int_equal(pairs->met, met);
    assert_int_equal(pairs->unmet, unmet);
    assert_int_equal(pairs->mem.used, 0);
}

static void release(struct pairs *pairs, uint64_t from, uint64_t flow, uint32_t takers)
{
    struct smk_handover_release said = {.from = from, .flow = flow, .tid = GIVER, .left = takers};
    smk_handovers_release(&pairs->handovers, 0, LOCK, &said);
}

static void wait_for(struct pairs *pairs, uint64_t from, uint64_t to, uint32_t releaser)
{
    struct smk_span_wait said = {
        .from = from, .to = to, .object = LOCK, .thread = 1, .releaser = releaser, .kind = SMK_WAIT_LOCK};
    smk_handovers_wait(&pairs->handovers, &said);
}

static void test_either_first(void **state)
{
    (void)state;
    struct pairs pairs;
    begin(&pairs);
    release(&pairs, 150, 1, 1);
    wait_for(&pairs, 100, 160, GIVER);
    assert_int_equal(pairs.met, 1);
    wait_for(&pairs, 200, 260, GIVER);
    assert_int_equal(pairs.met, 1);
    release(&pairs, 250, 2, 1);
    assert_int_equal(pairs.flow, 2);
    end(&pairs, 2, 0);
}

/* Before the wait, behind it, another's, and one that has ended another wait already. */
static void test_what_does_not_fit(void **state)
{
    (void)state;
    struct pairs pairs;
    begin(&pairs);
    release(&pairs, 50, 1, 1);
    release(&pairs, 170, 2, 1);
    wait_for(&pairs, 100, 160, GIVER);
    release(&pairs, 150, 3, 1);
    assert_int_equal(pairs.flow, 3);
    wait_for(&pairs, 100, 160, GIVER);     /* 3 is given away */
    wait_for(&pairs, 140, 180, GIVER + 1); /* of somebody else */
    wait_for(&pairs, 140, 180, 0);         /* nobody knows of whom */
    end(&pairs, 1, 3);
}

static void test_only_the_last_are_kept(void **state)
{
    (void)state;
    struct pairs pairs;
    begin(&pairs);
    for (uint64_t i = 0; i <= SMK_HANDOVERS_KEPT; i++)
        release(&pairs, 100 + i, i, 1);
    wait_for(&pairs, 100, 100, GIVER); /* the first is forgotten */
    wait_for(&pairs, 101, 101, GIVER);
    assert_int_equal(pairs.flow, 1);
    for (uint64_t i = 0; i <= SMK_HANDOVERS_KEPT; i++)
        wait_for(&pairs, 1000, 1001, GIVER);
    end(&pairs, 1, 1 + SMK_HANDOVERS_KEPT + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_either_first),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_only_the_last_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
