/* regions FILE WAY [COUNT]: a program that leaves regions in every way but their end, records that to FILE, and says
 * what it did.
 *   jump, throw, cancel, switch          by siglongjmp, exception, pthread_cancel, swapcontext
 *   nest                               so many regions within each other, then their ends
 *   odd                                an end without a begin, an end on another thread, one before the library's
 *                                      constructor and one behind its destructor
 *   rearm                              under load: captures one after the other, FILE.0, FILE.1 …
 *   storm                              signals whose handlers have regions and locks, on a small stack of their own
 */
#include <atomic>
#include <chrono>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

namespace {

std::string file;
long count;

void start(const std::string &path)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.path = path.c_str();
    if (smk_capture_start(&options, nullptr) != 0)
        std::exit(3);
}

/* ---- leaving ---------------------------------------------------------------------------------------------- */

sigjmp_buf back;

void jump()
{
    if (sigsetjmp(back, 1) == 0) {
        smk_region outer = SMK_REGION_BEGIN("left by a jump");
        smk_region inner = SMK_REGION_BEGIN("left by a jump, inside");
        (void)outer;
        (void)inner;
        siglongjmp(back, 1);
    }
}

void leave_by_throw()
{
    try {
        SMK_REGION("left by an exception");
        smk_region forgotten = SMK_REGION_BEGIN("forgotten by an exception");
        (void)forgotten;
        throw std::runtime_error("out");
    } catch (const std::exception &) {
    }
}

void *until_cancelled(void *)
{
    SMK_REGION("left by cancellation");
    for (;;)
        usleep(1000);
    return nullptr;
}

void cancel()
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, nullptr, until_cancelled, nullptr);
    usleep(500);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (result != PTHREAD_CANCELED)
        std::exit(4);
}

ucontext_t outside, inside;

void coroutine()
{
    for (;;) {
        smk_region region = SMK_REGION_BEGIN("left by a switch");
        swapcontext(&inside, &outside);
        smk_region_end(region);
    }
}

void switch_out(bool first)
{
    static char stack[65536];
    if (first) {
        getcontext(&inside);
        inside.uc_stack.ss_sp = stack;
        inside.uc_stack.ss_size = sizeof stack;
        inside.uc_link = &outside;
        makecontext(&inside, coroutine, 0);
    }
    swapcontext(&outside, &inside);
}

/* ---- odd -------------------------------------------------------------------------------------------------- */

smk_site site = {"odd", __FILE__, "odd", __LINE__, 0};

__attribute__((constructor(101))) void before_the_library()
{
    smk_region region = SMK_REGION_BEGIN("before the constructor");
    smk_region_end(region);
}

__attribute__((destructor(101))) void behind_the_library()
{
    smk_region region = SMK_REGION_BEGIN("behind the destructor");
    smk_region_end(region);
}

void odd()
{
    smk_region never = {&site};
    smk_region_end(never);
    smk_region here = SMK_REGION_BEGIN("ends on another thread");
    std::thread([here] { smk_region_end(here); }).join();
}

void nest(long depth)
{
    smk_region region = SMK_REGION_BEGIN("nested");
    std::vector<smk_region> regions(static_cast<size_t>(depth), region);
    for (auto &r : regions)
        r = SMK_REGION_BEGIN("nested");
    for (auto &r : regions)
        smk_region_end(r);
    smk_region_end(region);
}

/* ---- load ------------------------------------------------------------------------------------------------- */

std::atomic<bool> stop;
std::mutex mutex;

void work()
{
    while (!stop) {
        SMK_REQUEST(request, "GET /");
        SMK_REGION("work");
        std::lock_guard guard(mutex);
        SMK_COUNTER("n", 1);
        usleep(20);
    }
}

void rearm()
{
    std::thread threads[] = {std::thread(work), std::thread(work)};
    for (long i = 0; i < count; i++) {
        start(file + "." + std::to_string(i));
        usleep(8000);
        if (smk_capture_stop() != 0)
            std::exit(5);
    }
    stop = true;
    for (auto &thread : threads)
        thread.join();
}

std::atomic<long> handled;

void on_signal(int)
{
    int saved = errno;
    errno = 4711;
    {
        SMK_REGION("in a handler");
        SMK_LOG("signal", handled, "some words about it");
        char byte = 'x';
        ssize_t n = write(-1, &byte, 1);
        (void)n;
    }
    if (errno != EBADF)
        std::_Exit(6);
    handled++;
    errno = saved;
}

void storm()
{
    std::vector<char> small(static_cast<size_t>(sysconf(_SC_MINSIGSTKSZ)) + 8192);
    stack_t stack = {};
    stack.ss_sp = small.data();
    stack.ss_size = small.size();
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
    pthread_t target = pthread_self();
    std::thread sender([target] {
        auto until = std::chrono::steady_clock::now() + std::chrono::seconds(count > 100000 ? 60 : 2);
        while (handled < count && std::chrono::steady_clock::now() < until)
            pthread_kill(target, SIGUSR1);
        stop = true;
    });
    sigaltstack(&stack, nullptr);
    errno = 1147;
    while (!stop) {
        SMK_REGION("interrupted");
        SMK_COUNTER("n", 1);
        for (int i = 0; i < 5000; i++) /* so that the file stays small */
            __asm__ volatile("" ::: "memory");
        if (errno != 1147)
            std::exit(7);
    }
    sender.join();
    std::printf("%ld signals\n", handled.load());
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    std::string way = argv[2];
    file = argv[1];
    count = argc > 3 ? std::atol(argv[3]) : 1;
    if (way == "rearm") {
        rearm();
        std::puts("rearmed");
        return 0;
    }
    start(file);
    if (way == "nest")
        nest(count);
    if (way == "storm")
        storm();
    for (long i = 0; i < count && way != "nest" && way != "storm"; i++) {
        if (way == "jump")
            jump();
        else if (way == "throw")
            leave_by_throw();
        else if (way == "cancel")
            cancel();
        else if (way == "switch")
            switch_out(i == 0);
        else
            odd();
    }
    std::puts(smk_capture_stop() == 0 ? way.c_str() : "not stopped");
    return 0;
}
