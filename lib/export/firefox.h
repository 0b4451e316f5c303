/* firefox.h: rows of a profile of the Firefox Profiler, and its tables; for firefox*.c.
 *
 * The format wants each thread's samples and markers together, column by column, and its reader holds all of it in
 * memory. So rows are kept until the trace is read: FIREFOX_MARKERS at most. When there are more the shortest make
 * room: the least length of a marker doubles until half of them are gone. What is left out is counted, and said.
 */
#ifndef SMK_EXPORT_FIREFOX_H
#define SMK_EXPORT_FIREFOX_H

#include "export/exporter.h"

#define FIREFOX_MARKERS  524288u
#define FIREFOX_SAMPLES  524288u
#define FIREFOX_COUNTS   262144u
#define FIREFOX_BUCKETS  1024u    /* of CPU time, in a thread's life within the trace */
#define FIREFOX_THREADS  4096u    /* of more only the first have a graph of their CPU time */

enum firefox_category {
    FC_OTHER,
    FC_RUNNING,
    FC_RUNNABLE,
    FC_WAIT, /* and the wait's kind: enum smk_wait_kind */
    FC_REQUEST = FC_WAIT + SMK_WAIT_OTHER + 1,
    FC_REGION,
    FC_UNLOCK,
    FC_GAP,
    FC_COUNT
};

struct firefox_marker {
    uint64_t from, to, request, object;
    uint32_t thread;  /* number in firefox.threads */
    uint32_t stack;   /* the trace's; 0: none */
    uint32_t name, call, what, holder, releaser, waker; /* strings; 0: none, it is "" */
    uint8_t category; /* enum firefox_category */
    bool idle, open;
};

struct firefox_sample {
    uint64_t time;
    uint32_t thread, stack;
};

struct firefox_count {
    uint64_t time;
    int64_t value;
    uint32_t counter;
};

struct firefox_counter {
    uint32_t process, name;
};

struct firefox_thread {
    uint32_t serial, process;
    uint64_t from, to;
    uint32_t *running; /* ns in each bucket; NULL: not known */
};

struct firefox_text {
    char *text; /* escaped */
};

struct firefox {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    uint64_t first, bucket;        /* what times count from; ns of a bucket */
    struct firefox_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_serial;
    struct firefox_marker *markers;
    uint32_t marker_count, marker_capacity;
    uint64_t least, left_out;      /* markers that are shorter are left out */
    struct firefox_sample *samples;
    uint32_t sample_count, sample_capacity;
    struct firefox_count *counts;
    uint32_t count_count, count_capacity;
    struct firefox_counter *counters;
    uint32_t counter_count, counter_capacity;
    struct smk_map by_counter;
    struct firefox_text *texts;    /* the profile's strings; the first is "" */
    uint32_t text_count, text_capacity;
    struct smk_map by_text, modules; /* modules: to their numbers in `libs` */
    uint32_t module_count;
};

/* firefox.c: a string's number; a module's; 0 and UINT32_MAX where there is no memory. */
uint32_t firefox_text(struct firefox *to, const char *text);
uint32_t firefox_module(struct firefox *to, const struct smk_export_frame *frame);
/* ms since the first moment, with six decimals. */
void firefox_ms(struct firefox *to, uint64_t time);

/* firefox_thread.c: a thread with its tables; markers and samples of it are [first, first + count). */
void firefox_put_thread(struct firefox *to, uint32_t number, const struct firefox_marker *markers,
                        uint32_t marker_count, const struct firefox_sample *samples, uint32_t sample_count);

/* firefox_head.c: what the profile begins with: meta, categories, how markers are shown; and its end. */
void firefox_put_head(struct firefox *to);
void firefox_put_tail(struct firefox *to);

#endif
