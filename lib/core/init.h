/* init.h: the library's life in a process. */
#ifndef SMK_CORE_INIT_H
#define SMK_CORE_INIT_H

#include "base/compiler.h"

#define SMK_POOL_BYTES_DEFAULT (UINT64_C(32) << 20)

struct smk_core_config {
    uint64_t pool_bytes;  /* of the buffer; taken at the first arming */
    uint32_t threads;     /* slots for threads */
    uint32_t requests;    /* slots for requests in flight */
    bool slow_clock;      /* CLOCK_MONOTONIC even where the counter could be used */
};

/* The defaults. */
void smk_core_config_init(struct smk_core_config *config);

/* Once, from the constructor, before anything else of core; a second call does nothing. Starts no
 * thread. 0, or an error: then the process is inert. */
int smk_core_init(const struct smk_core_config *config);

/* Changes the buffer's size, before the first arming. SMK_E_BUSY after it. */
int smk_core_set_pool_bytes(uint64_t bytes);

/* The buffer is there when this returns 0; else SMK_E_NOMEM. Called at each arming. */
int smk_core_ready(void);

/* Nothing is ever recorded in this process again. `why` is a static string. */
void smk_core_go_inert(const char *why);
/* NULL, or why it is inert. */
const char *smk_core_inert(void);

/* In a fork's child: everything recorded so far is the parent's. May be armed anew. */
void smk_core_after_fork_in_child(void);

/* At exit: ends captures. Bounded to two seconds. */
void smk_core_shutdown(void);

/* Bits per process: pid << 32 | random. */
uint64_t smk_process_id(void);
/* In the watcher of a crash box: what it writes is another's. */
void smk_core_assume_process(uint64_t id);
/* False in a child that was made past pthread_atfork (_Fork, a raw clone): what there seems to run is its
 * parent's, and so are its files. */
bool smk_core_is_own_process(void);

/* ---- for lib/source ---------------------------------------------------------------------------------- */

struct smk_piece;
struct smk_flight;
typedef void (*smk_add_fact)(void *arg, const char *key, const char *value);

/* What the sources are asked for in one pass. */
struct smk_collecting {
    uint32_t categories; /* what is recorded now, 0: nothing any more */
    uint64_t stop;       /* tick at which a capture ends with this pass, 0: none does */
    bool alone;          /* for the flight recorder: it has to be cheap */
};

/* What a source notes when a capture begins, to compare with it at its end. */
struct smk_source_base {
    uint64_t values[8];
};

/* Writes a thread's stack into the stacks table and the like are source's business; core asks for it
 * through these, so that core knows no source. All may be NULL. */
struct smk_source_calls {
    /* Something is about to be armed, for the first time or again: makes what the sources need (tables
     * for unwinding), outside every lock. Any thread of ours or the host's; must not block on the
     * loader's lock or the host's allocator. */
    void (*prepare)(void);
    /* Calls `add` for each module of the process, and for those that went since the tick `since`; on the writer
     * thread, when a segment begins, when the list has changed, and at the end. Returns a number that changes
     * when the list does. */
    uint64_t (*modules)(uint64_t since,
                        void (*add)(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias,
                                    const char *path, const uint8_t *build_id, uint32_t build_id_len),
                        void *arg);
    /* Each pass of the writer: cheap unless something has to be looked up anew (modules loaded since). Returns
     * the number that `modules` does. */
    uint64_t (*refresh)(void);
    /* Interns the stack of a thread that waits, from what it published; 0: none. */
    uint32_t (*blocked_stack)(uint64_t pc, uint64_t sp, uint64_t fp);
    /* The program named a lock: the name ends with it. */
    void (*lock_named)(uint64_t lock);
    /* Starts a thread that the host's wrappers do not see; 0 or -errno. NULL: pthread_create. */
    int (*start_thread)(void *(*run)(void *), void *arg);
    /* Lines for SMK_FACT_MISSING; returns the length. */
    size_t (*missing)(char *text, size_t size);
    /* Visits the requests in flight that it lists itself, until `visit` returns false. */
    void (*requests)(bool (*visit)(const struct smk_flight *flight, void *arg), void *arg);

    /* What others say about threads (the kernel): the next six are the writer's.
     *
     * Their counters as they are now, for a capture of these categories; zeroed before. */
    void (*base)(uint32_t categories, struct smk_source_base *base);
    /* A capture begins that is no snapshot: the next collect tells where each thread stands. */
    void (*begin)(void);
    /* What was recorded on behalf of threads since the last call, in order of their serials; good until the
     * next call of this or of stand. */
    uint32_t (*collect)(const struct smk_collecting *what, const struct smk_piece **pieces);
    /* Where each thread stood at a tick that has been, or since when later: for a snapshot. After collect. */
    uint32_t (*stand)(uint64_t from, const struct smk_piece **pieces);
    /* Between passes; after how many ns it wants to be called again, UINT64_MAX: not at all. */
    uint64_t (*tick)(void);
    /* Adds what they cost the host's threads in the kernel so far, by number of the category; ns,
     * estimated. Any thread. */
    void (*cost)(uint64_t ns[]);
    /* Facts about that, at the end of each segment. */
    void (*facts)(const struct smk_source_base *base, smk_add_fact add, void *arg);
};

void smk_core_set_sources(const struct smk_source_calls *calls);
const struct smk_source_calls *smk_core_sources(void);

#endif
