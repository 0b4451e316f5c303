/* captures.h: the captures that run: arming, the timer, stopping, their end. The control loop's. */
#ifndef SMK_AGENT_CAPTURES_H
#define SMK_AGENT_CAPTURES_H

#include "core/capture.h"
#include "core/cost.h"
#include "exchange.h"
#include "family_capture.h"
#include "family_member.h"
#include "json.h"
#include "query.h"
#include "rule.h"
#include "tape.h"

#define SMK_AGENT_NAME_MAX  64
#define SMK_SNAPSHOTS_MAX   2 /* at once */
#define SMK_DURATION_LEAST  UINT64_C(10000000)
#define SMK_DURATION_NORMAL UINT64_C(5000000000)

/* What a client asks for; arm.c reads it. */
struct smk_arm {
    enum smk_capture_kind kind;
    char name[SMK_AGENT_NAME_MAX]; /* "": none */
    uint32_t categories;
    uint64_t duration_ns, before_ns, after_ns;
    uint64_t max_bytes;
    bool max_bytes_given;
    uint64_t rotate_bytes, rotate_every_ns, keep_segments;
    bool wait, join, dryrun;
    /* Of a rule that fired: "" where a client asks. */
    char rule_name[SMK_RULE_NAME], rule[SMK_RULE_TEXT + SMK_RULE_NAME + 2], cause[256], run[SMK_RULE_PATH];
    int pids[SMK_FAMILY_MAX]; /* of the family, those that are wanted; pid_count 0: all */
    uint32_t pid_count;
    struct smk_family_link *link; /* the first of the family asks; NULL: a client of ours */
};

/* 0 or SMK_E_INVALID, with what is allowed. */
int smk_arm_parse_timed(const struct smk_query *query, struct smk_arm *arm);
int smk_arm_parse_snapshot(const struct smk_query *query, struct smk_arm *arm);

struct smk_running {
    struct smk_arm arm;
    char id[SMK_CAPTURE_ID_SIZE];
    uint64_t started_unix_ns, stops_unix_ns;
    struct smk_capture *capture;
    struct smk_cost began; /* what the tracer had cost then */
    struct smk_tape *tape;
    struct smk_family_capture *family; /* NULL: we are alone, or not the first */
    struct smk_timer *timer;
    struct smk_exchange *stoppers; /* answered at its end */
    void (*ended)(void *arg);      /* called when its file is in the store; NULL: nobody asks */
    void *ended_arg;
    struct smk_job finished;
    enum smk_reason reason; /* written by the writer before it posts `finished` */
    bool done;              /* its file is whole */
    bool shared;            /* somebody joined it: its file is not only who began it's */
    struct smk_running *next;
};

void smk_captures_open(void);
/* Ends all of them and waits for their files, at most `ns`. */
void smk_captures_end(uint64_t ns);
void smk_captures_close(void);

/* 0 and *running; or SMK_E_BUSY: a timed one runs already (*running is that one), SMK_E_UNAVAILABLE: the
 * recorder is off, SMK_E_LIMIT, SMK_E_NOSPACE, SMK_E_PERMISSION, and core's. */
int smk_captures_begin(const struct smk_arm *arm, struct smk_running **running);

/* NULL: none. Those of rules are not among them: neither keeps the other from beginning. */
struct smk_running *smk_captures_timed(void);
struct smk_running *smk_captures_find(const char *id);
/* By number from 0, newest first; NULL after the last. */
struct smk_running *smk_captures_at(size_t number);

void smk_captures_stop(struct smk_running *running);

/* The members of a running capture, into an object that is open. */
void smk_captures_put(struct smk_json *json, const struct smk_running *running);

/* An answer that streams it from its beginning, while it grows. */
void smk_captures_stream(struct smk_answer *answer, struct smk_running *running);

/* Where its file is, or will be; false: in memory. */
bool smk_captures_path(const struct smk_running *running, char *path, size_t size);

/* Until its timer stops it, at least 1. */
uint64_t smk_captures_seconds_left(const struct smk_running *running);

/* 409 with Retry-After: it is still recording. */
void smk_captures_answer_recording(struct smk_answer *answer, const struct smk_running *running);

struct smk_captures_stats {
    uint64_t timed, snapshots, refused; /* begun, begun, not begun */
    uint64_t ended[16];                 /* by enum smk_reason */
    uint64_t events, lost, bytes;       /* of those that ended */
};
void smk_captures_get_stats(struct smk_captures_stats *stats);

#endif
