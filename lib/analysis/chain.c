#include "analysis/chain.h"

#include <string.h>

#define LOOKS_MAX 2000000u

struct link {
    struct smk_chain *chain;
    const struct smk_chain_evidence *evidence;
    uint32_t path[2 * SMK_CHAIN_DEPTH + 2]; /* threads, the request's first */
    uint32_t depth;
    bool queue; /* the root is one: who takes out of it may be idle */
    uint64_t looks;
};

const char *smk_chain_kind_name(enum smk_chain_kind kind)
{
    static const char *const names[] = {"wait", "holder", "ran", "ready", "wake", "circle", "unknown"};
    return kind <= SMK_CHAIN_UNKNOWN ? names[kind] : "?";
}

/* ---- nodes ---------------------------------------------------------------------------------------------- */

/* The function that a stack was taken in. */
static uint32_t function_of(const struct link *link, uint32_t stack_id)
{
    const struct smk_place *place = smk_symbols_stack_place(link->evidence->symbols, stack_id);
    return place ? place->function_id : SMK_MAP_NONE;
}

static bool is_same(const struct smk_chain_node *node, const struct smk_chain_node *like)
{
    return node->parent == like->parent && node->kind == like->kind && node->wait == like->wait &&
           node->lock == like->lock && node->function == like->function && node->inferred == like->inferred &&
           node->call == like->call && node->idle == like->idle;
}

static void add_thread(struct smk_chain_node *node, uint32_t thread, uint64_t ns)
{
    uint32_t i = 0;
    while (i < node->thread_count && node->threads[i] != thread)
        i++;
    if (thread == 0 || i == SMK_CHAIN_THREADS)
        return;
    if (i == node->thread_count) {
        node->threads[node->thread_count++] = thread;
        node->thread_ns[i] = 0;
    }
    ns += node->thread_ns[i];
    for (; i > 0 && node->thread_ns[i - 1] < ns; i--) {
        node->threads[i] = node->threads[i - 1];
        node->thread_ns[i] = node->thread_ns[i - 1];
    }
    node->threads[i] = thread;
    node->thread_ns[i] = ns;
}

/* The node that is like this one, which gets these ns; SMK_MAP_NONE: there is no room. `like` has neither sums nor
 * threads. */
static uint32_t add(struct link *link, struct smk_chain_node *like, uint32_t parent, uint32_t thread, uint64_t ns)
{
    struct smk_chain *chain = link->chain;
    uint32_t i = 0;
    like->parent = parent == SMK_CHAIN_ROOTS ? SMK_CHAIN_ROOTS : parent;
    like->depth = parent == SMK_CHAIN_ROOTS ? 0 : (uint8_t)(chain->nodes[parent].depth + 1);
    while (i < chain->count && !is_same(&chain->nodes[i], like))
        i++;
    if (i == SMK_CHAIN_NODES) {
        chain->cut_short = true;
        return SMK_MAP_NONE;
    }
    if (i == chain->count)
        chain->nodes[chain->count++] = *like;
    struct smk_chain_node *node = &chain->nodes[i];
    node->ns += ns;
    node->count += node->count == 0 || like->last == 0 || node->last != like->last;
    node->last = like->last;
    if (ns > node->longest) {
        node->longest = ns;
        node->what = like->what ? like->what : node->what;
        node->stack = like->stack ? like->stack : node->stack;
    }
    add_thread(node, thread, ns);
    return i;
}

static struct smk_chain_node a_node(enum smk_chain_kind kind)
{
    return (struct smk_chain_node){.kind = (uint8_t)kind, .lock = SMK_MAP_NONE, .function = SMK_MAP_NONE};
}

static struct smk_chain_node a_wait(const struct link *link, const struct smk_span_wait *wait)
{
    struct smk_chain_node node = a_node(SMK_CHAIN_WAIT);
    node.wait = wait->kind;
    node.call = wait->call;
    node.what = wait->what;
    node.site = wait->site;
    node.stack = wait->stack;
    node.last = wait->from;
    node.idle = link->queue && wait->idle;
    node.function = function_of(link, wait->stack);
    if (wait->kind == SMK_WAIT_LOCK) {
        node.call = 0;
        node.lock = smk_locks_index(link->evidence->locks, link->evidence->index->mem, wait->process, wait->object,
                                    wait->from);
    }
    return node;
}

/* ---- who held it up ------------------------------------------------------------------------------------- */

