/* C++ exceptions pass through code whose stacks we take, also while signals take stacks; each library's
 * unwinder stays its own. */
#include "unit/smk_test.h"

#include <csignal>
#include <pthread.h>
#include <stdexcept>
#include <string>

extern "C" {
#include "base/atomic.h"
#include "unit/source/stack_here.h"
}

namespace {

volatile int sink;
uint64_t taken; // atomic

__attribute__((noinline)) uint32_t take() { return STACK_OF_CALLER(); }

struct Counted {
    int *alive;
    explicit Counted(int *n) : alive(n) { ++*alive; }
    ~Counted()
    {
        if (take())
            smk_add_relaxed(&taken, 1);
        --*alive;
    }
};

__attribute__((noinline)) int throw_below(int n, int *alive)
{
    Counted counted(alive);
    if (n == 0)
        throw std::runtime_error("from " + std::to_string(*alive) + " frames below");
    sink = throw_below(n - 1, alive) + 1;
    return sink;
}

int catch_one()
{
    int alive = 0;
    try {
        throw_below(10, &alive);
    } catch (const std::exception &e) {
        return alive == 0 && std::string(e.what()) == "from 11 frames below" && take() != 0;
    }
    return 0;
}

void test_exceptions(void **)
{
    taken = 0;
    for (int i = 0; i < 100; i++)
        assert_true(catch_one());
    assert_int_equal(taken, 1100); /* in each destructor, with the unwinder below */
}

void on_signal(int) { take(); }

pthread_t thrower;
uint32_t stop;

void *send(void *)
{
    while (!smk_load_relaxed(&stop)) {
        pthread_kill(thrower, SIGUSR1);
        struct timespec gap = {0, 50000};
        nanosleep(&gap, nullptr);
    }
    return nullptr;
}

void test_exceptions_under_signals(void **)
{
    struct sigaction action = {};
    pthread_t sender;
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, nullptr);
    thrower = pthread_self();
    assert_int_equal(pthread_create(&sender, nullptr, send, nullptr), 0);
    for (int i = 0; i < 5000; i++)
        assert_true(catch_one());
    smk_store_relaxed(&stop, 1);
    pthread_join(sender, nullptr);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_exceptions_under_signals),
    };
    smk_core_init(nullptr);
    smk_stack_prepare();
    return SMK_RUN(tests);
}
