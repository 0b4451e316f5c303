#include "analysis/live.h"

#include <stdio.h>
#include <string.h>

#define PAIRS_MAX 2000u

uint32_t smk_live_find(const struct smk_live *live, uint32_t tid)
{
    uint32_t low = 0, high = live->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (live->threads[middle].tid < tid)
            low = middle + 1;
        else
            high = middle;
    }
    return tid && low < live->count && live->threads[low].tid == tid ? low : SMK_LIVE_NONE;
}

/* Names are compared pair by pair; where that would take long each is shown with its number. */
static void find_same_names(struct smk_live *live)
{
    for (uint32_t i = 0; i < live->count; i++)
        live->threads[i].same_name = live->count > PAIRS_MAX;
    if (live->count > PAIRS_MAX)
        return;
    for (uint32_t i = 0; i < live->count; i++)
        for (uint32_t k = 0; k < i && !live->threads[i].same_name; k++)
            if (strcmp(live->threads[i].name, live->threads[k].name) == 0)
                live->threads[i].same_name = live->threads[k].same_name = true;
}

/* Some thread of the circle that the way from here leads into; SMK_LIVE_NONE: it ends. A hare and a tortoise
 * (Floyd), which need no memory. */
static uint32_t circle_behind(const struct smk_live *live, uint32_t start)
{
    uint32_t slow = start, fast = start;
    for (;;) {
        slow = live->threads[slow].next;
        for (int step = 0; step < 2; step++) {
            fast = live->threads[fast].next;
            if (fast == SMK_LIVE_NONE)
                return fast;
        }
        if (slow == fast)
            return slow;
    }
}

void smk_live_link(struct smk_live *live)
{
    live->circles = 0;
    for (uint32_t i = 0; i < live->count; i++) {
        live->threads[i].next = smk_live_find(live, live->threads[i].holder);
        live->threads[i].circle = 0;
    }
    find_same_names(live);
    for (uint32_t i = 0; i < live->count; i++) {
        uint32_t at = circle_behind(live, i);
        if (at == SMK_LIVE_NONE || live->threads[at].circle)
            continue;
        live->circles++;
        for (; live->threads[at].circle == 0; at = live->threads[at].next)
            live->threads[at].circle = live->circles;
    }
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* The names are of wrappers in a program that is linked with the agent, and of a libc that is linked in. */
bool smk_live_is_library(const char *module, const char *function)
{
    static const char *const modules[] = {"libstallmark", "libc.so", "libc-2.", "libpthread", "ld-linux", "ld-2.",
                                          "librt", "[vdso]"};
    static const char *const functions[] = {"pthread_", "__pthread_", "smk_", "__lll_", "__gthread", "mtx_lock",
                                            "cnd_wait", "cnd_timedwait"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(modules); i++)
        if (begins(module, modules[i]))
            return true;
    for (size_t i = 0; function && i < SMK_ARRAY_LEN(functions); i++)
        if (begins(function, functions[i]))
            return true;
    return false;
}

uint32_t smk_live_own_frame(const struct smk_live_thread *thread)
{
    uint32_t at = 0;
    while (at < thread->frame_count && thread->frames[at].ours)
        at++;
    return at;
}

bool smk_live_called(const struct smk_live_thread *thread, char *name, size_t size)
{
    for (uint32_t own = smk_live_own_frame(thread); own > 0; own--) {
        const char *function = thread->frames[own - 1].function;
        if (!function || begins(function, "smk_"))
            continue;
        function += strspn(function, "_");
        function += begins(function, "new_sem_") ? 4 : 0;
        snprintf(name, size, "%.*s", (int)strcspn(function, "@."), function);
        return name[0] != '\0';
    }
    return false;
}
