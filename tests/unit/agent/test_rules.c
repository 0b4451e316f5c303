/* The set of rules in an agent: what it says where it cannot do all that rules want. */
#define _GNU_SOURCE
#include "agent_test.h"

#include <sys/stat.h>

/* What fired before the agent began would count; where that cannot be read, status says so, and rules go on. */
static void a_ledger_that_cannot_be_read(void **state)
{
    static const struct smk_agent_setting settings[] = {{"rules", "slow: when request > 1h"}, {NULL, NULL}};
    char path[96];
    (void)state;
    assert_int_equal(start_with(settings), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"ledger_unread\":null");
    smk_agent_stop();
    snprintf(path, sizeof path, "%s/ledger", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(start_with(settings), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"ledger_unread\":\"Invalid argument\"");
    fake_expect("GET", "/debug/trace/rules", 200, "slow");
    smk_agent_stop();
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_DIRECTORY(a_ledger_that_cannot_be_read)};
    return SMK_RUN(tests);
}
