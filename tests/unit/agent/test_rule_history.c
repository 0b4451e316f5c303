/* What a rule is tried on: minutes of latencies, which are put in here as they would have been. */
#define _GNU_SOURCE
#include "agent_test.h"

#include "agent_state.h"
#include "control.h"
#include "core/clock.h"
#include "core/intern.h"
#include "core/routes.h"
#include "core/site.h"
#include "rule_history.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static uint64_t now; /* ns since 1970 */

static void on_the_loop(void (*run)(void *), void *arg)
{
    assert_int_equal(smk_control_call(run, arg, UINT64_C(10000000000)), 0);
}

static void begin(const struct smk_agent_setting *settings)
{
    assert_int_equal(start_with(settings), 0);
    free(fake_body("GET", "/debug/trace?duration=60s", 202));
    now = smk_sys_clock(CLOCK_REALTIME);
}

static void ended(const char *route, uint64_t ns, uint32_t times, enum smk_outcome outcome)
{
    smk_route_ended(NULL, smk_string_id(route), smk_ns_to_ticks(ns), outcome, times);
}

static void close_minute(void *end) { smk_history_note(*(uint64_t *)end); }

/* What was put in until now is the minute that ended so long ago. */
static void minute_ended(uint64_t ago)
{
    uint64_t end = now - ago;
    on_the_loop(close_minute, &end);
}

struct trial {
    struct smk_rule rule;
    uint64_t ns;
    struct smk_backtest result;
};

static void backtest(void *arg)
{
    struct trial *trial = arg;
    smk_history_backtest(&trial->rule, trial->ns, &trial->result);
}

static struct smk_backtest try(const char *text, uint64_t ns)
{
    struct trial trial = {.ns = ns};
    struct smk_rule_error error;
    assert_true(smk_rule_parse(&trial.rule, text, strlen(text), &error));
    on_the_loop(backtest, &trial);
    return trial.result;
}

static void minutes_and_routes_are_told_apart(void **state)
{
    (void)state;
    begin(NULL);
    ended("GET /cart", 10 * MS, 100, SMK_OUTCOME_GOOD);
    ended("GET /cart", 400 * MS, 3, SMK_OUTCOME_GOOD);
    ended("GET /item", 500 * MS, 7, SMK_OUTCOME_GOOD);
    minute_ended(10 * MINUTE);
    ended("GET /cart", 10 * MS, 50, SMK_OUTCOME_GOOD);
    ended("GET /cart", 600 * MS, 2, SMK_OUTCOME_GOOD);
    minute_ended(2 * MINUTE);
    struct smk_backtest all =
        try("when request > 250ms on \"GET /cart*\" cooldown 0s at most 1000 per 24h 1000 per day", HOUR);
    assert_true(all.known);
    assert_int_equal(all.minutes, 2);
    assert_int_equal(all.requests, 155);
    assert_int_equal(all.least, 5);
    assert_int_equal(all.most, 5);
    assert_int_equal(all.fires, 5);
    assert_true(all.from_unix_ns <= now - 10 * MINUTE && all.to_unix_ns >= now);
    struct smk_backtest late = try("when request > 250ms on \"GET /cart*\"", 5 * MINUTE);
    assert_int_equal(late.minutes, 1);
    assert_int_equal(late.requests, 52);
    assert_int_equal(late.least, 2);
    assert_int_equal(try("when request > 250ms", HOUR).least, 12);
    assert_int_equal(try("when request > 1s", HOUR).most, 0);
    assert_int_equal(try("when request > 250ms on \"POST *\"", HOUR).requests, 0);
}

/* Between the bounds of its bucket a latency is not known: so many at least, so many at most. */
static void what_is_kept_is_a_range(void **state)
{
    uint64_t low, high;
    (void)state;
    begin(NULL);
    smk_histogram_bounds(smk_histogram_bucket(300 * MS), &low, &high);
    ended("GET /cart", 300 * MS, 4, SMK_OUTCOME_GOOD);
    minute_ended(MINUTE);
    char text[64];
    snprintf(text, sizeof text, "when request > %lluns", (unsigned long long)(low + high) / 2);
    struct smk_backtest range = try(text, HOUR);
    assert_int_equal(range.least, 0);
    assert_int_equal(range.most, 4);
}

