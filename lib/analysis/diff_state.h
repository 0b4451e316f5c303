/* diff_state.h: a diff from the inside; for diff*.c. Of each pair [0] is BEFORE, [1] is AFTER. */
#ifndef SMK_ANALYSIS_DIFF_STATE_H
#define SMK_ANALYSIS_DIFF_STATE_H

#include "analysis/diff.h"
#include "analysis/rank.h"
#include "analysis/report_state.h"

#define SMK_DIFF_LEAST_PERCENT 10u       /* a smaller change is no change */
#define SMK_DIFF_CROWDED_MILLE 2000u     /* where CPUs were short the larger figure is so much of the smaller */
#define SMK_DIFF_CHANCE_PPB    1000000u  /* 0.1 % that anything at all is claimed of two equal programs */
#define SMK_DIFF_SLICE_LEAST   8u        /* requests of a slice */
#define SMK_DIFF_TAIL_LEAST    100u      /* requests of a side for its p99 */
#define SMK_DIFF_REQUESTS_LEAST 100u     /* of each side, for waiting a request */
#define SMK_DIFF_WAITS_LEAST   20u       /* waits of the side with more */
#define SMK_DIFF_RATE_LEAST    1000000u  /* ns of waiting a second: below on both sides it is not compared */
#define SMK_DIFF_WINDOW_LEAST  10000000u /* ns: slices of half a millisecond */
#define SMK_DIFF_QUARTERS 4u        /* of a side, of which each is compared with the others */
#define SMK_DIFF_SHOWN         24u       /* locks, and waits, of the text */
#define SMK_DIFF_NAME          192u

enum smk_diff_verdict {
    SMK_DIFF_NOT_TOLD, /* it was tested: chance may have done it, or it is too little */
    SMK_DIFF_FELL,
    SMK_DIFF_ROSE,
    SMK_DIFF_FEW,      /* no test could tell */
    SMK_DIFF_UNKNOWN   /* `why` */
};

struct smk_diff_figure {
    enum smk_diff_verdict verdict;
    const char *why;  /* of unknown, a sentence's end; NULL otherwise */
    uint64_t value[2];
    bool tested, rose, apart; /* apart: the middle of each is outside of the middle half of the other */
    uint32_t drift; /* thousandths by which the middle of a quarter of either side differs from that of another */
    uint32_t ppb;   /* of both sides together, that chance does so */
    uint32_t least; /* the least that so many slices can give */
};

struct smk_diff_route {
    char name[SMK_DIFF_NAME];
    struct smk_route *route[2]; /* NULL: it is not there */
    struct smk_diff_figure p50, p99;
};

/* A lock, or the waits in one call of one function. */
struct smk_diff_thing {
    char name[SMK_DIFF_NAME];
    uint32_t kind; /* of waits */
    uint64_t key, call; /* hashes of what it is, and of its call */
    uint64_t count[2], max[2];
    uint64_t slices[2][SMK_RANK_MAX]; /* ns of waiting in each 20th of the time */
    struct smk_diff_figure rate; /* ns of waiting a second */
    uint64_t a_request[2];       /* ps of it; 0 of both: there are too few requests */
};

struct smk_diff_things {
    struct smk_diff_thing *array;
    uint32_t count, capacity;
    struct smk_map by_key;
};

struct smk_diff_finding {
    char name[SMK_DIFF_NAME];
    const struct smk_finding *finding[2]; /* the first that has this name; NULL: none */
    const struct smk_diff_figure *figure; /* what is claimed about it; NULL: nothing tests it */
    const char *of;                       /* whose figure that is */
};

struct smk_diff {
    struct smk_mem *mem;
    struct smk_report *report[2];
    struct smk_rank *rank;
    uint32_t tests;    /* that were made */
    bool crowded;      /* on one side at least CPUs were short, or nobody knows */
    uint32_t limit;    /* ppb that one may have, so that all together have SMK_DIFF_CHANCE_PPB */
    struct smk_diff_route *routes;
    uint32_t route_count, route_capacity;
    struct smk_diff_things locks, waits;
    struct smk_diff_finding *findings;
    uint32_t finding_count, finding_capacity;
};

/* diff_test.c. `before` and `after` are put in order of size. */
void smk_diff_test(struct smk_diff *diff, struct smk_diff_figure *figure, uint64_t *before, uint32_t count_before,
                   uint64_t *after, uint32_t count_after);
void smk_diff_test_latency(struct smk_diff *diff, struct smk_diff_route *route);
void smk_diff_conclude(const struct smk_diff *diff, struct smk_diff_figure *figure);
uint64_t smk_diff_scale(uint64_t value, uint64_t of, uint64_t by);
bool smk_diff_claimed(const struct smk_diff_figure *figure);
uint32_t smk_diff_change_mille(const struct smk_diff_figure *figure);

/* diff_doubt.c: what is no claim although a test says so. */
uint32_t smk_diff_drift(const uint64_t *slices, uint32_t count);
bool smk_diff_is_crowded(const struct smk_report *before, const struct smk_report *after);
void smk_diff_doubt_route(const struct smk_diff *diff, struct smk_diff_route *route);
void smk_diff_doubt_waiting(const struct smk_diff *diff, struct smk_diff_thing *thing);

/* diff_things.c */
void smk_diff_things_make(struct smk_diff *diff);
/* ns of waiting in a side's window. */
uint64_t smk_diff_waited(const struct smk_diff_thing *thing, unsigned side);
/* NULL, or why nothing is said of what this category records; number of a category. */
const char *smk_diff_why_not(const struct smk_diff *diff, unsigned category);

/* diff_findings.c */
void smk_diff_findings_make(struct smk_diff *diff);
const char *smk_diff_fate(const struct smk_diff_finding *finding);

/* diff_sides.c: what each side lacks, before anything is said. */
void smk_diff_sides_text(const struct smk_diff *diff, struct smk_words *words);
void smk_diff_sides_json(const struct smk_diff *diff, struct smk_json_text *json);

/* Length of a side's window in ns, at least 1. */
uint64_t smk_diff_length(const struct smk_diff *diff, unsigned side);
/* Thousandths of them a second. */
uint64_t smk_diff_a_second(const struct smk_diff *diff, unsigned side, uint64_t count);

#endif
