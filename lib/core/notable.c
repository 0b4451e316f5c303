#include "core/notable.h"

#include <string.h>

#define WAITS_NONE(X) [0 ... SMK_WAIT_OTHER] = (X)

SMK_ALIGNED(SMK_CACHE_LINE) struct smk_notable_limits smk_notable_limits = {
    .request = UINT64_MAX, .loop = UINT64_MAX, .wait = {WAITS_NONE(UINT64_MAX)}, .status = UINT32_MAX};

/* `turn` is twice the lap in which the place can be filled, and one more when it is. */
struct place {
    uint64_t turn; /* atomic */
    struct smk_notable notable;
};

static struct {
    struct place places[SMK_NOTABLES];
    uint64_t head; /* atomic: taken by who puts */
    uint64_t tail; /* the control loop's */
    uint64_t missed; /* atomic */
} queue;

void smk_notable_put(const struct smk_notable *notable)
{
    uint64_t head = smk_load_relaxed(&queue.head);
    for (;;) {
        struct place *place = &queue.places[head % SMK_NOTABLES];
        uint64_t wanted = 2 * (head / SMK_NOTABLES);
        uint64_t turn = smk_load_acquire(&place->turn); /* pairs with: smk_notable_take */
        if (turn < wanted) {
            smk_add_relaxed(&queue.missed, 1);
            return;
        }
        if (turn > wanted) {
            head = smk_load_relaxed(&queue.head);
        } else if (smk_cas_relaxed(&queue.head, &head, head + 1)) {
            place->notable = *notable;
            smk_store_release(&place->turn, wanted + 1); /* pairs with: smk_notable_take */
            return;
        }
    }
}

bool smk_notable_take(struct smk_notable *notable)
{
    struct place *place = &queue.places[queue.tail % SMK_NOTABLES];
    uint64_t wanted = 2 * (queue.tail / SMK_NOTABLES) + 1;
    if (smk_load_acquire(&place->turn) != wanted) /* pairs with: smk_notable_put */
        return false;
    *notable = place->notable;
    smk_store_release(&place->turn, wanted + 1); /* pairs with: smk_notable_put */
    queue.tail++;
    return true;
}

uint64_t smk_notables_missed(void) { return smk_load_relaxed(&queue.missed); }

void smk_notables_want(const struct smk_notable_limits *limits)
{
    smk_store_relaxed(&smk_notable_limits.request, limits ? limits->request : UINT64_MAX);
    smk_store_relaxed(&smk_notable_limits.loop, limits ? limits->loop : UINT64_MAX);
    for (unsigned kind = 0; kind <= SMK_WAIT_OTHER; kind++)
        smk_store_relaxed(&smk_notable_limits.wait[kind], limits ? limits->wait[kind] : UINT64_MAX);
    smk_store_relaxed(&smk_notable_limits.status, limits ? limits->status : UINT32_MAX);
}

/* What waits is the parent's. */
void smk_notables_reset_in_child(void)
{
    smk_notables_want(NULL);
    if (queue.head == 0)
        return;
    memset(&queue, 0, sizeof queue);
}
