/* report_state.h: a report from the inside; for report*.c. */
#ifndef SMK_ANALYSIS_REPORT_STATE_H
#define SMK_ANALYSIS_REPORT_STATE_H

#include "analysis/findings.h"
#include "analysis/memory.h"
#include "analysis/callbacks.h"
#include "analysis/loops.h"
#include "analysis/gaps.h"
#include "analysis/names.h"
#include "analysis/region_states.h"
#include "analysis/regions.h"
#include "analysis/report.h"
#include "analysis/running.h"
#include "analysis/states.h"
#include "analysis/words.h"

#define SMK_TOP_DEFAULT 5u

struct smk_report {
    struct smk_mem mem;
    smk_trace *trace;
    const smk_trace_info *info;
    unsigned top;
    uint64_t from, to; /* the window: of several processes, from where the first is complete */
    struct smk_window *windows; /* of each process */
    uint32_t process;           /* whose events come now: what is told of it is set by enter_process */
    uint64_t events;   /* seen */
    struct smk_gaps gaps;
    struct smk_states states;
    struct smk_latency latency;
    struct smk_regions regions;
    struct smk_mem regions_mem; /* of what follows: the report does without it where it is not to be had */
    struct smk_region_states region_states;
    uint64_t *regions_from; /* of each process */
    struct smk_running running;
    struct smk_loops loops;
    struct smk_callbacks callbacks;
    struct smk_locks locks;
    struct smk_memory memory;
    struct smk_starved starved;
    struct smk_throttled throttled;
    struct smk_sequences sequences;
    struct smk_peers peers;
    struct smk_pools pools;
    struct smk_herds herds;
    struct smk_map wait_kinds; /* site of an own wait to its kind */
    struct smk_symbols *symbols; /* fills as it is asked */
    struct smk_findings findings;
    struct smk_region_stats **regions_by_total;
    struct smk_lock **locks_by_total;
    struct smk_call_sum **calls_by_total;
    struct smk_route **routes_by_total;
};

/* Something is missing: what is counted is at least so much. */
bool smk_report_incomplete(const struct smk_report *report);

/* The id of a request as its process knows it. */
uint64_t smk_report_request_id(const struct smk_request_record *request);

/* From here on every thread of every process is complete. */
uint64_t smk_report_complete_from(const struct smk_report *report);

/* ns of the tracer's own CPU time for this capture, an estimate; false: the file does not say. */
bool smk_report_cost(const struct smk_report *report, uint64_t *ns);

/* What the tracer cost in the capture's time, by how much that may be wrong, and the CPU time of the process;
 * false: the file does not say. */
bool smk_report_share(const struct smk_report *report, uint64_t *ns, uint64_t *error_ns, uint64_t *process_ns);

/* A fact that is a number; 0 where it is none. Of several processes: the first's; a given one's. */
uint64_t smk_report_fact(const struct smk_report *report, const char *key);
uint64_t smk_report_process_fact(const struct smk_report *report, uint32_t process, const char *key);

/* ns since 1970 of a time of the trace. */
int64_t smk_report_unix(const struct smk_report *report, uint64_t time);

/* The kind of part in a word ("lock", "disk", "queue", "region") and its name. */
const char *smk_report_part(const struct smk_report *report, const struct smk_part *part,
                            char name[SMK_NAME_MAX]);

/* The part that took most of a route's time; NULL: more of it is unexplained. *mille of the route's time. */
const struct smk_part *smk_report_mostly(const struct smk_report *report, const struct smk_route *route,
                                         uint32_t *mille);

/* Time of a request that no part explains. */
uint64_t smk_report_unexplained(const struct smk_request_record *request);

/* Where running and runnable come from, in a word; "not recorded". */
const char *smk_report_scheduler(const struct smk_report *report);

struct smk_json_text;

/* report_place.c: smk_symbols_stack_place, with its stack and frame for who called it */
const struct smk_place *smk_report_own_place(const struct smk_report *report, uint32_t id, const smk_stack_info **stack,
                                             uint32_t *frame);
/* "render_log (inlined into handle) log.c:118". */
void smk_report_place_text(const struct smk_report *report, struct smk_words *words, const struct smk_place *place);
/* " (inlined into handle, main_loop)"; of more than two the last, which the code is in. */
void smk_report_outer_text(const struct smk_report *report, struct smk_words *words, const struct smk_place *place);
/* The named callers of a frame as a line of its own, from `column` on:
 * "← work_cart http.c:35 ← worker_main pool.c:46". */
void smk_report_callers_text(const struct smk_report *report, struct smk_words *words, unsigned column,
                             const smk_stack_info *stack, uint32_t frame);
void smk_report_stack_json(struct smk_json_text *json, const char *key, const struct smk_report *report, uint32_t id);
/* "function", "file" and "line" of the stack's own frame. */
void smk_report_own_place_json(struct smk_json_text *json, const struct smk_report *report, uint32_t id);

/* report_silence.c */
void smk_report_no_findings_text(const struct smk_report *report, struct smk_words *words);

