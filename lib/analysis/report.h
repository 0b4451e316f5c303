/* report.h: the answer: findings, requests by route, the slowest, regions, loss and cost.
 *
 * One pass over the events in order of time (states.c, latency.c, regions.c, locks.c take what is theirs of
 * each event), then findings (holders.c, deadlock.c), then text or JSON. The same code answers `stallmark report` and
 * GET /debug/traces/ID/report.
 */
#ifndef SMK_ANALYSIS_REPORT_H
#define SMK_ANALYSIS_REPORT_H

#include "base/mem.h"
#include "stallmark/reader.h"

/* What DWARF knows of an address: a function and a line in it. */
struct smk_line_frame {
    const char *function; /* as the linker would write it; NULL: not known */
    const char *file;     /* NULL: not known */
    uint32_t line;
};

/* Functions, files and lines of an address; lib/lines gives one over elfutils. NULL in the agent: a host's
 * process does no DWARF work, and has no elfutils. */
struct smk_line_source {
    void *arg;
    /* How many frames, at most `max`, 0: nothing is known; innermost first, each but the last inlined into
     * the next. Texts live as long as the source. */
    uint32_t (*find)(void *arg, const smk_module_info *module, uint64_t pc, struct smk_line_frame *frames,
                     uint32_t max);
};

struct smk_report_options {
    smk_resize_fn resize; /* NULL: malloc */
    void *resize_arg;
    size_t max_memory;    /* bytes of the analysis; 0: no limit */
    uint64_t max_ns;      /* time it may take; 0: no limit */
    const struct smk_line_source *lines; /* lives as long as the report; NULL: functions without lines */
    const char *debug_dir; /* where debug files are looked for first; may be NULL */
    bool no_symbols;      /* opens no file but the trace: module+offset instead of names that it does not say */
    uint32_t samples;     /* latencies that are kept of each route, for smk_diff_make; 0: none */
    unsigned top;         /* slowest requests and regions shown; 0: 5 */
    /* Progress, about ten times a second; returns false to give up. May be NULL. */
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

/* Uses the trace until smk_report_free: text and JSON ask it for names. */
struct smk_report;

/* 0; SMK_E_LIMIT: max_memory or max_ns, or progress gave up; SMK_E_NOMEM; the reader's errors. */
int smk_report_make(struct smk_report **report, smk_trace *trace,
                    const struct smk_report_options *options);
void smk_report_free(struct smk_report *report);

unsigned smk_report_findings(const struct smk_report *report);
/* How many of the kinds whose bits (1 << enum smk_finding_kind) are set. */
unsigned smk_report_findings_of(const struct smk_report *report, uint32_t kinds);

/* Where the words go; returns 0, or anything else to stop. Names out of the trace are escaped already. */
typedef int (*smk_report_put)(void *arg, const char *text, size_t len);

int smk_report_text(const struct smk_report *report, smk_report_put put, void *arg);
int smk_report_json(const struct smk_report *report, smk_report_put put, void *arg);

#endif
