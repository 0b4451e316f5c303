/* known_cpp: the first thread waits once for each of C++'s own locks and signals, as the library makes them. */
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

constexpr auto LONG = 100ms;

std::mutex mutex;
std::shared_mutex shared;
std::condition_variable cond;
std::counting_semaphore<4> semaphore(0);
std::counting_semaphore<4> held(0);
bool said;

template <class Lock> void hold(Lock &lock)
{
    std::thread([&lock] {
        std::lock_guard guard(lock);
        held.release();
        std::this_thread::sleep_for(LONG);
    }).detach();
    while (!held.try_acquire())
        std::this_thread::sleep_for(1ms);
}

void until_said()
{
    std::thread([] {
        std::this_thread::sleep_for(LONG);
        std::lock_guard guard(mutex);
        said = true;
        cond.notify_one();
    }).detach();
    std::unique_lock guard(mutex);
    cond.wait(guard, [] { return said; });
}

} // namespace

int main()
{
    std::printf("first %d\n", static_cast<int>(syscall(SYS_gettid)));
    hold(mutex);
    mutex.lock();
    mutex.unlock();
    hold(shared);
    shared.lock_shared();
    shared.unlock_shared();
    until_said();
    std::thread([] {
        std::this_thread::sleep_for(LONG);
        semaphore.release();
    }).detach();
    semaphore.acquire();
    return 0;
}
