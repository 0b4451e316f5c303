/* Traces that are lent for passes: of the files that the viewer was begun with, and of no others. */
#include "unit/smk_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/errors.h"
#include "gen/file.h"
#include "traces.h"

static void write_trace(const char *path, uint32_t counters)
{
    struct file f = {0};
    file_begin(&f);
    file_counters(&f, counters, 1000, 10, 1);
    file_end(&f);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(f.bytes.data, 1, f.bytes.len, out), f.bytes.len);
    assert_int_equal(fclose(out), 0);
    file_free(&f);
}

static void test_another_file_by_that_name(void **state)
{
    (void)state;
    char path[] = "/tmp/smk-traces-XXXXXX", other[sizeof(path) + 8];
    const char *const paths[] = {path};
    struct smk_web_traces traces;
    int error = 0;
    close(mkstemp(path));
    snprintf(other, sizeof(other), "%s.other", path);
    write_trace(path, 10);
    write_trace(other, 20);
    smk_web_traces_init(&traces, paths, 1);
    traces.no_symbols = true;
    struct smk_web_trace *first = smk_web_traces_lend(&traces, &error);
    assert_non_null(first);
    assert_int_equal(rename(other, path), 0);
    assert_null(smk_web_traces_lend(&traces, &error));
    assert_int_equal(error, SMK_E_FORMAT);
    assert_non_null(strstr(smk_last_error(), "not the file any more"));
    smk_web_traces_give_back(&traces, first); /* what was opened before is what it was */
    assert_ptr_equal(smk_web_traces_lend(&traces, &error), first);
    assert_int_equal(smk_trace_get_info(first->trace)->events, 10);
    smk_web_traces_give_back(&traces, first);
    smk_web_traces_free(&traces);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_another_file_by_that_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
