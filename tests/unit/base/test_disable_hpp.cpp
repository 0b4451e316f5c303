/* The same of stallmark.hpp. */
#define SMK_DISABLE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

extern "C" {
#include <cmocka.h>
}

#include <utility>

#include <stallmark/stallmark.hpp>

static void test_all_of_it_does_nothing(void **)
{
    SMK_REGION("scope");
    stallmark::Region region{SMK_SITE("r")};
    stallmark::Request request{"GET /"}, moved{std::move(request)};
    stallmark::InRequest in{moved};
    stallmark::RequestRegion part{moved, SMK_SITE("part")};
    stallmark::Handoff handoff{moved, SMK_SITE("pool")};
    stallmark::Wait wait{SMK_WAITING_OTHER, SMK_SITE("w")};
    handoff.end();
    part.end();
    moved.status(200);
    assert_int_equal(moved.get().id, 0);
}

int main()
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_of_it_does_nothing)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
