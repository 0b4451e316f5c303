/* rules.h: the rules that are set: where each stands, what it has done. The control loop's.
 *
 *     rules.c         the set: read from the settings and from the client, kept for the next start
 *     rule_watch.c    ten times a second: what happened, what still goes on      ─▶ smk_rule_matched
 *     rule_fire.c     guard rails, and then the capture, the command, the ledger
 *     ledger.h        what fired, and what was suppressed and why
 *     rule_history.h  latencies of the last hours, to try a rule on
 */
#ifndef SMK_AGENT_RULES_H
#define SMK_AGENT_RULES_H

#include "json.h"
#include "ledger.h"
#include "rule.h"
#include "rule_guard.h"

#define SMK_RULES_MAX     64
#define SMK_RULE_WHY      400
#define SMK_RULES_BYTES   16384 /* of all their texts, and of a request's body */
#define SMK_RULE_SEEN     2048u /* places for requests that were counted while they run; half of them are used */
#define SMK_RULE_WAITS    256u  /* threads whose waits are counted while they last */
#define SMK_RULE_ROUTES   512u  /* routes whose match with the glob is remembered */

enum smk_rule_origin { SMK_RULE_OF_SETTINGS, SMK_RULE_OF_CLIENT, SMK_RULE_OF_FILE };

/* Requests that were counted while they ran, so that they are not when they end: those that the last look found,
 * and those of the one before, since what ended in between is heard of one look later. */
struct smk_rule_seen {
    uint64_t ids[SMK_RULE_SEEN];
    uint32_t count;
};

struct smk_rule_set_back { /* what was suppressed for one reason since the rule fired last */
    uint64_t count, told; /* told: how many of them the ledger knows */
    uint64_t first_unix_ns, last_unix_ns, tell_at, tell_every;
    struct smk_cause worst;
};

struct smk_rule_live {
    struct smk_rule_live *next;
    struct smk_rule rule;
    enum smk_rule_origin origin;
    bool persists;
    bool broken;
    char why[SMK_RULE_WHY]; /* it is broken */
    struct smk_guard guard;
    uint64_t set_unix_ns;
    uint64_t number;                            /* in a family: what its members call it */
    uint32_t away_count;                        /* matches that the first was not told of yet … */
    struct smk_cause away;                      /* … the worst of them … */
    struct smk_cause away_lasts;                /* … and the longest of those that it was told of; time 0: none */
    uint64_t matched;                           /* its condition held; by this process */
    uint64_t suppressed[SMK_SUPPRESSED_KINDS];  /* the same */
    struct smk_rule_set_back set_back[SMK_SUPPRESSED_KINDS];
    struct smk_cause worst; /* suppressed since it fired last; time 0: none */
    uint64_t again_at;      /* not before: what still goes on is tried again; ns of the monotonic clock */
    struct smk_cause last;  /* that it fired on; time 0: none yet */
    char last_capture[SMK_CAPTURE_ID_SIZE];

    /* rule_watch.c's */
    bool above;                             /* a level is: it fires when that begins … */
    bool missed;                            /* … and did not, since something stood in its way */
    int trigger;                            /* number of its name */
    uint64_t triggered;                     /* how often that was called, as of the last look */
    uint32_t in_flight;                     /* requests that it is about, in this look */
    struct smk_cause lasts;                 /* smk_rule_lasts, in this look; time 0: none */
    struct smk_rule_seen *seen, *seen_before;
    uint64_t waits[SMK_RULE_WAITS];         /* when waits that were counted while they last began, by thread */
    struct {
        uint32_t route; /* + 1 */
        bool matches;
    } routes[SMK_RULE_ROUTES];
};

void smk_rules_begin(void);
/* The end of looking, before the last captures end; and when they have. */
void smk_rules_end(void);
void smk_rules_close(void);
bool smk_rules_are_open(void);
void smk_rules_reset_in_child(void);

/* In the order in which they were set; NULL: none. */
struct smk_rule_live *smk_rules_first(void);
struct smk_rule_live *smk_rules_find(const char *name);

struct smk_rule_refusal {
    struct smk_rule_error error;
    char text[SMK_RULE_TEXT]; /* that could not be read; "": it is not that */
    uint32_t line;            /* of several, from 1 */
};

/* Replaces all of them by those of a client's text: one a line, # comments. All or none: 0, or SMK_E_INVALID (and
 * *refusal where it is the text), SMK_E_LIMIT, SMK_E_UNAVAILABLE: they need the recorder; SMK_E_NOMEM. */
int smk_rules_replace(const char *text, size_t len, bool persist, struct smk_rule_refusal *refusal);
/* Adds one, or changes the one of this name. *live: what it is now. */
int smk_rules_put(const char *name, const char *text, size_t len, bool persist, struct smk_rule_refusal *refusal,
                  struct smk_rule_live **live);
/* 0 or SMK_E_NOTFOUND. */
int smk_rules_remove(const char *name);

/* Those of the family's first, as struct smk_wire_rules has them; one that is as it was goes on. 0, or why not all of
 * them are looked for. */
int smk_rules_take(const char *text, size_t len);

/* Reads one rule without setting it. */
int smk_rules_read(const char *text, size_t len, struct smk_rule *rule, struct smk_rule_refusal *refusal);

/* What a rule may not have here: a command without allow_run. */
int smk_rules_check(const struct smk_rule *rule);

/* ---- rule_watch.c ------------------------------------------------------------------------------------------------ */

/* The set has changed: what is looked for does. `none`: nothing is, and the timer stops. */
void smk_rules_watch(void);
/* Rules whose signal the program has taken for itself are broken; signals that no rule wants go back. rules.c */
void smk_rules_look_at_signals(void);
void smk_rules_unwatch(void);
void smk_rules_watch_reset_in_child(void);
/* One look, at once; for tests. */
void smk_rules_look(void);

/* ---- rule_fire.c ------------------------------------------------------------------------------------------------- */

/* The condition of a rule held. */
void smk_rule_matched(struct smk_rule_live *live, const struct smk_cause *cause);
/* What it was counted for still goes on: the longest of a look is kept, those before others that are beyond the limit
 * only since the rule fired last. */
void smk_rule_lasts(struct smk_rule_live *live, const struct smk_cause *cause);
/* That one, or one that has ended: the worst that was suppressed is as long as it is by now, and what was suppressed
 * and hangs is captured as soon as nothing is in the way any more. */
void smk_rule_lasted(struct smk_rule_live *live, const struct smk_cause *cause);
/* What was suppressed and is not in the ledger yet goes there, if it is time or `all`. */
void smk_rules_tell(bool all);
struct smk_running;
/* A rule's capture ended: its file is whole. */
void smk_rules_capture_ended(const struct smk_running *running, const char *reason, uint64_t bytes);

/* "GET /cart took 312 ms (request 9f3c, thread 4711, status 200)" */
void smk_cause_format(const struct smk_rule *rule, const struct smk_cause *cause, char *text, size_t size);

/* ---- rule_file.c ------------------------------------------------------------------------------------------------- */

/* The rules that persist, into the directory of captures; 0, or SMK_E_UNAVAILABLE: there is none; SMK_E_IO … */
int smk_rules_save(void);
/* What was saved: the agent's heap's, NULL: nothing. */
char *smk_rules_load_saved(size_t *len);

/* ---- for status and metrics -------------------------------------------------------------------------------------- */

void smk_rules_put_status(struct smk_json *json);
/* The members of one, into an object that is open. */
void smk_rule_put(struct smk_json *json, const struct smk_rule_live *live);

#endif
