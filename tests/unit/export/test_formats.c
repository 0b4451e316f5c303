/* Every format, over traces that are hard on it: empty ones, hostile names, gaps, numbers at the ends of their range,
 * no memory, and a reader that takes no more. */
#include "unit/export/export_checks.h"

static const char *const json_formats[] = {"chrome", "otlp", "firefox"};
static const char *const text_formats[] = {"csv", "folded", "folded-cpu", "chrome", "otlp", "firefox"};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Nothing that a terminal obeys. */
static void check_is_plain(const char *name, const struct build_output *output)
{
    for (size_t i = 0; i < output->len; i++) {
        unsigned char byte = (unsigned char)output->text[i];
        if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f)
            fail_msg("%s: byte 0x%02x at %zu", name, byte, i);
    }
    check_has_not(output, "\u202e");
}

/* All formats take it; those of text are plain, those of JSON are JSON. `says`: what the texts of all waits have. */
static void check_all(smk_trace *trace, const char *says)
{
    const struct smk_export_format *format;
    for (size_t i = 0; (format = smk_export_format_at(i)) != NULL; i++) {
        struct build_output output = export_all(trace, format->name);
        if (is_one_of(format->name, text_formats, SMK_ARRAY_LEN(text_formats)) && output.text)
            check_is_plain(format->name, &output);
        if (is_one_of(format->name, json_formats, SMK_ARRAY_LEN(json_formats)))
            check_json(&output);
        if (says && !strstr(format->name, "cpu") && !strstr(format->name, "pprof-mutex") &&
            strcmp(format->name, "otlp") != 0 && output.text)
            check_has(&output, says);
        free(output.text);
    }
    struct sink sink = {.most = 0};
    assert_int_equal(export_with(trace, &smk_export_ctf_metadata, 0, &sink), 0);
    check_is_plain("metadata", &sink.got);
    check_has(&sink.got, "name = \"lock_wait\"");
    free(sink.got.text);
}

static void test_nothing_happened(void **state)
{
    (void)state;
    struct build b;
    begin_build(&b);
    smk_trace *trace = build_open(&b);
    check_all(trace, NULL);
    struct build_output output = export_all(trace, "go");
    assert_int_equal(output.len, 16 + 1 + 5); /* its header, and the clock's frequency */
    free(output.text);
    output = export_all(trace, "ctf");
    assert_int_equal(output.len, 0);
    free(output.text);
    smk_trace_close(trace);
}

/* One that says nothing is there; one wait is there in each. */
static void test_one_thread(void **state)
{
    (void)state;
    struct build b;
    begin_build(&b);
    uint32_t worker = build_thread(&b, 101, "worker"), call = build_string(&b, "pthread_mutex_lock");
    build_thread(&b, 102, "silent");
    build_lock_name(&b, 0xa0, "cart_lock");
    build_event(&b, worker, AT(1100), SMK_EV_LOCK_WAIT, 0, AT(20), 0xa0, 102, 102, 0, call);
    smk_trace *trace = build_open(&b);
    check_all(trace, "cart_lock");
    struct build_output output = export_all(trace, "csv");
    check_has(&output, "worker,");
    free(output.text);
    smk_trace_close(trace);
}

static void test_hostile_names(void **state)
{
    (void)state;
    static const char hostile[] = "\x1b]0;x\x07\"},\\{\xff\u202e</script>\n;=cmd|'%s%n";
    static char longest[5000];
    struct build b;
    begin_build(&b);
    memset(longest, 'n', sizeof(longest) - 1);
    uint32_t worker = build_thread(&b, 101, hostile), other = build_thread(&b, 102, longest);
    uint32_t call = build_string(&b, hostile), route = build_string(&b, hostile);
    uint32_t site = build_site(&b, hostile, hostile, 7);
    const uint64_t pcs[] = {0x1010, 0x1020};
    uint32_t stack = build_stack(&b, pcs, 2);
    build_module(&b, 0x1000, 0x2000, 0, hostile, "\x01\x02", 2);
    build_lock_name(&b, 0xa0, hostile);
    build_lock_name(&b, 0xa8, longest);
    build_event(&b, worker, AT(1010), SMK_EV_REQUEST_BEGIN, route, 7);
    build_event(&b, worker, AT(1020), SMK_EV_REGION_BEGIN, site);
    build_event(&b, worker, AT(1100), SMK_EV_LOCK_WAIT, stack, AT(20), 0xa0, 102, 102, 0, call);
    build_event(&b, worker, AT(1110), SMK_EV_CPU_SAMPLE, stack, 1);
    build_event(&b, worker, AT(1120), SMK_EV_COUNTER, site, 7);
    build_event(&b, worker, AT(1130), SMK_EV_REGION_END, site);
    build_event(&b, worker, AT(1140), SMK_EV_REQUEST_END, route, 7, AT(130), 500);
    build_event(&b, other, AT(1090), SMK_EV_LOCK_RELEASE, stack, 1000, 0xa0, AT(40));
    build_event(&b, other, AT(1200), SMK_EV_LOCK_WAIT, stack, AT(20), 0xa8, 101, 101, 0, call);
    smk_trace *trace = build_open(&b);
    check_all(trace, "nnnnnnnnnnnnnnnn");
    smk_trace_close(trace);
}

