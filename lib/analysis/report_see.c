/* report_see.c: of a finding in JSON: where in the trace it is best seen, and its words as the text report has them,
 * for who shows both beside each other. */
#include "analysis/report_state.h"

#include <string.h>

#include "analysis/json.h"
#include "analysis/wait_functions.h"

/* A stretch of time; thread 0, request 0: it is of no single one. */
struct see {
    uint64_t from, to;
    uint32_t serial;
    uint32_t process;
    uint64_t request; /* as its process knows it */
};

/* ---- where ---------------------------------------------------------------------------------------------- */

static bool see_lock(const struct smk_report *report, const struct smk_finding *finding, struct see *see)
{
    const struct smk_lock *lock = &report->locks.array[finding->lock];
    const struct smk_holders *h = &finding->holders;
    see->from = lock->max_begin;
    see->to = lock->max_end;
    see->process = lock->process;
    see->request = lock->max_request ? smk_map_own(lock->process, lock->max_request) : 0;
    for (uint32_t i = 0; i < h->longest; i++)
        if (h->longest_waits[i].begin == lock->max_begin) {
            see->serial = h->longest_waits[i].thread;
            break;
        }
    return see->to > see->from;
}

static bool see_hold(const struct smk_report *report, const struct smk_finding *finding, struct see *see)
{
    const struct smk_hold *hold = &report->loops.holds[finding->hold];
    see->from = hold->max_begin;
    see->to = hold->max_begin + hold->max;
    see->serial = hold->max_thread;
    see->request = hold->max_request;
    const smk_thread_info *thread = smk_trace_thread(report->trace, hold->max_thread);
    see->process = thread ? thread->process : 0;
    return true;
}

/* The longest wait of the function that waited most. */
static bool see_calls(const struct smk_report *report, const struct smk_finding *finding, struct see *see)
{
    struct smk_wait_function function;
    if (smk_wait_functions(&report->locks.others, report->symbols, finding->sum, true, &function, 1) == 0)
        return false;
    const struct smk_wait_place *most = &function.most;
    see->from = most->max_begin;
    see->to = most->max_begin + most->max;
    see->serial = most->max_thread;
    see->process = most->process;
    see->request = most->max_request ? smk_map_own(most->process, most->max_request) : 0;
    return true;
}

static bool see_request(struct see *see, uint64_t begin, uint64_t ns, uint32_t process, uint64_t request)
{
    see->from = begin;
    see->to = begin + ns;
    see->process = process;
    see->request = request ? smk_map_own(process, request) : 0;
    return ns > 0;
}

static bool see_circle(const struct smk_report *report, const struct smk_finding *finding, struct see *see)
{
    const struct smk_open_wait *wait = &finding->circle[0];
    see->to = report->windows[wait->process].to;
    see->from = smk_min_u64(see->to, wait->since);
    see->serial = wait->serial;
    see->process = wait->process;
    return finding->steps > 0;
}

/* False: it is not in one place, or when it was is not recorded. */
static bool see_finding(const struct smk_report *report, const struct smk_finding *finding, struct see *see)
{
    if (smk_finding_is_of_lock(finding->kind))
        return see_lock(report, finding, see);
    switch (finding->kind) {
    case SMK_FINDING_DEADLOCK:
        return see_circle(report, finding, see);
    case SMK_FINDING_LOOP:
        return see_hold(report, finding, see);
    case SMK_FINDING_DISK:
    case SMK_FINDING_SLEEP:
    case SMK_FINDING_MEMORY:
        return finding->rule != SMK_RULE_CHURN && see_calls(report, finding, see);
    case SMK_FINDING_CPU:
    case SMK_FINDING_THROTTLING:
        see->from = finding->from;
        see->to = finding->to;
        return see->to > see->from;
    case SMK_FINDING_SEQUENCE: {
        const struct smk_sequence *sequence = &report->sequences.array[finding->sequence];
        return see_request(see, sequence->max_begin, sequence->max_ns, sequence->process, sequence->max_request);
    }
    case SMK_FINDING_POOL: {
        const struct smk_pool *pool = &report->pools.array[finding->pool];
        uint32_t process = (uint32_t)(pool->max_request >> 48); /* as smk_map_own has put it there */
        return see_request(see, pool->max_begin, pool->max, process, pool->max_request);
    }
    case SMK_FINDING_PEER: {
        const struct smk_peer *peer = &report->peers.array[finding->peer];
        return see_request(see, peer->max_begin, peer->max_ns, peer->process, peer->max_request);
    }
    case SMK_FINDING_HERD: {
        const struct smk_herd *herd = &report->herds.array[finding->herd];
        see->from = herd->first;
        see->to = herd->last;
        see->process = herd->process;
        return see->to > see->from;
    }
    default:
        return false;
    }
}

static void put_see(struct smk_json_text *json, const struct smk_report *report, const struct smk_finding *finding)
{
    struct see see = {0};
    if (!see_finding(report, finding, &see)) {
        smk_put_json_string(json, "see", NULL);
        return;
    }
    const smk_thread_info *thread = see.serial ? smk_trace_thread(report->trace, see.serial) : NULL;
    smk_put_json_object(json, "see");
    smk_put_json_number(json, "from_ns", see.from);
    smk_put_json_number(json, "to_ns", see.to);
    smk_put_json_number(json, "process", see.process);
    smk_put_json_number(json, "serial", see.serial);
    smk_put_json_number(json, "tid", thread ? thread->tid : 0);
    smk_put_json_number(json, "request", see.request);
    smk_put_json_object_end(json);
}

/* ---- words ---------------------------------------------------------------------------------------------- */

/* Lines become strings of an array; a longer one than the room is cut. */
struct lines {
    struct smk_json_text *json;
    size_t used;
    char line[1024];
};

static int take_lines(void *arg, const char *text, size_t len)
{
    struct lines *lines = arg;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n') {
            if (lines->used + 1 < sizeof(lines->line))
                lines->line[lines->used++] = text[i];
            continue;
        }
        lines->line[lines->used] = '\0';
        if (lines->used)
            smk_put_json_string(lines->json, NULL, lines->line);
        lines->used = 0;
    }
    return 0;
}

void smk_report_see_json(const struct smk_report *report, struct smk_json_text *json, unsigned number)
{
    put_see(json, report, &report->findings.array[number]);
    struct lines lines = {.json = json};
    struct smk_words words;
    smk_words_init(&words, take_lines, &lines);
    smk_put_json_array(json, "text");
    smk_report_finding_text(report, &words, number);
    smk_words_flush(&words);
    smk_put_json_array_end(json);
}

void smk_report_silence_json(const struct smk_report *report, struct smk_json_text *json)
{
    struct lines lines = {.json = json};
    struct smk_words words;
    smk_words_init(&words, take_lines, &lines);
    smk_put_json_array(json, "no_findings");
    if (report->findings.count == 0)
        smk_report_no_findings_text(report, &words);
    smk_words_flush(&words);
    smk_put_json_array_end(json);
}
