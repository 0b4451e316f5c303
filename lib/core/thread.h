/* thread.h: what the tracer knows of each thread of the host.
 *
 * A thread gets a slot when it first records something (or starts, where thread starts are seen) and
 * gives it back when it ends; without a slot it is not traced, and counted. The slot is written by
 * its own thread; others read the parts marked so. Slots are in one array, never freed, so a reader
 * may look at any of them at any time.
 *
 *   line 0   what each record and each request touches: where the next record goes, where the room ends …
 *   line 1   what only the slow paths need of both
 *   line 2   how it looks for work
 *   line 3   the callback that it is in, the request that it serves, who it is
 *   line 4   what the thread waits for now, for live views and open waits; behind it what it lost
 *
 * A request on a connection touches lines 0, 2 and 3, and one of those in which is counted: behind a system call
 * each line has to be fetched anew.
 */
#ifndef SMK_CORE_THREAD_H
#define SMK_CORE_THREAD_H

#include <string.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "format/events.h"
#include "base/sys.h"

#define SMK_THREADS_DEFAULT 16384
#define SMK_CAPTURES_MAX    8 /* readers that run at once: timed captures, snapshots, whole-program ones */
#define SMK_NAME_MAX        32
#define SMK_NO_SUB          UINT32_MAX
#define SMK_PASSING         16

enum smk_thread_state {
    SMK_THREAD_FREE = 0,
    SMK_THREAD_LIVE = 1,
    SMK_THREAD_EXITED = 2 /* its losses are not collected yet */
};

/* A short name, ended by NUL, that one thread writes while others read it; they may see a mix of the
 * old and the new one, which does no harm. */
struct smk_shared_name {
    uint64_t words[SMK_NAME_MAX / 8];
};

SMK_INLINE void smk_name_store(struct smk_shared_name *shared, const char *name)
{
    char padded[SMK_NAME_MAX] = {0};
    uint64_t word;
    for (int i = 0; i < SMK_NAME_MAX - 1 && name[i]; i++)
        padded[i] = name[i];
    for (int i = 0; i < SMK_NAME_MAX / 8; i++) {
        memcpy(&word, padded + 8 * i, 8);
        smk_store_relaxed(&shared->words[i], word);
    }
}

SMK_INLINE void smk_name_load(const struct smk_shared_name *shared, char name[SMK_NAME_MAX])
{
    for (int i = 0; i < SMK_NAME_MAX / 8; i++) {
        uint64_t word = smk_load_relaxed(&shared->words[i]);
        memcpy(name + 8 * i, &word, 8);
    }
    name[SMK_NAME_MAX - 1] = '\0';
}

/* What a thread waits for now. Written by the thread around the real call, read by anybody:
 * `seq` is odd while it is being written, and 0 kind means that it does not wait. */
struct smk_wait_now {
    uint32_t seq;
    uint32_t kind; /* enum smk_wait_kind */
    uint64_t object;
    uint64_t since; /* ticks */
    uint64_t pc, sp, fp;
    uint32_t holder; /* tid of whoever held it when the wait began, 0: unknown */
    uint32_t depth;  /* waits inside a wait (a wrapper that calls a wrapped function) */
};

/* How the thread looks for work: source/loop.h. Its own thread writes; `polled`, `pc`, `sp`, `polls` and what is
 * behind `inner` anybody may read (core/loops.h). */
struct smk_loop_now {
    uint64_t polled, before; /* ticks: when it last looked, and when before that; 0: never */
    uint64_t pc, sp;         /* where its loop looks from */
    uint64_t moved;          /* ticks: when it last moved bytes on a connection */
    uint64_t found;          /* the request that was found on a socket and that it works for; 0: none */
    bool slept;              /* the last look waited: nothing had been there before */
    bool doubtful;           /* it did so, or was slow; it came after the thread had been away for long */
    bool polls;              /* it looks by polling */
    uint32_t inner;          /* looks from elsewhere, one after the other */
    uint32_t looks;          /* of its loop, one after the other */
    uint64_t longest;        /* ticks: the longest time between two of them */
    uint64_t answered;       /* source/asked.h: the request for which an answer was read … */
    uint64_t answered_at;    /* … after the look `polled` */
};

/* The callback that the thread is in, where the program names them. Its own thread writes `since` last. */
struct smk_callback_now {
    uint64_t since; /* ticks; 0: in none */
    uint32_t site;
    uint32_t ever; /* it has been in one */
};

