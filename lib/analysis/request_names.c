/* request_names.c: what the parts of a request are called. */
#include "analysis/request_parts.h"

const char *smk_time_name(enum smk_time_kind kind)
{
    static const char *const names[] = {
#define X(NAME, name, text) name,
        SMK_TIMES(X)
#undef X
    };
    return kind < SMK_TIMES_COUNT ? names[kind] : "?";
}

const char *smk_time_text(enum smk_time_kind kind)
{
    static const char *const texts[] = {
#define X(NAME, name, text) text,
        SMK_TIMES(X)
#undef X
    };
    return kind < SMK_TIMES_COUNT ? texts[kind] : "?";
}

const char *smk_why_text(enum smk_why why)
{
    static const char *const texts[] = {"off its CPU in no call that is seen",
                                        "not recorded",
                                        "in no call; nothing says whether it had a CPU",
                                        "in no call, and not on a CPU as the kernel counts",
                                        "no thread worked for it",
                                        "to be woken",
                                        "something else had the CPUs"};
    return why <= SMK_WHY_OTHERS ? texts[why] : "?";
}
