/* locks.h: waits for locks and the unlocks that ended them.
 *
 * Sums are kept of all; the waits and unlocks themselves up to a bound, for the question who held the
 * lock meanwhile (holders.h). Waits are in the order in which they ended.
 *
 * A lock is an address and an epoch: addresses are used again. Each epoch has an entry of its own, which
 * knows the one before it, since what began before an epoch may be recorded behind its event.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_LOCKS_H
#define SMK_ANALYSIS_LOCKS_H

#include "analysis/call_waits.h"
#include "analysis/dist.h"
#include "analysis/map.h"
#include "base/mem.h"
#include "stallmark/reader.h"

struct smk_lock {
    uint64_t address; /* in its process */
    uint64_t since;  /* of its epoch */
    uint32_t epoch;  /* 0: the first at this address */
    uint32_t before; /* index of the one before; SMK_MAP_NONE: there is none */
    uint32_t given;  /* string: its name, as an event says it; 0: none does */
    bool later_name; /* what the tables call this address is the name of a later one */
    struct smk_dist waits; /* those that end in the window, and open ones up to its end */
    uint64_t in_window;    /* ns of them within the window */
    uint64_t outside;      /* ns of in_window outside all requests */
    uint64_t timed_out, failed, owner_died;
    uint64_t max_begin, max_end; /* the longest wait */
    uint64_t max_request; /* with its process, smk_map_own */
    uint32_t process;
    uint32_t open;        /* waits that had not ended */
    uint32_t threads;     /* that waited */
    uint32_t first_stack; /* of the first wait with one: names the lock where nothing else does */
    uint32_t site;        /* of an own wait, 0: none */
    uint32_t worst;       /* index in by-thread sums of the thread that waited most */
};

/* What one thread waited for one lock. */
struct smk_lock_thread {
    uint32_t lock, thread; /* index, serial */
    uint64_t ns, count;
};

struct smk_lock_wait {
    uint64_t begin, end;
    uint64_t request; /* that its thread worked for, with its process; 0: none */
    uint32_t lock, thread, stack;
    uint32_t holder, releaser; /* tids, 0: not known */
    uint32_t got_it; /* 0: it timed out, failed, or had not ended */
};

struct smk_lock_release {
    uint64_t time; /* when the unlock began */
    uint64_t held; /* 0: not known */
    uint32_t lock, thread, stack;
    uint32_t region; /* site of the innermost region that the thread was in, 0: none */
};

/* A thread was ready without a CPU that was taken from it; in order of their ends. */
struct smk_lock_preempted {
    uint64_t begin, end;
    uint32_t thread, unused;
};

struct smk_locks {
    uint64_t from;     /* begin of the window of the process whose waits come now */
    uint32_t keep;     /* waits, and as many unlocks, that are kept */
    struct smk_lock *array;
    uint32_t count, capacity;
    struct smk_map by_address;
    struct smk_lock_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_thread;
    struct smk_lock_wait *waits;
    uint32_t wait_count, wait_capacity;
    struct smk_lock_release *releases;
    uint32_t release_count, release_capacity;
    struct smk_lock_preempted *preempted;
    uint32_t preempted_count, preempted_capacity;
    struct smk_call_waits others; /* what threads waited for besides locks */
    uint64_t waits_refused, releases_refused; /* were not kept */
    uint64_t total_waits, total_ns;
};

struct smk_lock_seen {
    uint64_t address, begin, end, request;
    uint32_t process, thread, stack, holder, releaser, result, site;
    bool open, in_request;
};

void smk_locks_free(struct smk_locks *locks, struct smk_mem *mem);

/* The index of a process's lock that was there at `time`; SMK_MAP_NONE when there is no memory. */
uint32_t smk_locks_index(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                         uint64_t time);

/* From now on there is another lock at this address. */
void smk_locks_epoch(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                     uint64_t time);

/* The lock there is given a name. */
void smk_locks_name(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                    uint64_t time, uint32_t name);

/* Returns the lock's index; SMK_MAP_NONE: the wait lies before the window, or there is no memory. */
uint32_t smk_locks_wait(struct smk_locks *locks, struct smk_mem *mem, const struct smk_lock_seen *seen);

/* That wait `index` is of no request after all. */
void smk_locks_of_none(struct smk_locks *locks, uint32_t index);

/* ns in [begin, end], which ends now, that the thread's CPU had been taken from it, as far as that is known. */
uint64_t smk_locks_preempted_in(const struct smk_locks *locks, uint32_t thread, uint64_t begin, uint64_t end);
void smk_locks_preempted(struct smk_locks *locks, struct smk_mem *mem, uint32_t thread, uint64_t begin, uint64_t end);

/* `release`: all but the lock, which `process` and `address` say. */
void smk_locks_release(struct smk_locks *locks, struct smk_mem *mem, uint32_t process, uint64_t address,
                       const struct smk_lock_release *release);

#endif