/* What a thread did that costs, by number of the category; the last is for what has none. */
struct smk_counted {
    uint64_t calls[SMK_CATEGORY_COUNT + 1];  /* wrapped calls between two time stamps */
    uint64_t stacks[SMK_CATEGORY_COUNT + 1]; /* taken */
    uint64_t events[SMK_CATEGORY_COUNT + 1]; /* recorded, or dropped for want of room */
};

/* What requests need that this thread begins and ends, so that they touch nothing that others do: request.c. Like
 * what it counted, of the slot. */
struct smk_thread_requests {
    uint64_t next;  /* of a block of ids reserved for it */
    uint64_t found; /* begun on a socket, and not counted in begun; anybody reads, as the next two: */
    uint64_t ended;
    uint64_t begun;
    uint64_t spare; /* a place in the table of those in flight, and 1; 0: it keeps none */
};

struct smk_thread {
    /* line 0: own thread only, except that anybody may read, and the writer sets `end` to 0 to take an
     * idle sub-buffer away (pool.c). Addresses inside the current sub-buffer; 0 without one. */
    uint64_t cur;          /* where the next record goes; reserved by smk_local_add */
    uint64_t end;          /* where the room ends; 0: no sub-buffer */
    uint64_t committed;    /* start + bytes of finished records; == cur when none is being written */
    uint64_t cost_begin;   /* request_cost.h: when the request `cost_request` began; ticks */
    uint64_t cost_ticks;   /* when the kernel was asked last; 0: never */
    struct smk_thread_requests requests; /* its last two words are in line 1 */
    uint64_t sub_state; /* the state word of the sub-buffer as this thread opened it */
    uint32_t sub;       /* index of the current sub-buffer, or SMK_NO_SUB */
    uint32_t in_slow;   /* inside the slow path, where signals are blocked; atomic */
    uint64_t stuck;     /* events that found an unfinished record in the way, one after the other */
    uint32_t state;     /* enum smk_thread_state */
    uint32_t serial;    /* counts threads of the process from 1 */

    SMK_ALIGNED(SMK_CACHE_LINE) struct smk_loop_now loop;
    struct smk_callback_now callback;
    uint64_t request;      /* id of the request that it serves, 0: none */
    uint64_t cost_request; /* the one that began last here */
    uint32_t tid;
    uint32_t index; /* of the slot; the same for ever */

    SMK_ALIGNED(SMK_CACHE_LINE) struct smk_wait_now wait;

    struct smk_usage cost; /* what the kernel said at `cost_ticks` */
    uint64_t ordinal;    /* sub-buffers opened so far */
    uint64_t started;    /* ticks */
    uint64_t handle;     /* its pthread_t, by which others name it; 0: adopted */
    uint32_t adopted;    /* enum smk_adopted; atomic */
    uint64_t dropped;    /* events for which there was no room */
    uint64_t torn;       /* records that a longjmp left unfinished */
    uint64_t lost[SMK_CAPTURES_MAX]; /* by capture; added to by anybody who recycles */

    SMK_ALIGNED(SMK_CACHE_LINE) struct smk_shared_name name; /* own thread writes, anybody reads */
    /* Own thread adds, anybody reads. Of the slot, not of the thread: it is never set back, so the sum
     * over all slots only grows. */
    struct smk_counted counted;
    /* The same: wrapped calls that never wait, which nobody stamps before them (source/calls.h says which). */
    uint64_t passed[SMK_PASSING];
};
#define SMK_LINE_OF(field) (offsetof(struct smk_thread, field) / SMK_CACHE_LINE)
SMK_STATIC_ASSERT(SMK_LINE_OF(requests.ended) == 0 && SMK_LINE_OF(loop.looks) == 2 && SMK_LINE_OF(loop.longest) == 3 &&
                      SMK_LINE_OF(index) == 3 &&
                      SMK_LINE_OF(counted.events[__builtin_ctz(SMK_CAT_REQUEST)]) == SMK_LINE_OF(passed[3]),
                  "what a request touches is in as few lines as can be");

/* The thread-local part: 16 bytes. */
struct smk_thread_local {
    struct smk_thread *self; /* NULL: no slot yet, none to be had, or the thread is ending */
    uint8_t quiet;           /* not traced: a thread of ours, or inside a wrapper's own work */
    uint8_t dead;            /* its slot was given back; what comes later is counted as late */
    uint8_t registering;
    uint8_t endings; /* calls of our destructor so far */
};

extern SMK_TLS struct smk_thread_local smk_tls;

