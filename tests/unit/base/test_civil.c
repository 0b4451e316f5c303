#include "unit/smk_test.h"

#include <time.h>

#include "base/civil.h"

static void check(int64_t seconds)
{
    struct tm tm;
    time_t t = (time_t)seconds;
    gmtime_r(&t, &tm);
    struct smk_civil c = smk_civil_from_unix(seconds);
    assert_int_equal(c.year, tm.tm_year + 1900);
    assert_int_equal(c.month, tm.tm_mon + 1);
    assert_int_equal(c.day, tm.tm_mday);
    assert_int_equal(c.hour, tm.tm_hour);
    assert_int_equal(c.minute, tm.tm_min);
    assert_int_equal(c.second, tm.tm_sec);
    assert_int_equal(c.weekday, tm.tm_wday);
}

static void test_as_libc(void **state)
{
    (void)state;
    const int64_t day = 86400;
    for (int64_t d = 0; d < 366 * 140; d++) { /* to 2110, over the year 2100 that is no leap year */
        check(d * day);
        check(d * day + day - 1);
    }
    check(1769903999);   /* 2026-01-31 23:59:59 */
    check(253402300799); /* 9999-12-31 23:59:59 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_libc)};
    return SMK_RUN(tests);
}
