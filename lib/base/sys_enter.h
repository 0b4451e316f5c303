/* sys_enter.h: the way into the kernel, for sys.c and sys_run.c only. */
#ifndef SMK_BASE_SYS_ENTER_H
#define SMK_BASE_SYS_ENTER_H

#include "base/compiler.h"

#if defined(__x86_64__)
SMK_INLINE long enter6(long n, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}
#elif defined(__aarch64__)
SMK_INLINE long enter6(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "stallmark runs on x86-64 and arm64"
#endif

#define enter0(n)             enter6((n), 0, 0, 0, 0, 0, 0)
#define enter1(n, a)          enter6((n), (long)(a), 0, 0, 0, 0, 0)
#define enter2(n, a, b)       enter6((n), (long)(a), (long)(b), 0, 0, 0, 0)
#define enter3(n, a, b, c)    enter6((n), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define enter4(n, a, b, c, d) enter6((n), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define enter5(n, a, b, c, d, e) enter6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

#endif
