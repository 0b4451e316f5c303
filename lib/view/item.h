/* item.h: one item of a view in full, and everybody at one instant.
 *
 * What a wait was for beyond its name (stack, call, peer, result, who woke it) is read out of the trace again; all else
 * is the view's. A moment says of each thread what `stallmark at` says.
 *
 * Threads and results as in view.h. Since 0.1.
 */
#ifndef SMK_VIEW_ITEM_H
#define SMK_VIEW_ITEM_H

#include "view/requests.h"

#define SMK_VIEW_REGIONS_TOLD 16u /* regions inside regions */
#define SMK_VIEW_CHAIN        8u

/* What a thread was in the middle of. */
struct smk_view_at {
    uint32_t row, item;
    uint32_t process, thread;  /* serial */
    uint32_t look, label;
    uint64_t from, to;         /* of the item */
    uint64_t since, until;     /* of the wait that it is part of; else of the item */
    uint64_t request;          /* id; 0: none */
    uint32_t route;            /* string; 0: not known */
    uint32_t holder;           /* row of the thread that held the lock then; SMK_VIEW_NONE: not known, or no lock */
    uint32_t sample;           /* stack of a sample within 50 ms, of a thread that ran; 0: none */
    int64_t sample_at;         /* ns from the instant to it */
    uint32_t region_count;     /* outermost first */
    uint32_t regions[SMK_VIEW_REGIONS_TOLD]; /* sites; 0: not told */
    bool has_wait;
};

struct smk_view_moment {
    struct smk_mem mem;
    struct smk_view_at *array; /* by row */
    uint32_t count, capacity;
    bool final;
};

/* All threads that lived at `time`. */
int smk_view_moment_at(struct smk_view *view, uint64_t time, struct smk_view_moment *moment);
void smk_view_moment_free(struct smk_view_moment *moment);
/* One of them. SMK_E_NOTFOUND: nothing is told of it there. */
int smk_view_thread_at(struct smk_view *view, uint32_t row, uint64_t time, struct smk_view_at *at);

/* Somebody who has to do with a wait, and when. */
struct smk_view_other {
    uint32_t row;   /* SMK_VIEW_NONE: not known */
    uint32_t stack; /* 0: none */
    uint64_t at;    /* 0: not known */
};

/* A step from who waits to who is at the end: what this one did, for the most part, while the one before waited. */
struct smk_view_step {
    uint32_t row, item, look, label;
    uint32_t stack; /* where it waited, or a sample of it; 0: none */
    uint64_t from, to;
    uint64_t ns;    /* of the stretch in which it did that */
};

struct smk_view_item {
    uint32_t row, item;
    enum smk_view_row_kind kind;
    uint64_t from, to;
    uint32_t look, label;
    uint64_t request;        /* id, in the process of the row; 0: none */
    int64_t value;           /* of a counter */
    uint32_t region_count, regions[SMK_VIEW_REGIONS_TOLD];
    bool has_wait;           /* it is part of one, … */
    bool wait_read;          /* … of which the trace says more than from, to, kind and thread */
    struct smk_span_wait wait;
    uint32_t stack;          /* of the wait, of a sample; 0: none */
    bool holder_sure;        /* the unlock says it, and not only who was seen to hold it at the begin */
    struct smk_view_other holder, releaser, waker;
    uint32_t step_count;     /* 0: it is no wait, or nobody is known; else at least 2 */
    struct smk_view_step steps[SMK_VIEW_CHAIN];
    bool circle;             /* the last one waits for one before it */
    uint32_t previous, next; /* items of the row; SMK_VIEW_NONE */
    bool final;
};

/* What a thread said with this site then, one byte behind the other and cut to `size`; false: nothing. */
bool smk_view_log_text(struct smk_view *view, uint32_t thread, uint64_t time, uint32_t site, char *text, size_t size);

/* SMK_E_NOTFOUND: no such row, or no such item of it. */
int smk_view_get_item(struct smk_view *view, uint32_t row, uint32_t item, struct smk_view_item *is);

#endif
