#include "analysis/locks.h"

#include "format/events.h"

/* A new entry, which is what the address means from now on. */
static uint32_t add_lock(struct smk_locks *locks, struct smk_mem *mem, const struct smk_lock *lock)
{
    uint64_t key = smk_map_own(lock->process, lock->address);
    if (!smk_mem_grow(mem, &locks->array, &locks->capacity, locks->count + 1u) ||
        !smk_map_put(&locks->by_address, mem, key, locks->count))
        return SMK_MAP_NONE;
    locks->array[locks->count] = *lock;
    return locks->count++;
}

uint32_t smk_locks_index(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                         uint64_t time)
{
    uint32_t index = smk_map_get(&locks->by_address, smk_map_own(process, address));
    if (index == SMK_MAP_NONE)
        return add_lock(locks, mem, &(struct smk_lock){.address = address, .process = process,
                                                       .worst = SMK_MAP_NONE, .before = SMK_MAP_NONE});
    while (time < locks->array[index].since && locks->array[index].before != SMK_MAP_NONE)
        index = locks->array[index].before;
    return index;
}

void smk_locks_epoch(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                     uint64_t time)
{
    uint32_t before = smk_locks_index(locks, mem, process, address, UINT64_MAX);
    if (before == SMK_MAP_NONE)
        return;
    add_lock(locks, mem, &(struct smk_lock){.address = address, .process = process, .since = time,
                                            .before = before, .epoch = locks->array[before].epoch + 1,
                                            .worst = SMK_MAP_NONE});
}

void smk_locks_name(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                    uint64_t time, uint32_t name)
{
    uint32_t index = smk_locks_index(locks, mem, process, address, time);
    if (index == SMK_MAP_NONE)
        return;
    locks->array[index].given = name;
    while ((index = locks->array[index].before) != SMK_MAP_NONE)
        locks->array[index].later_name = true;
}

static void add_to_thread(struct smk_locks *locks, struct smk_mem *mem, uint32_t lock_index,
                          uint32_t thread, uint64_t ns)
{
    struct smk_lock *lock = &locks->array[lock_index];
    uint64_t key = smk_map_pair(lock_index, thread);
    uint32_t index = smk_map_get(&locks->by_thread, key);
    if (index == SMK_MAP_NONE) {
        index = locks->thread_count;
        if (!smk_mem_grow(mem, &locks->threads, &locks->thread_capacity, index + 1u) ||
            !smk_map_put(&locks->by_thread, mem, key, index))
            return;
        locks->threads[locks->thread_count++] =
            (struct smk_lock_thread){.lock = lock_index, .thread = thread};
        lock->threads++;
    }
    locks->threads[index].ns += ns;
    locks->threads[index].count++;
    if (lock->worst == SMK_MAP_NONE || locks->threads[index].ns > locks->threads[lock->worst].ns)
        lock->worst = index;
}

static void keep_wait(struct smk_locks *locks, struct smk_mem *mem, uint32_t lock,
                      const struct smk_lock_seen *seen)
{
    if (locks->wait_count >= locks->keep ||
        !smk_mem_grow(mem, &locks->waits, &locks->wait_capacity, locks->wait_count + 1u)) {
        locks->waits_refused++;
        return;
    }
    locks->waits[locks->wait_count++] = (struct smk_lock_wait){
        smk_max_u64(seen->begin, locks->from), seen->end, seen->request, lock, seen->thread, seen->stack,
        seen->holder, seen->releaser,
        !seen->open && (seen->result == SMK_LOCK_ACQUIRED || seen->result == SMK_LOCK_OWNERDEAD)};
}

static void count_result(struct smk_lock *lock, const struct smk_lock_seen *seen)
{
    lock->open += seen->open;
    lock->timed_out += seen->result == SMK_LOCK_TIMEDOUT;
    lock->owner_died += seen->result == SMK_LOCK_OWNERDEAD;
    lock->failed += seen->result == SMK_LOCK_FAILED;
}