/* It is named where the format has a place for it. */
static void test_a_gap(void **state)
{
    (void)state;
    static const char *const named[] = {"csv", "chrome", "perfetto", "firefox", "ctf"};
    struct build b;
    begin_build(&b);
    build_fact(&b, SMK_FACT_GAPS, "net 1200000000 1300000000 budget\nregion 1250000000 1400000000 budget\n");
    uint32_t worker = build_thread(&b, 101, "worker"), site = build_site(&b, "load", "a.c", 7);
    build_event(&b, worker, AT(1100), SMK_EV_REGION_BEGIN, site);
    build_event(&b, worker, AT(1450), SMK_EV_REGION_END, site);
    build_event(&b, worker, AT(1500), SMK_EV_LOCK_WAIT, 0, AT(20), 0xa0, 0, 0, 0, 0);
    smk_trace *trace = build_open(&b);
    check_all(trace, NULL);
    for (size_t i = 0; i < SMK_ARRAY_LEN(named); i++) {
        struct build_output output = export_all(trace, named[i]);
        check_has(&output, "budget");
        free(output.text);
    }
    smk_trace_close(trace);
}

static void test_ends_of_the_range(void **state)
{
    (void)state;
    struct build b;
    begin_build(&b);
    uint32_t worker = build_thread(&b, UINT32_MAX, "worker"), route = build_string(&b, "r");
    uint32_t site = build_site(&b, "bytes", "a.c", UINT32_MAX), call = build_string(&b, "recv");
    build_event(&b, worker, AT(1001), SMK_EV_REQUEST_BEGIN, route, UINT64_MAX);
    build_event(&b, worker, AT(1100), SMK_EV_LOCK_WAIT, 0, AT(50), UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                call);
    build_event(&b, worker, AT(1200), SMK_EV_COUNTER, site, (uint64_t)INT64_MIN);
    build_event(&b, worker, AT(1210), SMK_EV_COUNTER, site, (uint64_t)INT64_MAX);
    build_event(&b, worker, AT(1300), SMK_EV_NET_WAIT, 0, AT(10), call, UINT64_MAX, (uint64_t)INT64_MIN, 0);
    build_event(&b, worker, AT(1400), SMK_EV_REQUEST_END, route, UINT64_MAX, UINT64_MAX, UINT32_MAX);
    smk_trace *trace = build_open(&b);
    check_all(trace, NULL);
    smk_trace_close(trace);
}

/* A lock that many fight for: as many events as a queue or a table has no room for. */
static smk_trace *busy_trace(void)
{
    struct build b;
    begin_build(&b);
    uint32_t call = build_string(&b, "pthread_mutex_lock"), threads[4];
    for (uint32_t i = 0; i < 4; i++)
        threads[i] = build_thread(&b, 101 + i, "worker");
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t thread = i % 4;
        uint64_t at = AT(1001) + (uint64_t)i * 40000;
        build_event(&b, threads[thread], at, SMK_EV_LOCK_WAIT, 0, 30000, 0xa0, 101 + (i + 3) % 4, 101 + (i + 3) % 4, 0,
                    call);
        build_event(&b, threads[thread], at + 5000, SMK_EV_LOCK_RELEASE, 0, 100, 0xa0, 4000);
    }
    return build_open(&b);
}

/* Whatever the limit: an error, or all of it. */
static void test_no_memory(void **state)
{
    (void)state;
    const struct smk_export_format *format;
    smk_trace *trace = busy_trace();
    for (size_t i = 0; (format = smk_export_format_at(i)) != NULL; i++) {
        struct build_output whole = export_all(trace, format->name);
        for (size_t limit = 1024; limit <= (UINT64_C(1) << 26); limit *= 8) {
            struct sink sink = {.most = 0};
            int result = export_with(trace, format, limit, &sink);
            assert_true(result == SMK_E_LIMIT || (result == 0 && sink.got.len == whole.len));
            free(sink.got.text);
        }
        free(whole.text);
    }
    smk_trace_close(trace);
}

static void test_nobody_takes_it(void **state)
{
    (void)state;
    const struct smk_export_format *format;
    smk_trace *trace = busy_trace();
    for (size_t i = 0; (format = smk_export_format_at(i)) != NULL; i++) {
        struct build_output whole = export_all(trace, format->name);
        struct sink sink = {.most = 1};
        assert_int_equal(export_with(trace, format, 0, &sink), whole.len > 1 ? SMK_E_IO : 0);
        free(sink.got.text);
        free(whole.text);
    }
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_happened), cmocka_unit_test(test_one_thread),
        cmocka_unit_test(test_hostile_names),    cmocka_unit_test(test_a_gap),
        cmocka_unit_test(test_ends_of_the_range), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_nobody_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
