/* heap.h: the agent's own heap, over pages of its own.
 *
 * The host's malloc may be traced, replaced, slow, or hold a lock when one of its threads dies; the
 * agent does not meet it. Any thread, not in signal handlers. Bounded: SMK_HEAP_MAX bytes; above that
 * allocation fails, and is counted. lib/read and lib/analysis are given these, and libevent where it is
 * our own copy (control.h).
 */
#ifndef SMK_AGENT_HEAP_H
#define SMK_AGENT_HEAP_H

#include "base/compiler.h"

#define SMK_HEAP_MAX (UINT64_C(256) << 20)

/* NULL when there is none. Aligned to 16 bytes. */
void *smk_heap_alloc(size_t size);
void *smk_heap_zalloc(size_t size);
/* data NULL: like alloc. */
void *smk_heap_realloc(void *data, size_t size);
/* NULL is allowed. */
void smk_heap_free(void *data);
/* The two as a smk_resize_fn (base/mem.h); arg: NULL. */
void *smk_heap_resize(void *arg, void *old, size_t old_bytes, size_t bytes);
char *smk_heap_strdup(const char *text);
char *smk_heap_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t smk_heap_used(void);   /* bytes handed out now */
uint64_t smk_heap_failed(void); /* requests that got nothing */

/* In a fork's child, where another thread may have been inside it: what was handed out stays as it is
 * and is never reused. */
void smk_heap_reset_in_child(void);

#endif
