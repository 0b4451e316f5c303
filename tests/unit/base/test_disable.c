/* With SMK_DISABLE trace.h needs no library: this program is linked with none of core. */
#define SMK_DISABLE
#include "unit/smk_test.h"

#include <stallmark/trace.h>

static void test_all_of_it_does_nothing(void **state)
{
    int lock = 0, calls = 0;
    (void)state;
    SMK_REGION("scope");
    smk_region region = SMK_REGION_BEGIN("by hand");
    SMK_REQUEST(request, "GET /");
    smk_request other = smk_request_begin_traced("GET /", "00-0-0-00");
    SMK_IN_REQUEST(request);
    smk_request_region in = smk_region_begin_in(request, "in");
    smk_handoff handoff = SMK_HANDOFF_BEGIN(request, "pool");
    smk_wait wait = SMK_WAIT_BEGIN(SMK_WAITING_OTHER, "wait", &lock);
    SMK_LOG("log", ++calls, "text");
    SMK_COUNTER("counter", ++calls);
    smk_request_status(request, 200);
    smk_request_leave(request, smk_request_enter(request));
    smk_lock_name(&lock, "lock");
    smk_thread_name("thread");
    smk_wait_end(wait);
    smk_handoff_end(handoff);
    smk_region_end_in(in);
    smk_region_end(region);
    smk_request_end(other);
    assert_int_equal(request.id, 0);
    assert_null(in.site);
    assert_null(SMK_SITE("x"));
    assert_int_equal(calls, 2); /* arguments keep their effects */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_of_it_does_nothing)};
    return SMK_RUN(tests);
}