struct smk_wait_function;
/* report_waits.c */
/* ", for audit.log and others; the longest was ended by worker-3". */
void smk_report_thing_text(const struct smk_report *report, struct smk_words *words,
                           const struct smk_wait_function *function);
void smk_report_wait_function_json(struct smk_json_text *json, const struct smk_report *report,
                                   const struct smk_wait_function *function);
void smk_report_waits_text(const struct smk_report *report, struct smk_words *words);
void smk_report_waits_json(const struct smk_report *report, struct smk_json_text *json);

/* report_cpu.c */
void smk_report_cpu_text(const struct smk_report *report, struct smk_words *words);
void smk_report_cpu_json(const struct smk_report *report, struct smk_json_text *json);

/* report_memory.c; conclude: after the last event */
void smk_report_memory_conclude(struct smk_report *report);
void smk_report_memory_text(const struct smk_report *report, struct smk_words *words);
void smk_report_memory_json(const struct smk_report *report, struct smk_json_text *json);
/* report_loop.c */
void smk_report_loops_text(const struct smk_report *report, struct smk_words *words);
void smk_report_loops_json(const struct smk_report *report, struct smk_json_text *json);

/* report_callbacks.c */
void smk_report_callbacks_text(const struct smk_report *report, struct smk_words *words);
void smk_report_callbacks_json(const struct smk_report *report, struct smk_json_text *json);
void smk_report_hold_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding);
void smk_report_hold_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding);

/* Columns of a finding's text. */
#define SMK_FINDING_INDENT    3u
#define SMK_FINDING_LABEL     16u /* where what stands behind "Waiting in" begins */
#define SMK_FINDING_PLACE     42u
#define SMK_FINDING_NOTE      60u
#define SMK_FINDING_FIGURE    64u /* of a title */
#define SMK_FINDING_CERTAINTY 88u

/* report_finding_calls.c: waits in calls in a request's path, and blocks that come and go */
void smk_report_calls_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding);
void smk_report_calls_json(const struct smk_report *report, struct smk_json_text *json,
                           const struct smk_finding *finding);
void smk_report_churn_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding);
void smk_report_churn_json(const struct smk_report *report, struct smk_json_text *json,
                           const struct smk_finding *finding);

/* report_finding_cpu.c */
void smk_report_starved_text(const struct smk_report *report, struct smk_words *words,
                             const struct smk_finding *finding);
void smk_report_starved_json(const struct smk_report *report, struct smk_json_text *json,
                             const struct smk_finding *finding);
void smk_report_throttling_text(const struct smk_report *report, struct smk_words *words,
                                const struct smk_finding *finding);
void smk_report_throttling_json(const struct smk_report *report, struct smk_json_text *json,
                                const struct smk_finding *finding);

/* report_finding_pool.c */
void smk_report_pool_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding);
void smk_report_pool_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding);
void smk_report_herd_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding);
void smk_report_herd_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding);

/* report_ask.c: "recv"; "answer, by recv" where a request waited, and no thread. */
void smk_report_sum_name(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_call_sum *sum);

/* report_regions.c; `begun`: when the analysis did. */
void smk_report_region_states(struct smk_report *report, const struct smk_report_options *options, uint64_t begun);
void smk_report_region_states_text(const struct smk_report *report, struct smk_words *words);
void smk_report_region_json(const struct smk_report *report, struct smk_json_text *json,
                            const struct smk_region_stats *region);
void smk_report_region_states_json(const struct smk_report *report, struct smk_json_text *json);

/* report_events.c. False when there is no memory. */
bool smk_report_event(struct smk_report *report, const smk_event *event);
void smk_report_enter_process(struct smk_report *report, uint32_t process);
void smk_report_open_waits(struct smk_report *report);

/* report_order.c */
void smk_report_order(struct smk_report *report);

/* report_finding_peer.c */
void smk_report_peer_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding);
void smk_report_peer_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding);

/* report_finding_sequence.c */
void smk_report_sequence_text(const struct smk_report *report, struct smk_words *words,
                              const struct smk_finding *finding);
void smk_report_sequence_json(const struct smk_report *report, struct smk_json_text *json,
                              const struct smk_finding *finding);

/* report_finding.c */
void smk_report_label_text(struct smk_words *words, const char *text);
/* A line for each route: `label` before the first, and what its requests did: " waited for it". */
void smk_report_shares_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding,
                            const char *label, const char *did);
void smk_report_shares_json(struct smk_json_text *json, const struct smk_report *report,
                            const struct smk_finding *finding);
/* " made GET /cart slow            44 % of its time      exact". */
void smk_report_slow_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding,
                          const char *certainty);
void smk_report_finding_text(const struct smk_report *report, struct smk_words *words, unsigned number);

/* report_see.c: "see" and "text" of a finding, "no_findings" of a report without any. */
void smk_report_see_json(const struct smk_report *report, struct smk_json_text *json, unsigned number);
void smk_report_silence_json(const struct smk_report *report, struct smk_json_text *json);

#endif