static void did(struct link *link, uint32_t node, uint32_t thread, uint64_t from, uint64_t to);

/* One stretch in which a thread held it up. */
static void held(struct link *link, uint32_t parent, uint32_t thread, uint32_t stack, bool inferred, uint64_t from,
                 uint64_t to)
{
    struct smk_chain_node like = a_node(SMK_CHAIN_HOLDER);
    if (to <= from)
        return;
    like.stack = stack;
    like.function = function_of(link, stack);
    like.inferred = inferred;
    for (uint32_t i = 0; i < link->depth; i++)
        if (link->path[i] == thread) {
            like.kind = SMK_CHAIN_CIRCLE;
            add(link, &like, parent, thread, to - from);
            return;
        }
    uint32_t node = add(link, &like, parent, thread, to - from);
    if (node == SMK_MAP_NONE || link->depth > SMK_CHAIN_DEPTH) {
        link->chain->cut_short = true;
        return;
    }
    link->path[link->depth++] = thread;
    did(link, node, thread, from, to);
    link->depth--;
}

static void nobody(struct link *link, uint32_t parent, enum smk_chain_kind kind, uint64_t ns)
{
    struct smk_chain_node like = a_node(kind);
    if (ns)
        add(link, &like, parent, 0, ns);
}

static uint32_t serial_of(const struct link *link, uint32_t process, uint32_t tid, uint64_t time)
{
    const smk_thread_info *info = tid ? smk_trace_process_tid(link->evidence->trace, process, tid, time) : NULL;
    return info ? info->serial : 0;
}

/* Stretches between the unlocks in [from, to]. */
static void lock_was_held(struct link *link, uint32_t parent, const struct smk_span_wait *wait, uint64_t from,
                          uint64_t to)
{
    const struct smk_span_index *index = link->evidence->index;
    const struct smk_span_release *release =
        smk_span_index_release(index, wait->process, wait->object, from);
    uint64_t at = from;
    for (; release && smk_span_index_is_release_of(index, release, wait->process, wait->object); release++) {
        if (release->from > to || link->looks++ > LOOKS_MAX)
            break;
        if (release->thread == wait->thread)
            continue;
        held(link, parent, release->thread, release->stack, false, at, release->from);
        at = smk_max_u64(at, release->from);
    }
    if (at > from) {
        nobody(link, parent, SMK_CHAIN_WAKE, to - smk_min_u64(at, to));
        return;
    }
    uint32_t holder = serial_of(link, wait->process, wait->holder, wait->from);
    if (holder && holder != wait->thread)
        held(link, parent, holder, 0, true, from, to);
    else
        nobody(link, parent, SMK_CHAIN_UNKNOWN, to - from);
}

/* Who ended it held it up. */
static void was_woken(struct link *link, uint32_t parent, const struct smk_span_wait *wait, uint64_t from, uint64_t to)
{
    uint32_t waker = serial_of(link, wait->process, wait->waker, wait->to);
    if (waker && waker != wait->thread)
        held(link, parent, waker, 0, true, from, to);
    else
        nobody(link, parent, SMK_CHAIN_UNKNOWN, to - from);
}

/* A thread waited in [from, to], which is part of a wait: whom for. */
static void follow(struct link *link, uint32_t node, const struct smk_span_wait *wait, uint64_t from, uint64_t to)
{
    if (node == SMK_MAP_NONE)
        return;
    if (wait->kind == SMK_WAIT_LOCK && wait->object)
        lock_was_held(link, node, wait, from, to);
    else if (wait->kind == SMK_WAIT_COND || wait->kind == SMK_WAIT_JOIN)
        was_woken(link, node, wait, from, to);
}

/* What a thread did in [from, to]. */
static void did(struct link *link, uint32_t parent, uint32_t thread, uint64_t from, uint64_t to)
{
    struct smk_span_place place = smk_span_index_from(link->evidence->index, thread, from);
    const struct smk_kept_span *span;
    while ((span = smk_span_index_next(&place)) != NULL && span->from < to) {
        const struct smk_span_wait *wait = smk_span_index_wait(link->evidence->index, span);
        uint64_t begin = smk_max_u64(from, span->from), end = smk_min_u64(to, span->to);
        bool waits = wait && (span->state == SMK_SPAN_WAITING || span->state == SMK_SPAN_IDLE ||
                              (span->state == SMK_SPAN_RUNNING && span->kind == SMK_WAIT_MEMORY));
        struct smk_chain_node like = a_node(span->state == SMK_SPAN_RUNNING    ? SMK_CHAIN_RAN
                                            : span->state == SMK_SPAN_RUNNABLE ? SMK_CHAIN_READY
                                                                               : SMK_CHAIN_UNKNOWN);
        if (waits)
            like = a_wait(link, wait);
        uint32_t node = add(link, &like, parent, thread, end - begin);
        if (waits && !like.idle)
            follow(link, node, wait, begin, end);
        if (link->looks++ > LOOKS_MAX) {
            link->chain->cut_short = true;
            return;
        }
    }
}

