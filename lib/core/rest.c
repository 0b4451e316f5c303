/* rest.c: see rest.h. */
#include "core/rest.h"

#include "base/sys.h"
#include "core/init.h"

enum { NOTHING, NEWS, LOOKING, RESTS };
enum { CHECKS_MAX = 4 };

uint32_t smk_rest_state;
static const char *(*checks[CHECKS_MAX])(void); /* atomic; NULL: free */

void smk_rest_add_check(const char *(*refused)(void))
{
    for (int i = 0; i < CHECKS_MAX; i++) {
        const char *(*none)(void) = NULL;
        if (smk_load_acquire(&checks[i]) == refused || smk_cas_acq_rel(&checks[i], &none, refused))
            return;
    }
}

void smk_rest_filter_set(void)
{
    uint32_t state = smk_load_relaxed(&smk_rest_state);
    while (state != RESTS && !smk_cas_acq_rel(&smk_rest_state, &state, NEWS)) /* pairs with: smk_rest_look */
        ;
}

static const char *refused(void)
{
    for (int i = 0; i < CHECKS_MAX; i++) {
        const char *(*check)(void) = smk_load_acquire(&checks[i]);
        const char *why = check ? check() : NULL;
        if (why)
            return why;
    }
    return NULL;
}

/* Nothing but what whoever waits for a lock does as well. */
static void rest(void)
{
    for (;;)
        smk_sys_futex_wait(&smk_rest_state, RESTS, UINT64_MAX);
}

/* Another filter may come while this one is looked at: then once more. */
void smk_rest_look(void)
{
    for (;;) {
        uint32_t state = NEWS, looking = LOOKING;
        if (smk_cas_acq_rel(&smk_rest_state, &state, LOOKING)) { /* pairs with: smk_rest_filter_set */
            const char *why = refused();
            if (why) {
                smk_core_go_inert(why);
                smk_store_release(&smk_rest_state, RESTS); /* pairs with: smk_resting */
            } else {
                smk_cas_acq_rel(&smk_rest_state, &looking, NOTHING); /* pairs with: smk_rest_filter_set */
            }
            smk_sys_futex_wake(&smk_rest_state, INT32_MAX);
        } else if (state == NOTHING) {
            return;
        } else if (state == RESTS) {
            rest();
        } else {
            smk_sys_futex_wait(&smk_rest_state, LOOKING, UINT64_MAX);
        }
    }
}

bool smk_resting(void) { return smk_load_acquire(&smk_rest_state) == RESTS; } /* pairs with: smk_rest_look */

void smk_rest_reset_in_child(void)
{
    if (!smk_resting())
        smk_store_relaxed(&smk_rest_state, NOTHING);
}