static void guard_rails_hold_in_the_past_too(void **state)
{
    (void)state;
    begin(NULL);
    for (unsigned i = 30; i > 0; i--) {
        ended("GET /cart", 400 * MS, 60, SMK_OUTCOME_GOOD);
        minute_ended(i * MINUTE);
    }
    assert_int_equal(try("when request > 250ms cooldown 0s at most 1000 per 24h 1000 per day", HOUR).fires, 1000);
    assert_int_equal(try("when request > 250ms cooldown 1m at most 1000 per 24h 1000 per day", HOUR).fires, 30);
    assert_int_equal(try("when request > 250ms", HOUR).fires, 15); /* 5 in each 10 minutes */
    assert_int_equal(try("when request > 250ms at most 3", HOUR).fires, 3);
    assert_int_equal(try("when request > 250ms count 1000 in 1m", HOUR).fires, 0);
    struct smk_backtest skipped =
        try("when request > 250ms cooldown 0s at most 1000 per 24h 1000 per day skip 90%", HOUR);
    assert_in_range(skipped.fires, 150, 210); /* of 1,800 */
}

static void relative_rules_need_enough(void **state)
{
    static const struct smk_agent_setting settings[] = {{"rule_samples", "100"}, {NULL, NULL}};
    (void)state;
    begin(settings);
    ended("GET /cart", 10 * MS, 90, SMK_OUTCOME_GOOD);
    ended("GET /cart", 900 * MS, 1, SMK_OUTCOME_GOOD);
    minute_ended(2 * MINUTE);
    assert_int_equal(try("when request > 3x p50", HOUR).most, 0);
    ended("GET /cart", 10 * MS, 90, SMK_OUTCOME_GOOD);
    minute_ended(MINUTE);
    struct smk_backtest usual = try("when request > 3x p50", HOUR);
    assert_int_equal(usual.least, 1);
    assert_int_equal(usual.most, 1);
    assert_int_equal(usual.requests, 181);
}

static void states_and_waits(void **state)
{
    (void)state;
    begin(NULL);
    ended("GET /cart", 10 * MS, 20, SMK_OUTCOME_GOOD);
    ended("GET /cart", 10 * MS, 3, SMK_OUTCOME_FAILED);
    ended("GET /cart", 10 * MS, 5, SMK_OUTCOME_REFUSED);
    smk_wait_ended(NULL, SMK_WAIT_DISK, smk_ns_to_ticks(50 * MS));
    smk_wait_ended(NULL, SMK_WAIT_LOCK, smk_ns_to_ticks(80 * MS));
    minute_ended(MINUTE);
    assert_int_equal(try("when status >= 500", HOUR).least, 3);
    assert_int_equal(try("when status >= 400", HOUR).least, 8);
    struct smk_backtest one = try("when status = 503", HOUR);
    assert_int_equal(one.least, 0); /* which of the 5xx it was is not kept */
    assert_int_equal(one.most, 3);
    struct smk_backtest disk = try("when disk wait > 20ms", HOUR);
    assert_int_equal(disk.least, 1);
    assert_int_equal(disk.requests, 1);
    assert_int_equal(try("when lock wait > 100ms", HOUR).most, 0);
    assert_false(try("when rss > 1GiB", HOUR).known);
    assert_false(try("when trigger \"x\"", HOUR).known);
}

static void the_oldest_minutes_give_way(void **state)
{
    static const struct smk_agent_setting settings[] = {{"rule_history", "64KiB"}, {NULL, NULL}};
    struct smk_history_stats stats;
    (void)state;
    begin(settings);
    for (unsigned i = 0; i < 1000; i++) {
        for (uint64_t ms = 1; ms < 1000; ms *= 3)
            ended("GET /cart", ms * MS, 1, SMK_OUTCOME_GOOD);
        minute_ended((1000 - i) * MINUTE);
    }
    smk_history_get_stats(&stats);
    assert_int_equal(stats.bytes_max, 65536);
    assert_in_range(stats.bytes, 32768, 65536);
    assert_in_range(stats.minutes, 100, 999);
    struct smk_backtest all = try("when request > 500us", 24 * HOUR);
    assert_int_equal(all.minutes, stats.minutes);
    assert_int_equal(all.requests, stats.minutes * UINT64_C(7)); /* 1, 3, 9, 27, 81, 243, 729 ms */
    assert_int_equal(try("when request > 500us", 2 * MINUTE + SECOND).minutes, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(minutes_and_routes_are_told_apart), WITH_DIRECTORY(what_is_kept_is_a_range),
        WITH_DIRECTORY(guard_rails_hold_in_the_past_too),  WITH_DIRECTORY(relative_rules_need_enough),
        WITH_DIRECTORY(states_and_waits),                  WITH_DIRECTORY(the_oldest_minutes_give_way),
    };
    return SMK_RUN(tests);
}
