/* perf_registers.h: the registers and the stack of a thread as a perf sample brings them. */
#ifndef SMK_SOURCE_PERF_REGISTERS_H
#define SMK_SOURCE_PERF_REGISTERS_H

#include "base/compiler.h"
#include "source/stack.h"

#if defined(__x86_64__)
#define SMK_PERF_REGISTERS ((1u << 6) | (1u << 7) | (1u << 8)) /* PERF_REG_X86_BP, _SP, _IP: asm/perf_regs.h */
#else
#define SMK_PERF_REGISTERS ((UINT64_C(1) << 29) | (UINT64_C(1) << 31) | (UINT64_C(1) << 32)) /* x29, sp, pc */
#endif
enum { SMK_PERF_FP, SMK_PERF_SP, SMK_PERF_PC, SMK_PERF_REGISTER_COUNT };

/* Behind the registers come the length of the copy, the copy, and how much of it is stack. abi 0: a thread
 * without user registers, and then no stack either. */
struct smk_perf_user {
    uint64_t abi;
    uint64_t registers[SMK_PERF_REGISTER_COUNT];
    uint64_t stack_bytes;
};

/* `room`: bytes from `user` to the end of the sample. 0: no stack. */
SMK_INLINE uint32_t smk_perf_user_stack(const struct smk_perf_user *user, uint64_t room)
{
    const uint8_t *stack = (const uint8_t *)(user + 1);
    uint64_t copied = 0;
    if (user->abi == 0 || room < sizeof *user)
        return 0;
    room -= sizeof *user;
    if (user->stack_bytes > 0 && user->stack_bytes % 8 == 0 && user->stack_bytes + 8 <= room)
        copied = smk_min_u64(*(const uint64_t *)(const void *)(stack + user->stack_bytes), user->stack_bytes);
    return smk_stack_of_copy(user->registers[SMK_PERF_PC], user->registers[SMK_PERF_SP],
                             user->registers[SMK_PERF_FP], stack, (uint32_t)copied);
}

#endif
