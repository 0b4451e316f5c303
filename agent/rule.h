/* rule.h: a rule as it is written, and what it says. The language is docs/rules.md:
 *
 *     [NAME:] when CONDITION [on "GLOB"] [count N in TIME] [then ACTION [and ACTION]] [cooldown TIME]
 *             [at most N [per TIME]] [N per day] [skip N%]
 *
 * Pure: nothing but the text counts. A rule that cannot be read is refused whole, with the place and what was
 * expected there.
 */
#ifndef SMK_AGENT_RULE_H
#define SMK_AGENT_RULE_H

#include "base/compiler.h"
#include "format/events.h"

#define SMK_RULE_TEXT  512 /* of one rule, with its NUL */
#define SMK_RULE_NAME  33
#define SMK_RULE_ROUTE 129
#define SMK_RULE_PATH  256

#define SMK_RULE_COUNT_MOST  1000u /* of `count N`, `at most N` and `N per day` */
#define SMK_RULE_FACTOR_MOST 1000u /* of `3x p99` */
#define SMK_RULE_TIME_LEAST  UINT64_C(1000)
#define SMK_RULE_TIME_MOST   UINT64_C(86400000000000)

enum smk_rule_on {
    SMK_RULE_REQUEST,  /* a request took longer than `threshold` ns, or than `factor` times the route's quantile */
    SMK_RULE_STATUS,   /* a request ended with a status from `least` to `most` */
    SMK_RULE_LOOP,     /* a descriptor was ready for so long before its loop came to it */
    SMK_RULE_WAIT,     /* a thread waited, `wait_kind` */
    SMK_RULE_RUNNABLE, /* a thread was ready and got no CPU for so long in one look */
    SMK_RULE_QUEUE,    /* more than `threshold` requests in flight */
    SMK_RULE_CPU,      /* of the process, hundredths of a percent of one CPU, over a second */
    SMK_RULE_RSS,      /* bytes in memory */
    SMK_RULE_TRIGGER,  /* smk_trigger(`trigger`) */
    SMK_RULE_SIGNAL    /* number `threshold`; `trigger` is what its handler calls */
};

enum smk_rule_action { SMK_RULE_SNAPSHOT, SMK_RULE_CAPTURE, SMK_RULE_NO_CAPTURE };

struct smk_rule {
    char name[SMK_RULE_NAME]; /* "": none was given */
    char text[SMK_RULE_TEXT]; /* from `when` on */
    enum smk_rule_on on;
    uint64_t threshold;
    uint32_t factor_milli, per_mille; /* 3x p99: 3000, 990; 0: a fixed threshold */
    uint32_t least, most;             /* status */
    enum smk_wait_kind wait_kind;
    char trigger[SMK_RULE_NAME];
    char route[SMK_RULE_ROUTE]; /* glob; "": any */
    uint32_t count;             /* matches … */
    uint64_t count_in_ns;       /* … within so long; 0: each one */
    enum smk_rule_action action;
    uint64_t before_ns, after_ns, duration_ns;
    char run[SMK_RULE_PATH]; /* "": no command */
    uint64_t cooldown_ns;
    uint32_t window_most;  /* captures … */
    uint64_t window_in_ns; /* … within so long; 0: ever */
    uint32_t day_most;
    uint32_t skip; /* hundredths of a percent */
};

/* What a rule has that does not say so itself. */
#define SMK_RULE_COOLDOWN    UINT64_C(30000000000)
#define SMK_RULE_WINDOW_MOST 5u
#define SMK_RULE_WINDOW_IN   UINT64_C(600000000000)
#define SMK_RULE_DAY_MOST    100u
#define SMK_RULE_AFTER       UINT64_C(1000000000)
#define SMK_RULE_DURATION    UINT64_C(5000000000)

struct smk_rule_error {
    size_t at;          /* the byte at which it goes wrong */
    size_t len;         /* of what stands there; 0: the rule ends there */
    char expected[200];
};

/* Reads `len` bytes. False, and *error. */
bool smk_rule_parse(struct smk_rule *rule, const char *text, size_t len, struct smk_rule_error *error);

/* "character 16, '250': expected is a time, as 250ms, …" of a text that was refused. */
void smk_rule_error_format(const struct smk_rule_error *error, const char *text, size_t len, char *out, size_t size);

/* '*': any bytes, '?': one byte. `text` need not end with NUL. */
bool smk_rule_glob(const char *glob, const char *text, size_t len);

/* True for 1 to 32 of a-z, 0-9 and '-'. */
bool smk_rule_is_name(const char *text, size_t len);

/* Whether it needs what is counted while something records: then the flight recorder has to be on. */
bool smk_rule_needs_recorder(const struct smk_rule *rule);

#endif