/* ---- the request's own waits ---------------------------------------------------------------------------- */

/* Who took it out of the queue did something else before that. */
static void queued(struct link *link, const struct smk_request_parts *parts, const struct smk_request_step *step)
{
    const struct smk_span_index *index = link->evidence->index;
    struct smk_chain_node like = a_node(SMK_CHAIN_WAIT);
    for (uint32_t i = 0; i < index->handoffs_count; i++) {
        const struct smk_span_handoff *handoff = &index->handoffs[i];
        if (handoff->request != parts->request.id || handoff->process != parts->request.process ||
            handoff->from > step->from || handoff->to < step->to)
            continue;
        like.site = handoff->site;
        uint32_t node = add(link, &like, SMK_CHAIN_ROOTS, 0, step->to - step->from);
        if (node != SMK_MAP_NONE)
            held(link, node, handoff->thread, 0, true, step->from, step->to);
        return;
    }
}

static void waited(struct link *link, const struct smk_request_parts *parts, const struct smk_request_step *step)
{
    const struct smk_span_index *index = link->evidence->index;
    const struct smk_time_part *part = &parts->parts[step->part];
    const struct smk_span_wait *wait = step->wait ? &index->waits[step->wait - 1] : NULL;
    link->depth = 0;
    link->queue = part->kind == SMK_TIME_QUEUE;
    if (part->kind == SMK_TIME_QUEUE) {
        queued(link, parts, step);
    } else if (part->kind == SMK_TIME_LOOP && parts->loop_thread) {
        struct smk_chain_node like = a_node(SMK_CHAIN_WAIT);
        like.wait = SMK_WAIT_POLL;
        uint32_t node = add(link, &like, SMK_CHAIN_ROOTS, 0, step->to - step->from);
        if (node != SMK_MAP_NONE)
            held(link, node, parts->loop_thread, 0, false, step->from, step->to);
    } else if (wait && (part->kind == SMK_TIME_LOCK || part->kind == SMK_TIME_COND || part->kind == SMK_TIME_JOIN)) {
        struct smk_chain_node like = a_wait(link, wait);
        link->path[link->depth++] = step->thread;
        follow(link, add(link, &like, SMK_CHAIN_ROOTS, step->thread, step->to - step->from), wait, step->from,
               step->to);
    }
}

bool smk_chain_make(struct smk_chain *chain, const struct smk_chain_evidence *evidence,
                    const struct smk_request_parts *parts, uint64_t least)
{
    struct link link = {.chain = chain, .evidence = evidence};
    *chain = (struct smk_chain){0};
    chain->nodes = smk_mem_new(evidence->index->mem, SMK_CHAIN_NODES * sizeof(*chain->nodes));
    if (!chain->nodes)
        return false;
    for (uint32_t i = 0; i < parts->step_count; i++)
        if (parts->parts[parts->steps[i].part].ns >= least)
            waited(&link, parts, &parts->steps[i]);
    chain->cut_short |= link.looks > LOOKS_MAX;
    return true;
}

void smk_chain_free(struct smk_chain *chain, struct smk_mem *mem)
{
    smk_mem_free(mem, chain->nodes, chain->nodes ? SMK_CHAIN_NODES * sizeof(*chain->nodes) : 0);
    *chain = (struct smk_chain){0};
}

/* Nodes are few: the number-th of the parent's by what they took. */
uint32_t smk_chain_child(const struct smk_chain *chain, uint32_t parent, uint32_t number)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        uint32_t before = 0;
        if (chain->nodes[i].parent != parent)
            continue;
        for (uint32_t j = 0; j < chain->count; j++)
            if (j != i && chain->nodes[j].parent == parent)
                before += chain->nodes[j].ns > chain->nodes[i].ns ||
                          (chain->nodes[j].ns == chain->nodes[i].ns && j < i);
        if (before == number)
            return i;
    }
    return UINT32_MAX;
}
