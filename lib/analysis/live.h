/* live.h: the threads of a process as they are now: who waits for whom, and that in words.
 *
 * Filled by the agent, which looked (source/look.h), and by `stallmark threads` out of the agent's JSON, with files
 * and lines of its own; so curl and the command line read the same.
 *
 *   a circle   threads each of which waits for the next one: a deadlock, named first
 *   a chain    a thread that waits for one that waits itself, down to the one that does not wait for any of ours
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_LIVE_H
#define SMK_ANALYSIS_LIVE_H

#include "analysis/report.h"

#define SMK_LIVE_FRAMES 64
#define SMK_LIVE_NONE   UINT32_MAX

struct smk_live_frame {
    uint64_t pc;
    const char *function; /* "render_log"; NULL: `module`+`offset` */
    const char *module;   /* base name; "" */
    uint64_t offset;      /* in the module's file */
    const char *file;     /* base name; NULL: not known */
    uint32_t line;
    bool ours; /* stallmark's, or the C library's */
};

struct smk_live_thread {
    uint32_t tid;
    const char *name;
    const char *state;     /* "running", "runnable", "waiting", "idle", "stopped", "ended" */
    const char *kind;      /* of the wait: "lock"; "": it does not wait */
    const char *call;      /* "fdatasync"; "" */
    const char *object;    /* its name, or what the descriptor is; "" */
    uint64_t address;      /* of the lock; 0 */
    uint32_t holder;       /* tid; 0: not known */
    const char *since;     /* "exact", "estimated", "unknown" */
    uint64_t waited_ns;
    uint64_t request;      /* 0: none */
    const char *route;     /* of the request; "" */
    uint64_t request_ns;   /* its age */
    const char *stack_why; /* why there is no stack; "" */
    const struct smk_live_frame *frames; /* innermost first */
    uint32_t frame_count;
    bool cut;              /* the stack goes on */
    /* smk_live_link's */
    uint32_t next;   /* the thread that it waits for, by number; SMK_LIVE_NONE */
    uint32_t circle; /* number of its circle from 1; 0: in none */
    bool same_name;  /* another one is called so: shown as name/tid */
};

struct smk_live {
    const char *program;
    uint64_t pid;
    int64_t unix_ns;
    uint32_t total;  /* threads of the process */
    const char *why; /* why they are not all here, or not wholly; "" */
    struct smk_live_thread *threads; /* ascending by tid */
    uint32_t count;
    uint32_t circles; /* smk_live_link's */
};

/* Finds who waits for whom. */
void smk_live_link(struct smk_live *live);

/* The thread of this number; SMK_LIVE_NONE. */
uint32_t smk_live_find(const struct smk_live *live, uint32_t tid);

/* The innermost frame that is the program's own; frame_count where there is none. */
uint32_t smk_live_own_frame(const struct smk_live_thread *thread);

/* Is a frame a library's below the program's own: ours, the C library's or the loader's? `function` may be NULL. */
bool smk_live_is_library(const char *module, const char *function);
/* The library's function that the program's innermost own frame called, "pthread_cond_wait", without what the library
 * puts before and behind the names of its own copies. False: not known. */
bool smk_live_called(const struct smk_live_thread *thread, char *name, size_t size);

/* Circles, chains, then a line for each thread. */
int smk_live_text(const struct smk_live *live, smk_report_put put, void *arg);

/* "waits for cart_lock, held by worker-1" or the like: what the thread does, without its stack. */
struct smk_words;
void smk_live_say_state(const struct smk_live *live, const struct smk_live_thread *thread, struct smk_words *words);
/* "reserve cart.c:201 ← add_item cart.c:160 ← …", from its own innermost frame on, at most `max` of them. */
void smk_live_say_stack(const struct smk_live_thread *thread, unsigned max, struct smk_words *words);

#endif
