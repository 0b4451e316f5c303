/* stallmark.hpp: what begins ends exactly once, wherever it was moved. Counted through a sink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

extern "C" {
#include <cmocka.h>
}

#include <cstring>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <stallmark/capture.h>
#include <stallmark/stallmark.hpp>

using namespace stallmark;

static_assert(!std::is_copy_constructible_v<Region> && !std::is_move_constructible_v<Region>);
static_assert(!std::is_move_constructible_v<Wait> && !std::is_move_constructible_v<InRequest>);
static_assert(std::is_nothrow_move_constructible_v<Request> && !std::is_copy_constructible_v<Request>);
static_assert(std::is_nothrow_move_assignable_v<RequestRegion> && !std::is_copy_assignable_v<RequestRegion>);
static_assert(std::is_nothrow_move_constructible_v<Handoff> && !std::is_copy_constructible_v<Handoff>);

extern "C" {
/* Of core, which is C: what this test needs of it. */
int smk_core_init(const void *config);
}

/* Events in a file, by the headers of its chunks (format/chunk.h). */
static uint64_t events;

static int count(void *, const void *data, size_t size)
{
    const unsigned char *p = static_cast<const unsigned char *>(data), *end = p + size;
    while (end - p >= 80) {
        uint32_t stored, number;
        std::memcpy(&stored, p + 16, 4);
        std::memcpy(&number, p + 24, 4);
        if (p[6] == 8)
            events += number;
        p += 80 + stored;
    }
    return 0;
}

template <class Body> static uint64_t recorded(Body body)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.write = count;
    options.categories = "region,request,other";
    events = 0;
    assert_int_equal(smk_capture_start(&options, nullptr), 0);
    body();
    assert_int_equal(smk_capture_stop(), 0);
    return events;
}

static void test_scopes(void **)
{
    assert_int_equal(recorded([] { Region region{SMK_SITE("r")}; }), 2);
    assert_int_equal(recorded([] { Wait wait{SMK_WAITING_OTHER, SMK_SITE("w")}; }), 1);
    assert_int_equal(recorded([] {
                         try {
                             Region region{SMK_SITE("left by a throw")};
                             throw 1;
                         } catch (int) {
                         }
                     }),
                     2);
}

static void test_request_ends_once(void **)
{
    assert_int_equal(recorded([] { Request request{"GET /"}; }), 2);
    assert_int_equal(recorded([] {
                         Request request{"GET /"};
                         request.status(404);
                         request.end();
                         request.end();
                     }),
                     2);
    assert_int_equal(recorded([] {
                         Request first{"GET /a"};
                         Request second{std::move(first)};
                         Request third;
                         third = std::move(second);
                         third = Request{"GET /b"}; /* ends the one that it had */
                     }),
                     4);
    assert_int_equal(recorded([] {
                         std::vector<Request> requests;
                         for (int i = 0; i < 100; i++)
                             requests.emplace_back("GET /many"); /* moves them as it grows */
                     }),
                     200);
    assert_int_equal(recorded([] {
                         Request request{"GET /released"};
                         smk_request_end(request.release());
                     }),
                     2);
}

static void test_work_that_moves(void **)
{
    uint64_t n = recorded([] {
        Request request{"GET /"};                              /* 1 */
        RequestRegion region{request, SMK_SITE("whole")};      /* 2 */
        Handoff handoff{request, SMK_SITE("pool")};
        std::thread worker([request = std::move(request), region = std::move(region),
                            handoff = std::move(handoff)]() mutable {
            handoff.end();                                     /* 3 */
            handoff.end();
            InRequest in{request};                             /* 4, and 5 when it leaves */
            Region inner{SMK_SITE("inner")};                   /* 6, 7 */
            region.end();                                      /* 8 */
        });                                                    /* 9: the request's end */
        worker.join();
        Handoff never_taken{smk_request{}, SMK_SITE("thrown away")};
    });
    assert_int_equal(n, 9);
}

static void test_nothing_while_disarmed(void **)
{
    Request request{"GET /"};
    Region region{SMK_SITE("r")};
    assert_int_equal(request.get().id, 0);
    assert_int_equal(recorded([&] { request.end(); }), 0); /* begun before: no end */
}

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_request_ends_once),
        cmocka_unit_test(test_work_that_moves),
        cmocka_unit_test(test_nothing_while_disarmed),
    };
    if (smk_core_init(nullptr) < 0)
        return 1;
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
