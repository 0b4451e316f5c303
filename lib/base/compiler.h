/* compiler.h: what we ask of gcc and clang, named once. */
#ifndef SMK_BASE_COMPILER_H
#define SMK_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMK_LIKELY(x)   __builtin_expect(!!(x), 1)
#define SMK_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define SMK_INLINE   static inline __attribute__((always_inline))
#define SMK_NOINLINE __attribute__((noinline))
/* The continuation of a hot function: out of line and away from it. */
#define SMK_COLD         __attribute__((noinline, cold))
/* What the calls of a busy server go through: code side by side, and words that they read side by side, since the
 * system calls in between leave nothing of it in the first caches. */
#define SMK_HOT          __attribute__((hot))
#define SMK_HOT_DATA     __attribute__((section("smk_hot")))
#define SMK_EXPORT       __attribute__((visibility("default")))
#define SMK_UNUSED       __attribute__((unused))
#define SMK_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define SMK_NODISCARD    __attribute__((warn_unused_result))

/* Thread-local storage without a call: at most 256 bytes in all, tests/tidy asserts it. */
#define SMK_TLS __thread __attribute__((tls_model("initial-exec")))

/* Reads memory that others own, at addresses that a sanitizer cannot know to be good. */
#if defined(__has_feature)
#define SMK_NO_SANITIZE __attribute__((no_sanitize("address", "thread", "undefined")))
#else
#define SMK_NO_SANITIZE __attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

#define SMK_CACHE_LINE 64
#define SMK_ALIGNED(n) __attribute__((aligned(n)))

#define SMK_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define SMK_STATIC_ASSERT(cond, what) _Static_assert(cond, what)

/* Assertions of the library are for its own tests: in a production build they are not there, since
 * nothing in somebody else's process may abort it. */
#ifdef SMK_DEBUG
#include <assert.h>
#define SMK_ASSERT(cond) assert(cond)
#else
#define SMK_ASSERT(cond) ((void)sizeof(!(cond)))
#endif

#if defined(__SANITIZE_THREAD__)
#define SMK_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SMK_TSAN 1
#endif
#endif
#ifndef SMK_TSAN
#define SMK_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SMK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SMK_ASAN 1
#endif
#endif
#ifndef SMK_ASAN
#define SMK_ASAN 0
#endif

SMK_INLINE size_t smk_align_up(size_t n, size_t to) { return (n + to - 1) & ~(to - 1); }

SMK_INLINE uint64_t smk_min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
SMK_INLINE uint64_t smk_max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

#endif
