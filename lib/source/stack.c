/* stack.c: see stack.h. The walk itself follows in the next commits: until then no stack is taken. */
#include "source/stack.h"

#include "core/thread.h"
#include "source/modules.h"

uint32_t smk_stack_here(uint64_t pc, uint64_t sp, uint64_t fp)
{
    (void)pc, (void)sp, (void)fp;
    return 0;
}

uint32_t smk_stack_of_blocked(uint64_t pc, uint64_t sp, uint64_t fp)
{
    (void)pc, (void)sp, (void)fp;
    return 0;
}

void smk_stack_prepare(void) {}

void smk_stack_thread_bounds(uint64_t stack_high)
{
    if (smk_tls.self)
        smk_store_relaxed(&smk_tls.self->stack_high, stack_high);
}