struct smk_threads_stats {
    uint64_t live;
    uint64_t started;  /* serials given out */
    uint64_t untraced; /* threads for which there was no slot */
    uint64_t late;     /* events after a thread's end */
    uint64_t capacity;
};

/* Once; `capacity` slots. 0 or SMK_E_NOMEM. */
int smk_threads_init(uint32_t capacity);

/* The slot of this thread, made if need be; NULL where it has none and gets none. Never blocks; in
 * signal handlers too. */
SMK_COLD struct smk_thread *smk_thread_register(void);

SMK_INLINE struct smk_thread *smk_thread_self(void)
{
    struct smk_thread *self = smk_tls.self;
    return SMK_LIKELY(self != NULL) ? self : smk_thread_register();
}

/* This thread is one of ours: it is never traced. */
void smk_thread_hide(void);

enum smk_adopted {
    SMK_ADOPTED_NOT = 0,  /* the thread has it itself */
    SMK_ADOPTED = 1,      /* made for it by another, until it records something itself */
    SMK_ADOPTED_GONE = 2  /* given up: the thread ended before it did */
};

/* The slot of another thread, made on its behalf if it has none yet: records of what the kernel says about
 * it need its serial. NULL: it has none and gets none. Not for our own threads. One caller at a time. */
struct smk_thread *smk_thread_adopt(uint32_t tid, const char *name);

/* An adopted thread has ended. Does nothing when it had taken the slot over. */
void smk_thread_disown(struct smk_thread *t, uint32_t serial);

/* Calls visit for each slot that is live or exited, in slot order, until it returns false. */
void smk_threads_each(bool (*visit)(struct smk_thread *thread, void *arg), void *arg);

/* The same for each slot that was ever used, free ones too: a loss may still stand there. */
void smk_threads_each_slot(bool (*visit)(struct smk_thread *thread, void *arg), void *arg);

/* Makes an exited slot free again, once its losses are collected. */
void smk_thread_recycle(struct smk_thread *thread);

void smk_threads_stats(struct smk_threads_stats *stats);

/* In a fork's child: only the calling thread is left, and it is not traced until armed anew. */
/* Children of fork find their parent's slots empty: box.h. */
void smk_threads_wipe_on_fork(void);
void smk_threads_reset_in_child(void);

/* Publishes a wait of this thread (host-safety: live views need no signal). The depth lets an outer
 * wrapper keep its wait when the call underneath is wrapped too. */
SMK_INLINE void smk_wait_publish(struct smk_thread *t, uint32_t kind, uint64_t object, uint32_t holder,
                                 uint64_t since, uint64_t pc, uint64_t sp, uint64_t fp)
{
    struct smk_wait_now *w = &t->wait;
    if (w->depth++ > 0)
        return;
    uint32_t seq = w->seq;
    smk_store_relaxed(&w->seq, seq + 1);
    smk_release_fence(); /* pairs with: smk_wait_read */
    smk_store_relaxed(&w->kind, kind);
    smk_store_relaxed(&w->object, object);
    smk_store_relaxed(&w->holder, holder);
    smk_store_relaxed(&w->since, since);
    smk_store_relaxed(&w->pc, pc);
    smk_store_relaxed(&w->sp, sp);
    smk_store_relaxed(&w->fp, fp);
    smk_store_release(&w->seq, seq + 2); /* pairs with: smk_wait_read */
}

SMK_INLINE void smk_wait_clear(struct smk_thread *t)
{
    struct smk_wait_now *w = &t->wait;
    if (w->depth == 0 || --w->depth > 0)
        return;
    uint32_t seq = w->seq;
    smk_store_relaxed(&w->seq, seq + 1);
    smk_release_fence(); /* pairs with: smk_wait_read */
    smk_store_relaxed(&w->kind, 0);
    smk_store_release(&w->seq, seq + 2); /* pairs with: smk_wait_read */
}

/* Forgets what is published, however deep: what published it was left by a longjmp or a cancellation. */
SMK_INLINE void smk_wait_drop(struct smk_thread *t)
{
    if (t->wait.depth == 0)
        return;
    t->wait.depth = 1;
    smk_wait_clear(t);
}

/* The holder of a wait for the disk that is one for this socket where that is in blocking mode: smk_wait_read asks. */
#define SMK_WAIT_INTO(fd) ((uint32_t)(fd) + 1)

/* Copies a consistent wait; false when the thread does not wait, or kept changing. */
bool smk_wait_read(const struct smk_thread *thread, struct smk_wait_now *copy);

#endif
