/* ledger.h: what rules did: every firing, every suppression with its reason. The control loop's.
 *
 * A file beside the captures, `ledger`, to which whole lines are appended, one write a line: several processes may
 * have it, and one that is killed leaves at most a line without its end, which is not read. Above LEDGER_BYTES it
 * becomes `ledger.1`, in place of an older one. Without a directory it is in memory. Suppressions come in sums, and
 * the more seldom the longer they go on, so that a flood does not push out last night's firings.
 *
 *     1 TAB time TAB pid TAB service TAB kind TAB rule TAB reason TAB count TAB capture TAB value TAB request TAB
 *     thread TAB status TAB running TAB what TAB text LF          texts with \xNN for control characters
 */
#ifndef SMK_AGENT_LEDGER_H
#define SMK_AGENT_LEDGER_H

#include "base/compiler.h"
#include "rule.h"
#include "stallmark/capture.h"

#define SMK_LEDGER_SHOWN 512            /* entries kept in memory, those of earlier processes too */
#define SMK_LEDGER_BYTES (1u << 20)     /* of one file */
#define SMK_SERVICE_NAME 16

/* What a rule's condition held for. */
struct smk_cause {
    uint64_t time_unix_ns; /* 0: there is none */
    uint64_t value;        /* ns; bytes, hundredths of a percent, requests */
    uint64_t request;      /* id; 0: none or unknown */
    uint32_t tid, status;
    bool running;                /* it has not ended */
    uint32_t pid;                /* of the family's process where it was; 0: in ours */
    char what[SMK_RULE_ROUTE];   /* the route; "" */
};

enum smk_ledger_kind {
    SMK_LEDGER_FIRED,      /* and what it began */
    SMK_LEDGER_ENDED,      /* the capture of a firing: its file is whole */
    SMK_LEDGER_SUPPRESSED, /* `count` more for `reason`; the worst of them */
    SMK_LEDGER_RAN,        /* its command ended */
    SMK_LEDGER_RULE,       /* it was set, changed or removed */
    SMK_LEDGER_KINDS
};
const char *smk_ledger_kind_name(unsigned kind);

struct smk_ledger_entry {
    uint64_t time_unix_ns;
    uint32_t pid;
    char service[SMK_SERVICE_NAME];
    enum smk_ledger_kind kind;
    char rule[SMK_RULE_NAME];
    char reason[24];
    uint64_t count;
    char capture[SMK_CAPTURE_ID_SIZE];
    struct smk_cause cause;
    char text[256];
};

/* Reads what is there; `fired` hears of each firing of this service's, the oldest first. */
void smk_ledger_open(void (*fired)(const struct smk_ledger_entry *entry));
void smk_ledger_close(void);
void smk_ledger_reset_in_child(void);

/* Time, pid and service are set here. */
void smk_ledger_add(const struct smk_ledger_entry *entry);

/* By number from 0, newest first; NULL after the last. */
const struct smk_ledger_entry *smk_ledger_at(size_t number);

/* The name of this process's program, by which its rules and its firings are found again. */
const char *smk_service_name(void);

struct smk_ledger_stats {
    uint64_t written, failed; /* lines */
    bool in_memory;
    int error;                /* errno of the last failure */
    int unread;               /* errno: what earlier processes wrote is there and cannot be read */
};
void smk_ledger_get_stats(struct smk_ledger_stats *stats);

/* For tests. `len` without the LF. */
bool smk_ledger_parse(const char *line, size_t len, struct smk_ledger_entry *entry);
size_t smk_ledger_format(const struct smk_ledger_entry *entry, char *line, size_t size);

#endif
