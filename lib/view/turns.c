#include "view/turns.h"

#include "base/atomic.h"

void smk_view_turns_init(struct smk_view_turns *turns)
{
    pthread_mutex_init(&turns->mutex, NULL);
    pthread_cond_init(&turns->changed, NULL);
    turns->next = turns->serving = 0;
}

void smk_view_turns_destroy(struct smk_view_turns *turns)
{
    pthread_cond_destroy(&turns->changed);
    pthread_mutex_destroy(&turns->mutex);
}

void smk_view_turn_take(struct smk_view_turns *turns)
{
    pthread_mutex_lock(&turns->mutex);
    uint64_t ticket = turns->next;
    smk_store_relaxed(&turns->next, ticket + 1); /* smk_view_turn_offer looks without the mutex */
    while (turns->serving != ticket)
        pthread_cond_wait(&turns->changed, &turns->mutex);
    pthread_mutex_unlock(&turns->mutex);
}

void smk_view_turn_end(struct smk_view_turns *turns)
{
    pthread_mutex_lock(&turns->mutex);
    turns->serving++;
    pthread_cond_broadcast(&turns->changed);
    pthread_mutex_unlock(&turns->mutex);
}

void smk_view_turn_offer(struct smk_view_turns *turns)
{
    if (smk_load_relaxed(&turns->next) == turns->serving + 1) /* serving is changed by who holds it alone */
        return;
    smk_view_turn_end(turns);
    smk_view_turn_take(turns);
}
