/* atomic.h: memory operations named by their order. Nothing outside this folder writes an order.
 *
 * They work on plain integers and pointers, not on _Atomic types, so that public headers can share
 * the same words with C++. A word that is touched by two threads is touched only through these, and
 * each release names its acquire in a comment "pairs with: function".
 */
#ifndef SMK_BASE_ATOMIC_H
#define SMK_BASE_ATOMIC_H

#include "base/compiler.h"

#define smk_load_relaxed(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define smk_load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smk_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define smk_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

#define smk_add_relaxed(p, v)      __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define smk_add_acq_rel(p, v)      __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define smk_sub_relaxed(p, v)      __atomic_fetch_sub((p), (v), __ATOMIC_RELAXED)
#define smk_sub_acq_rel(p, v)      __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define smk_or_relaxed(p, v)       __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define smk_or_acq_rel(p, v)       __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define smk_and_acq_rel(p, v)      __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)
#define smk_exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/* Strong compare and swap: true when *p was *expected; else *expected is what *p was. */
#define smk_cas_acq_rel(p, expected, v)                                                            \
    __atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
#define smk_cas_relaxed(p, expected, v)                                                            \
    __atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)

/* Orders this thread's own accesses against a signal handler on the same thread: no instruction. */
#define smk_signal_fence() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* The fences of a sequence lock (Boehm, "Can seqlocks get along with programming language memory
 * models?", 2012). Thread sanitizers know no fences; the words they order are atomic anyway. */
#if SMK_TSAN
#define smk_release_fence() ((void)0)
#define smk_acquire_fence() ((void)0)
#else
#define smk_release_fence() __atomic_thread_fence(__ATOMIC_RELEASE)
#define smk_acquire_fence() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#endif

#if defined(__x86_64__)
#define smk_cpu_pause() __builtin_ia32_pause()
#else
#define smk_cpu_pause() __asm__ volatile("yield" ::: "memory")
#endif

/* Adds to a word that only this thread and its signal handlers write: one instruction, so that a
 * handler between the load and the store cannot be lost, but without the bus lock that a word shared
 * by threads would need (20 cycles). Other threads may read the word.
 */
SMK_INLINE uint64_t smk_local_add(uint64_t *p, uint64_t n)
{
#if defined(__x86_64__) && !SMK_TSAN
    __asm__ volatile("xaddq %0, %1" : "+r"(n), "+m"(*p) : : "cc", "memory");
    return n;
#else
    return smk_add_relaxed(p, n);
#endif
}

/* The same without a result. */
SMK_INLINE void smk_local_sum(uint64_t *p, uint64_t n)
{
#if defined(__x86_64__) && !SMK_TSAN
    __asm__ volatile("addq %1, %0" : "+m"(*p) : "er"(n) : "cc");
#else
    smk_add_relaxed(p, n);
#endif
}

/* Counts one, the same way. */
SMK_INLINE void smk_local_count(uint64_t *p)
{
#if defined(__x86_64__) && !SMK_TSAN
    __asm__ volatile("addq $1, %0" : "+m"(*p) : : "cc");
#else
    smk_add_relaxed(p, 1);
#endif
}

/* Compares and swaps a word that only this thread and its signal handlers write: as smk_cas_relaxed, without the bus
 * lock. */
SMK_INLINE bool smk_local_cas(uint64_t *p, uint64_t *expected, uint64_t v)
{
#if defined(__x86_64__) && !SMK_TSAN
    bool same;
    __asm__ volatile("cmpxchgq %3, %1" : "+a"(*expected), "+m"(*p), "=@ccz"(same) : "r"(v) : "memory");
    return same;
#else
    return smk_cas_relaxed(p, expected, v);
#endif
}

/* smk_local_add without a result, as a release: on x86-64 stores are not reordered with each other. */
SMK_INLINE void smk_local_add_release(uint64_t *p, uint64_t n)
{
#if defined(__x86_64__) && !SMK_TSAN
    __asm__ volatile("addq %1, %0" : "+m"(*p) : "er"(n) : "cc", "memory");
#else
    __atomic_fetch_add(p, n, __ATOMIC_RELEASE);
#endif
}

#endif