uint32_t smk_locks_wait(struct smk_locks *locks, struct smk_mem *mem, const struct smk_lock_seen *seen)
{
    if (seen->end < locks->from || seen->end < seen->begin)
        return SMK_MAP_NONE;
    uint32_t index = smk_locks_index(locks, mem, seen->process, seen->address, seen->begin);
    if (index == SMK_MAP_NONE)
        return index;
    struct smk_lock *lock = &locks->array[index];
    uint64_t length = seen->end - seen->begin;
    uint64_t in_window = smk_min_u64(length, seen->end - locks->from);
    if (lock->waits.count == 0)
        lock->site = seen->site;
    if (lock->first_stack == 0) /* short waits have no stack */
        lock->first_stack = seen->stack;
    if (lock->waits.count == 0 || length > lock->waits.max) {
        lock->max_begin = seen->begin;
        lock->max_end = seen->end;
        lock->max_request = seen->request;
    }
    smk_dist_add(&lock->waits, mem, length);
    lock->in_window += in_window;
    lock->outside += seen->in_request ? 0 : in_window;
    count_result(lock, seen);
    locks->total_waits++;
    locks->total_ns += in_window;
    add_to_thread(locks, mem, index, seen->thread, in_window);
    keep_wait(locks, mem, index, seen);
    return index;
}

void smk_locks_release(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                       const struct smk_lock_release *release)
{
    uint32_t index =
        release->time < locks->from ? SMK_MAP_NONE : smk_locks_index(locks, mem, process, address, release->time);
    if (index == SMK_MAP_NONE)
        return;
    if (locks->release_count >= locks->keep ||
        !smk_mem_grow(mem, &locks->releases, &locks->release_capacity, locks->release_count + 1u)) {
        locks->releases_refused++;
        return;
    }
    locks->releases[locks->release_count] = *release;
    locks->releases[locks->release_count++].lock = index;
}

void smk_locks_of_none(struct smk_locks *locks, uint32_t index)
{
    struct smk_lock_wait *wait = &locks->waits[index];
    struct smk_lock *lock = &locks->array[wait->lock];
    lock->outside += wait->end - wait->begin;
    if (lock->max_begin == wait->begin && lock->max_request == wait->request)
        lock->max_request = 0;
    wait->request = 0;
}

#define PREEMPTED_LOOK 1000u /* spans that are looked at for those in a wait */

uint64_t smk_locks_preempted_in(const struct smk_locks *locks, uint32_t thread, uint64_t begin, uint64_t end)
{
    uint64_t ns = 0;
    for (uint32_t looks = 0, i = locks->preempted_count; i > 0 && looks < PREEMPTED_LOOK; i--, looks++) {
        const struct smk_lock_preempted *span = &locks->preempted[i - 1];
        if (span->end <= begin)
            break;
        if (span->thread == thread)
            ns += smk_min_u64(span->end, end) - smk_min_u64(smk_max_u64(span->begin, begin), end);
    }
    return ns;
}

void smk_locks_preempted(struct smk_locks *locks, struct smk_mem *mem, uint32_t thread, uint64_t begin, uint64_t end)
{
    if (locks->preempted_count < locks->keep &&
        smk_mem_grow(mem, &locks->preempted, &locks->preempted_capacity, locks->preempted_count + 1u))
        locks->preempted[locks->preempted_count++] = (struct smk_lock_preempted){begin, end, thread, 0};
}

void smk_locks_free(struct smk_locks *locks, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < locks->count; i++)
        smk_dist_free(&locks->array[i].waits, mem);
    smk_mem_free(mem, locks->array, locks->capacity * sizeof(*locks->array));
    smk_mem_free(mem, locks->threads, locks->thread_capacity * sizeof(*locks->threads));
    smk_mem_free(mem, locks->waits, locks->wait_capacity * sizeof(*locks->waits));
    smk_mem_free(mem, locks->releases, locks->release_capacity * sizeof(*locks->releases));
    smk_map_free(&locks->by_address, mem);
    smk_map_free(&locks->by_thread, mem);
    smk_mem_free(mem, locks->preempted, locks->preempted_capacity * sizeof(*locks->preempted));
    smk_call_waits_free(&locks->others, mem);
    *locks = (struct smk_locks){0};
}
