/* wait_functions.h: the functions in which threads waited in one call, most time first, and for what.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_WAIT_FUNCTIONS_H
#define SMK_ANALYSIS_WAIT_FUNCTIONS_H

#include "analysis/call_waits.h"
#include "analysis/symbols.h"

struct smk_wait_function {
    uint32_t function_id; /* of smk_place; SMK_MAP_NONE: no stack says it */
    uint32_t stack;       /* the one with most of the time */
    uint64_t stack_ns;
    uint64_t ns, count;
    struct smk_wait_place most; /* of its places that with the longest wait … */
    uint32_t things;            /* … and how many things were waited for: more than one are "and others" */
    uint32_t thing_what;        /* the thing with most of the time */
    uint64_t thing_object, thing_ns;
};

/* `in_requests`: of waits in requests alone, but for the longest one. How many, at most `max`. Of more than 256
 * functions those beyond are not looked at. */
uint32_t smk_wait_functions(const struct smk_call_waits *waits, struct smk_symbols *symbols, uint32_t sum,
                            bool in_requests, struct smk_wait_function *functions, uint32_t max);

#endif
