/* unseen: requests in which a thread waits for 20 ms where nothing is seen of it: in a futex by the instruction itself.
 * A lock on atomics of a program's own does so. Records itself.
 *
 * usage: unseen FILE */
#include <linux/futex.h>
#include <sys/syscall.h>

#include "../../examples/example.h"

static uint32_t word;

static long futex_wait(const struct timespec *timeout)
{
#if defined(__x86_64__)
    long result;
    register const struct timespec *fourth __asm__("r10") = timeout;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(SYS_futex), "D"(&word), "S"(FUTEX_WAIT_PRIVATE), "d"(0), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long result __asm__("x0") = (long)&word;
    register long number __asm__("x8") = SYS_futex, op __asm__("x1") = FUTEX_WAIT_PRIVATE, value __asm__("x2") = 0;
    register const struct timespec *fourth __asm__("x3") = timeout;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(number), "r"(op), "r"(value), "r"(fourth) : "memory");
    return result;
#endif
}

int main(int argc, char **argv)
{
    struct timespec timeout = {0, 20000000};
    example_begin(argc, argv);
    for (int i = 0; i < 10; i++) {
        SMK_REQUEST(request, "GET /unseen");
        work_ns(2000000);
        futex_wait(&timeout);
        smk_request_status(request, 200);
    }
    return example_end(0);
}
