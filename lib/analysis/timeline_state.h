/* timeline_state.h: a run of timeline.h from the inside; for timeline*.c.
 *
 * The last stretch of each thread's time is kept in pieces, without holes. Two things are known of a piece, apart
 * from each other: what the CPU's records say of it, and the wait that it is part of. Both may come later than
 * the time itself, so a piece is told, as a span, when there are too many or the thread ends.
 */
#ifndef SMK_ANALYSIS_TIMELINE_STATE_H
#define SMK_ANALYSIS_TIMELINE_STATE_H

#include "analysis/gaps.h"
#include "analysis/map.h"
#include "analysis/timeline.h"

/* What the records of the CPU say of a piece. */
enum smk_piece_cpu {
    SMK_PIECE_ON,     /* nothing says that it was off its CPU … */
    SMK_PIECE_OFF,    /* it gave it up */
    SMK_PIECE_READY,  /* it was taken from it */
    SMK_PIECE_OFF_BEFORE, /* it was off it when the records began: nobody knows why */
    SMK_PIECE_UNSAID      /* behind the last thing that the thread said, in a file without its end */
};

struct smk_piece {
    uint64_t from, to, request;
    uint32_t wait; /* number of a slot of waits + 1; 0: none */
    uint32_t cpu_number;
    uint8_t cpu;   /* enum smk_piece_cpu */
    bool known;    /* … and switches are complete, so ON is on a CPU … */
    bool unswitched; /* … unless it never was since they are recorded: no switch said anything of its thread yet */
    bool cut;      /* its wait began before the first piece that was kept */
};

struct smk_piece_wait {
    struct smk_span_wait wait;
    uint32_t pieces; /* that are part of it */
};

struct smk_timeline_frame {
    uint64_t begin;
    uint32_t site;
};

struct smk_timeline_release {
    uint64_t lock, time;
};

#define SMK_RELEASES_KEPT 8u /* of a thread, the last ones of locks that others waited for */

struct smk_timeline_thread {
    uint32_t process, serial;
    uint64_t end;     /* of the last piece: what is behind it was not looked at yet */
    uint64_t request; /* 0: none */
    uint32_t cpu_number;
    bool cpu_known, ended;
    bool unswitched;  /* switches are recorded, and none of its was, yet */
    bool told;        /* some of its pieces are */
    uint8_t source;   /* enum smk_sched_source */
    uint64_t counted; /* up to where it was, since a source was said; 0: none is */
    struct smk_timeline_release releases[SMK_RELEASES_KEPT]; /* a ring … */
    uint32_t release_count;                                  /* … of so many */
    struct smk_piece *pieces;
    uint32_t piece_count, piece_capacity;
    struct smk_piece_wait *waits;
    uint32_t wait_count, wait_capacity, wait_next;
    struct smk_timeline_frame *frames; /* outermost first */
    uint32_t depth, frame_capacity;
    struct smk_span held; /* running, in no wait: the next may continue it; to 0: none */
};

struct smk_timeline_flight {
    struct smk_span_request request;
    uint64_t key;       /* with its process; 0: free */
    uint32_t next_free; /* index + 1 */
};

struct smk_timeline_window {
    uint64_t from, complete, to;
};

struct smk_timeline {
    struct smk_mem mem;
    smk_trace *trace;
    const struct smk_timeline_options *options;
    const struct smk_timeline_calls *calls;
    void *arg;
    struct smk_timeline_window *windows; /* of each process */
    uint32_t process_count;
    struct smk_gaps gaps;
    uint32_t gaps_told;
    struct smk_timeline_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_serial;
    uint32_t last_serial, last_index;
    struct smk_timeline_flight *flights;
    uint32_t flight_count, flight_capacity, free_flight;
    struct smk_map by_request;
    uint64_t events, now;
};

static inline uint64_t smk_timeline_arg(const smk_event *event, uint32_t number)
{
    return number < event->arg_count ? event->args[number] : 0;
}

static inline uint64_t smk_timeline_began(const smk_event *event, uint64_t duration)
{
    return event->time - smk_min_u64(duration, event->time);
}

/* timeline_pieces.c */

/* Time went on to here: what is behind the last piece is ON. */
void smk_pieces_extend(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time);
/* It was off its CPU in [from, to]; after smk_pieces_extend to there. */
void smk_pieces_off(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t from, uint64_t to,
                    enum smk_piece_cpu cpu);
/* A switch says where it was: on its CPU, where none said otherwise. */
void smk_pieces_switched(struct smk_timeline_thread *thread);
/* As far as is counted it was on no CPU in [from, to]: where nothing else is known of it, it waited. */
void smk_pieces_not_counted(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t from,
                            uint64_t to);
/* From now on it runs on this one. */
void smk_pieces_runs_on(struct smk_timeline_thread *thread, uint32_t cpu);
/* What is of [from, to] in no wait yet is part of this one, which gets its request, and whether it is idle. */
void smk_pieces_wait(struct smk_timeline *timeline, struct smk_timeline_thread *thread, struct smk_span_wait *wait);
/* Since `from` it gave its CPU up by itself, and no wait tells of that. */
bool smk_pieces_gave_up(const struct smk_timeline_thread *thread, uint64_t from);
/* From `from` on the thread did not work for this request any more. */
void smk_pieces_left(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t request,
                     uint64_t from);
/* In [from, to] the thread was in a callback of its loop: what it waited for in there it did not wait for work. */
void smk_pieces_called(struct smk_timeline_thread *thread, uint64_t from, uint64_t to);
/* In [from, to] it held a lock that another waited for: nor did it then. */
void smk_pieces_held(struct smk_timeline_thread *thread, uint64_t from, uint64_t to);
/* A page that had to be read was there at this time: what it was off its CPU before that is a wait for it. */
void smk_pieces_fault(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event);
/* All that is pending is told; its memory is let go of. */
void smk_pieces_finish(struct smk_timeline *timeline, struct smk_timeline_thread *thread);

/* timeline_tell.c: a piece as the span that it is. */
void smk_piece_tell(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const struct smk_piece *piece);
void smk_piece_tell_held(struct smk_timeline *timeline, struct smk_timeline_thread *thread);

/* timeline_waits.c: the wait that an event is; false: it is none. */
bool smk_span_wait_of(struct smk_span_wait *wait, const smk_event *event);
/* It waits for work, where no request is worked for. */
bool smk_span_wait_is_for_work(const struct smk_timeline *timeline, const struct smk_span_wait *wait);

/* timeline_requests.c: whatever of an event is about requests; false: nothing is. */
bool smk_timeline_on_request(struct smk_timeline *timeline, struct smk_timeline_thread *thread,
                             const smk_event *event);
void smk_timeline_turn(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time,
                       uint64_t request);
void smk_timeline_forget_flights(struct smk_timeline *timeline, uint32_t process);
void smk_timeline_finish_flights(struct smk_timeline *timeline);

/* timeline_regions.c */
void smk_timeline_region_begin(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint32_t site,
                               uint64_t time);
void smk_timeline_region_end(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint32_t site,
                             uint64_t time);
/* The thread, or the record, ended. */
void smk_timeline_regions_finish(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time);

#endif
