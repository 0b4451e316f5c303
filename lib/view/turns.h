/* turns.h: a lock that is given in the order in which it was asked for. The builder holds it almost always and lets
 * others in between two batches of events; an ordinary lock would be taken again by whoever just gave it up.
 */
#ifndef SMK_VIEW_TURNS_H
#define SMK_VIEW_TURNS_H

#include <pthread.h>

#include "base/compiler.h"

struct smk_view_turns {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t next, serving; /* tickets */
};

void smk_view_turns_init(struct smk_view_turns *turns);
void smk_view_turns_destroy(struct smk_view_turns *turns);
void smk_view_turn_take(struct smk_view_turns *turns);
void smk_view_turn_end(struct smk_view_turns *turns);
/* Who holds it lets those who asked until now go before. */
void smk_view_turn_offer(struct smk_view_turns *turns);

#endif
