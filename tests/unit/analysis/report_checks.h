/* report_checks.h: a report on a trace that is built by hand, what it says, and a trace with a slow lock. */
#ifndef SMK_TESTS_REPORT_CHECKS_H
#define SMK_TESTS_REPORT_CHECKS_H

#include "unit/analysis/trace_builder.h"

#include "analysis/report_state.h"

#define MS UINT64_C(1000000)
#define AT(ms) ((uint64_t)(ms) * MS)

enum { CART_LOCK = 0x5000, LOG_LOCK = 0x6000 };

static inline struct smk_report *make(smk_trace *trace)
{
    struct smk_report_options options = {.no_symbols = true};
    struct smk_report *report;
    if (smk_report_make(&report, trace, &options) != 0)
        fail_msg("%s", smk_last_error());
    return report;
}

static inline char *text_of(const struct smk_report *report)
{
    struct build_output output = {0};
    assert_int_equal(smk_report_text(report, build_take, &output), 0);
    return output.text;
}

static inline char *json_of(const struct smk_report *report)
{
    struct build_output output = {0};
    assert_int_equal(smk_report_json(report, build_take, &output), 0);
    return output.text;
}

static inline void check_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' is not in:\n%s", words, text);
}

static inline void check_silent(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("'%s' is in:\n%s", words, text);
}

/* A request of 100 ms on `thread`, 80 of them waiting for the cart's lock. */
static inline void slow_request(struct build *b, uint32_t thread, uint64_t begin, uint64_t id, uint32_t route,
                         uint32_t stack, uint32_t holder)
{
    uint64_t wait[] = {stack, AT(80), CART_LOCK, holder, holder, SMK_LOCK_ACQUIRED};
    build_event(b, thread, begin, SMK_EV_REQUEST_BEGIN, route, id);
    build_event_args(b, thread, begin + AT(90), SMK_EV_LOCK_WAIT, wait, SMK_ARRAY_LEN(wait));
    build_event(b, thread, begin + AT(100), SMK_EV_REQUEST_END, route, id, AT(100), 200);
}

/* Ten slow requests on two threads in a second; a third holds the lock in one function. */
static inline void build_shop(struct build *b)
{
    static const uint64_t wait_pcs[] = {0x1011, 0x2011}, hold_pcs[] = {0x3011, 0x4011};
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(2000));
    uint32_t one = build_thread(b, 101, "worker-1"), two = build_thread(b, 102, "worker-2");
    uint32_t holder = build_thread(b, 103, "flusher");
    uint32_t route = build_string(b, "GET /cart"), item = build_string(b, "GET /item/:id");
    uint32_t waiting = build_stack(b, wait_pcs, 2), holding = build_stack(b, hold_pcs, 2);
    uint32_t flush = build_site(b, "flush", "log.c", 118);
    build_lock_name(b, CART_LOCK, "cart_lock");
    for (uint64_t i = 0; i < 5; i++) {
        uint64_t begin = AT(1000 + i * 200);
        slow_request(b, one, begin, 10 + i, route, waiting, 103);
        slow_request(b, two, begin, 20 + i, route, waiting, 103);
        build_event(b, holder, begin + AT(5), SMK_EV_REGION_BEGIN, flush);
        build_event(b, holder, begin + AT(89), SMK_EV_LOCK_RELEASE, holding, 2000, CART_LOCK, AT(84));
        build_event(b, holder, begin + AT(95), SMK_EV_REGION_END, flush);
        build_event(b, one, begin + AT(150), SMK_EV_REQUEST_BEGIN, item, 30 + i);
        build_event(b, one, begin + AT(151), SMK_EV_REQUEST_END, item, 30 + i, AT(1), 200);
    }
}

/* ---- JSON: the end of a value, or the test fails ------------------------------------------------------- */

static inline const char *skip_value(const char *p);

static inline const char *skip_blanks(const char *p) { return p + strspn(p, " \n"); }

static inline const char *skip_string(const char *p)
{
    assert_int_equal(*p, '"');
    for (p++; *p != '"'; p++) {
        assert_true((unsigned char)*p >= 0x20);
        if (*p == '\\')
            assert_non_null(strchr("\"\\", *++p));
    }
    return p + 1;
}

static inline const char *skip_list(const char *p, char last)
{
    for (p = skip_blanks(p + 1); *p != last; p = skip_blanks(p)) {
        if (last == '}') {
            p = skip_blanks(skip_string(p));
            assert_int_equal(*p, ':');
            p = skip_blanks(p + 1);
        }
        p = skip_blanks(skip_value(p));
        if (*p == ',')
            p = skip_blanks(p + 1);
        else
            assert_int_equal(*p, last);
    }
    return p + 1;
}

static inline const char *skip_value(const char *p)
{
    if (*p == '{' || *p == '[')
        return skip_list(p, *p == '{' ? '}' : ']');
    if (*p == '"')
        return skip_string(p);
    size_t len = strspn(p, "0123456789.");
    if (len == 0)
        for (const char *const *word = (const char *const[]){"true", "false", "null", NULL}; *word; word++)
            if (strncmp(p, *word, strlen(*word)) == 0)
                len = strlen(*word);
    assert_true(len > 0);
    return p + len;
}

#endif
