/* One finding in words. */
#include "analysis/report_state.h"
#include "format/events.h"

#include <string.h>

#define INDENT    SMK_FINDING_INDENT
#define LABEL     SMK_FINDING_LABEL
#define PLACE     SMK_FINDING_PLACE
#define NOTE      SMK_FINDING_NOTE
#define FIGURE    SMK_FINDING_FIGURE
#define CERTAINTY SMK_FINDING_CERTAINTY
#define SHOWN       3u  /* functions of a kind */
#define LEAST_MILLE 50u /* of the time, for a second function to be shown */

void smk_report_label_text(struct smk_words *words, const char *text)
{
    smk_words_to(words, INDENT);
    smk_words_say(words, "%s", text);
    smk_words_to(words, LABEL);
}

static void say_thread(const struct smk_report *report, struct smk_words *words, uint32_t serial)
{
    char name[SMK_NAME_MAX];
    smk_name_of_thread(name, report->trace, serial);
    smk_words_name_cut(words, name, 32);
}

/* worker-2 before worker-10. */
static int compare_names(const char *a, const char *b)
{
    size_t x = strlen(a), y = strlen(b);
    return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

/* "worker-3", "a, b", "worker-1 … worker-8, 8 threads", "pool, 8 threads". */
static void say_threads(const struct smk_report *report, struct smk_words *words,
                        const struct smk_at_function *at)
{
    char first[SMK_NAME_MAX] = "", last[SMK_NAME_MAX] = "", name[SMK_NAME_MAX];
    if (at->thread_count == 1) {
        say_thread(report, words, at->threads[0]);
        return;
    }
    for (uint32_t i = 0; i < at->thread_count; i++) {
        smk_plain_name_of_thread(name, report->trace, at->threads[i]);
        if (i == 0 || compare_names(name, first) < 0)
            memcpy(first, name, sizeof(first));
        if (i == 0 || compare_names(name, last) > 0)
            memcpy(last, name, sizeof(last));
    }
    smk_words_name_cut(words, first, 32);
    if (strcmp(first, last) != 0) {
        smk_words_say(words, at->thread_count == 2 ? ", " : " … ");
        smk_words_name_cut(words, last, 32);
    }
    if (at->thread_count > 2 || (at->thread_count == 2 && strcmp(first, last) == 0))
        smk_words_say(words, ", %s%u threads", at->thread_count == SMK_THREADS_SHOWN ? "over " : "",
                      at->thread_count);
}

/* Function and line of an entry; the frame number, for its callers. */
static uint32_t say_function(const struct smk_report *report, struct smk_words *words,
                             const struct smk_at_function *at, const smk_stack_info **stack)
{
    *stack = at->stack ? smk_trace_stack(report->trace, at->stack) : NULL;
    if (!*stack || (*stack)->depth == 0) {
        smk_words_say(words, "a place unknown (no stack was taken)");
        return 0;
    }
    uint32_t frame = smk_symbols_stack_frame(report->symbols, *stack);
    const struct smk_place *place = smk_symbols_frame(report->symbols, *stack, frame);
    if (!place)
        return 0;
    smk_words_name_cut(words, place->function, 60);
    smk_report_outer_text(report, words, place);
    if (place->file) {
        smk_words_to(words, PLACE);
        smk_words_name_cut(words, place->file, 40);
        smk_words_say(words, ":%u", place->line);
    }
    return frame;
}

/* ---- lock contention ------------------------------------------------------------------------------------ */

static const struct smk_lock *lock_of(const struct smk_report *report, const struct smk_finding *finding)
{
    return &report->locks.array[finding->lock];
}

void smk_report_slow_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding,
                          const char *certainty)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    const struct smk_share *share = &finding->shares[0];
    smk_name_of_route(name, report->trace, report->latency.routes[share->route].route);
    smk_words_say(words, " made ");
    smk_words_name_cut(words, name, 60);
    smk_words_say(words, " slow");
    smk_words_to(words, FIGURE);
    smk_words_say(words, "%s of its time", smk_words_mille(text, smk_per_mille(share->ns, share->of)));
    smk_words_to(words, CERTAINTY);
    smk_words_say(words, "%s\n", certainty ? certainty : smk_report_incomplete(report) ? "at least" : "exact");
}

static void say_title(const struct smk_report *report, struct smk_words *words,
                      const struct smk_finding *finding)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX], window[SMK_UNIT_MAX];
    const struct smk_lock *lock = lock_of(report, finding);
    const struct smk_window *when = &report->windows[lock->process];
    if (smk_name_of_lock(name, report->symbols, lock) == SMK_LOCK_SYMBOL)
        smk_words_say(words, "mutex ");
    smk_words_name_cut(words, name, 100);
    if (finding->rule == SMK_RULE_ROUTE) {
        smk_report_slow_text(report, words, finding, NULL);
    } else {
        smk_words_say(words, " held up ");
        if (lock->threads == 1)
            say_thread(report, words, report->locks.threads[lock->worst].thread);
        else
            smk_words_say(words, "%s threads", smk_words_count(text, lock->threads));
        smk_words_to(words, FIGURE);
        smk_words_say(words, "%s in %s", smk_words_ns(text, finding->cost),
                      smk_words_ns(window, when->to - when->from));
        smk_words_to(words, CERTAINTY);
        smk_words_say(words, smk_report_incomplete(report) ? "at least\n" : "exact\n");
    }
}

static void say_sums(const struct smk_report *report, struct smk_words *words,
                     const struct smk_finding *finding)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX], d[SMK_UNIT_MAX], e[SMK_UNIT_MAX];
    const struct smk_lock *lock = lock_of(report, finding);
    smk_words_to(words, INDENT);
    smk_words_say(words, "%s %s waited %s %s, %s on average, %s at most, %s together.\n",
                  smk_words_count(a, lock->threads), lock->threads == 1 ? "thread" : "threads",
                  smk_words_count(b, lock->waits.count), lock->waits.count == 1 ? "time" : "times",
                  smk_words_ns(c, smk_dist_mean(&lock->waits)), smk_words_ns(d, lock->waits.max),
                  smk_words_ns(e, lock->waits.total));
    if (lock->open) {
        smk_words_to(words, INDENT);
        smk_words_say(words, "%u of them %s still waiting when the capture ended, and count up to there.\n",
                      lock->open, lock->open == 1 ? "was" : "were");
    }
    if (lock->timed_out || lock->failed || lock->owner_died) {
        smk_words_to(words, INDENT);
        smk_words_say(words, "%s timed out, %s failed, in %s the owner had died.\n",
                      smk_words_count(a, lock->timed_out), smk_words_count(b, lock->failed),
                      smk_words_count(c, lock->owner_died));
    }
}

void smk_report_shares_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding,
                            const char *label, const char *did)
{
    for (uint32_t i = 0; i < finding->share_count; i++) {
        const struct smk_share *share = &finding->shares[i];
        const struct smk_route *route = &report->latency.routes[share->route];
        char name[SMK_NAME_MAX], a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
        smk_report_label_text(words, i == 0 ? label : "");
        smk_name_of_route(name, report->trace, route->route);
        smk_words_name_cut(words, name, PLACE - LABEL - 1);
        smk_words_to(words, PLACE);
        smk_words_say(words, "%s of its time", smk_words_mille(a, smk_per_mille(share->ns, share->of)));
        smk_words_to(words, NOTE);
        smk_words_say(words, "%s of %s requests%s\n", smk_words_count(b, share->requests),
                      smk_words_count(c, route->latency.count + route->running), did);
    }
}

static void say_waiting(const struct smk_report *report, struct smk_words *words,
                        const struct smk_finding *finding)
{
    const struct smk_holders *h = &finding->holders;
    uint64_t all = h->charged + h->unknown + h->wake;
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    for (uint32_t i = 0; i < h->waiting_count && i < SHOWN; i++) {
        const struct smk_at_function *at = &h->waiting[i];
        if (i > 0 && smk_per_mille(at->ns, all) < LEAST_MILLE)
            break;
        smk_report_label_text(words, i == 0 ? "Waiting in" : "");
        uint32_t frame = say_function(report, words, at, &stack);
        smk_words_to(words, NOTE);
        smk_words_say(words, "%s x, %s (", smk_words_count(a, at->count), smk_words_ns(b, at->ns));
        say_threads(report, words, at);
        smk_words_say(words, ")\n");
        if (i == 0 && stack)
            smk_report_callers_text(report, words, LABEL + 2, stack, frame);
    }
}

/* "locked at cart.c:65; held 4.12 ms on average, 5.00 ms at most; in region render_log". */
static void say_hold(const struct smk_report *report, struct smk_words *words,
                     const struct smk_at_function *at)
{
    char text[SMK_UNIT_MAX], most[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    const struct smk_place *place = smk_symbols_own_place(report->symbols, at->locked_stack);
    if (!place && !at->held_count && !at->region)
        return;
    smk_words_to(words, LABEL);
    if (place) {
        smk_words_say(words, "locked in ");
        smk_report_place_text(report, words, place);
    }
    if (at->held_count)
        smk_words_say(words, "%sheld %s on average, %s at most", place ? "; " : "",
                      smk_words_ns(text, at->held / at->held_count), smk_words_ns(most, at->held_max));
    if (at->region) {
        smk_name_of_site(name, report->trace, at->region);
        smk_words_say(words, "%sin region ", place || at->held_count ? "; " : "");
        smk_words_name_cut(words, name, 40);
    }
    smk_words_say(words, "\n");
}

static void say_holder(const struct smk_report *report, struct smk_words *words,
                       const struct smk_holders *h, uint32_t number)
{
    const struct smk_at_function *at = &h->holding[number];
    uint64_t all = h->charged + h->unknown + h->wake;
    char text[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    smk_report_label_text(words, number == 0 ? "Held in" : "");
    uint32_t frame = say_function(report, words, at, &stack);
    smk_words_to(words, NOTE);
    smk_words_say(words, "%s%s of that time, by ", h->estimated ? "about " : "",
                  smk_words_mille(text, smk_per_mille(at->ns, all)));
    say_threads(report, words, at);
    smk_words_say(words, "\n");
    if (stack)
        smk_report_callers_text(report, words, LABEL + 2, stack, frame);
    say_hold(report, words, at);
    if (number == 0 && h->longest) {
        smk_words_to(words, LABEL);
        smk_words_say(words, "the one that kept %u of the %u longest waits most\n",
                      (unsigned)at->longest, h->longest);
    }
}

/* Without an unlock it is not known where the lock was held, but who had it when a wait began often is. */
static void say_unknown_holder(const struct smk_report *report, struct smk_words *words, uint32_t process,
                               const struct smk_holders *h)
{
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    uint64_t all = h->charged + h->unknown + h->wake;
    smk_report_label_text(words, h->charged ? "" : "Held in");
    smk_words_say(words, "unknown for %s of that time: no unlock of it was seen",
                  smk_words_mille(text, smk_per_mille(h->unknown, all)));
    for (uint32_t i = 0; i < h->longest; i++) {
        const struct smk_lock_wait *wait = &h->longest_waits[i];
        if (wait->got_it || wait->holder == 0)
            continue;
        smk_name_of_tid(name, report->trace, process, wait->holder, wait->begin);
        smk_words_say(words, "; ");
        smk_words_name_cut(words, name, 32);
        smk_words_say(words, " had it when the longest of those waits began");
        break;
    }
    smk_words_say(words, "\n");
}

/* "the holders waited 301 ms for the disk: fdatasync in flush_audit log.c:141, of /var/log/audit". */
static void say_meanwhile(const struct smk_report *report, struct smk_words *words,
                          const struct smk_meanwhile *meanwhile)
{
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    smk_words_say(words, "the holders waited %s for ", smk_words_ns(text, meanwhile->ns));
    if (meanwhile->lock != SMK_MAP_NONE) {
        smk_name_of_lock(name, report->symbols, &report->locks.array[meanwhile->lock]);
        smk_words_say(words, "lock ");
        smk_words_name_cut(words, name, 60);
        smk_words_say(words, "\n");
        return;
    }
    const struct smk_call_sum *sum = &report->locks.others.sums[meanwhile->sum];
    const struct smk_place *place = smk_symbols_own_place(report->symbols, meanwhile->stack);
    smk_name_of_call(name, report->trace, sum->call);
    smk_words_say(words, "%s: ", smk_wait_kind_name(sum->kind));
    smk_words_name_cut(words, name, 32);
    if (place) {
        smk_words_say(words, " in ");
        smk_report_place_text(report, words, place);
    }
    const char *what = meanwhile->what ? smk_trace_string(report->trace, meanwhile->what) : NULL;
    if (what) {
        smk_words_say(words, ", ");
        smk_words_name_cut(words, what, 48);
    }
    smk_words_say(words, "\n");
}

static void say_holding(const struct smk_report *report, struct smk_words *words,
                        const struct smk_finding *finding)
{
    const struct smk_holders *h = &finding->holders;
    uint64_t all = h->charged + h->unknown + h->wake;
    char a[SMK_UNIT_MAX];
    for (uint32_t i = 0; i < h->holding_count && i < SHOWN; i++)
        if (h->holding[i].ns > 0 &&
            (i == 0 || smk_per_mille(h->holding[i].ns, all) >= LEAST_MILLE))
            say_holder(report, words, h, i);
    if (smk_per_mille(h->unknown, all) >= 10 || h->charged == 0)
        say_unknown_holder(report, words, lock_of(report, finding)->process, h);
    if (smk_per_mille(h->wake, all) >= 50) {
        smk_report_label_text(words, "");
        smk_words_say(words, "%s of that time lay between the unlock and the waiting thread running\n",
                      smk_words_mille(a, smk_per_mille(h->wake, all)));
    }
    for (uint32_t i = 0; i < h->meanwhile_count; i++) {
        smk_report_label_text(words, i == 0 ? "Meanwhile" : "");
        say_meanwhile(report, words, &h->meanwhile[i]);
    }
}

static void say_longest(const struct smk_report *report, struct smk_words *words,
                        const struct smk_finding *finding)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    const struct smk_lock *lock = lock_of(report, finding);
    smk_report_label_text(words, "Longest");
    smk_words_say(words, "from %s, %s", smk_words_clock(a, smk_report_unix(report, lock->max_begin)),
                  smk_words_ns(b, lock->waits.max));
    if (lock->max_request)
        smk_words_say(words, ", in request %llu", (unsigned long long)smk_map_own(lock->process, lock->max_request));
    smk_words_say(words, "\n");
    smk_report_label_text(words, "See");
    if (lock->max_request)
        smk_words_say(words, "stallmark request FILE %llu · ",
                      (unsigned long long)smk_map_own(lock->process, lock->max_request));
    uint64_t middle = lock->max_begin + lock->waits.max / 2;
    smk_words_say(words, "stallmark at FILE %s\n", smk_words_clock(a, smk_report_unix(report, middle)));
}

/* ---- deadlock ------------------------------------------------------------------------------------------- */

static void say_circle(const struct smk_report *report, struct smk_words *words,
                       const struct smk_finding *finding)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    smk_words_say(words, "deadlock: %u %s", finding->steps,
                  finding->steps == 1 ? "thread waits for what it holds itself"
                                      : "threads wait for each other");
    smk_words_to(words, CERTAINTY);
    smk_words_say(words, "exact\n");
    for (uint32_t i = 0; i < finding->steps && i < SMK_DEADLOCK_MAX; i++) {
        const struct smk_open_wait *wait = &finding->circle[i];
        struct smk_lock lock = {
            .address = wait->object, .process = wait->process, .first_stack = wait->stack};
        uint64_t to = report->windows[wait->process].to;
        smk_words_to(words, INDENT);
        say_thread(report, words, wait->serial);
        smk_words_say(words, " waits for ");
        smk_name_of_lock(name, report->symbols, &lock);
        smk_words_name_cut(words, name, 80);
        smk_words_say(words, ", held by ");
        smk_name_of_tid(name, report->trace, wait->process, wait->holder, to);
        smk_words_name_cut(words, name, 32);
        smk_words_say(words, ", since %s\n",
                      smk_words_ns(text, to - smk_min_u64(to, wait->since)));
        const smk_stack_info *stack = wait->stack ? smk_trace_stack(report->trace, wait->stack) : NULL;
        if (!stack)
            continue;
        uint32_t frame = smk_symbols_own_frame(report->symbols, stack);
        smk_report_callers_text(report, words, LABEL + 2, stack, frame > 0 ? frame - 1 : UINT32_MAX);
    }
}

/* "while log_lock was held by flusher in flush log.c:118, who waited for disk: fdatasync". */
static void say_link(const struct smk_report *report, struct smk_words *words, const struct smk_chain_step *step,
                     bool first, bool last)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    uint32_t frame;
    const struct smk_place *place = smk_report_own_place(report, step->stack, &stack, &frame);
    smk_report_label_text(words, first ? "Chain" : "");
    smk_name_of_lock(name, report->symbols, &report->locks.array[step->lock]);
    smk_words_name_cut(words, name, 60);
    if (!first)
        smk_words_say(words, ", for which they waited %s, was", smk_words_ns(text, step->ns));
    smk_words_say(words, " held by ");
    if (step->thread)
        say_thread(report, words, step->thread);
    else
        smk_words_say(words, "a thread unknown");
    if (place) {
        smk_words_say(words, " in ");
        smk_report_place_text(report, words, place);
    }
    smk_words_say(words, "\n");
    if (last && step->meanwhile.ns && step->meanwhile.lock == SMK_MAP_NONE) {
        smk_report_label_text(words, "");
        say_meanwhile(report, words, &step->meanwhile);
    }
}

/* What is special about the lock. */
static void say_why(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    const struct smk_holders *h = &finding->holders;
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    uint64_t held = 0, count = 0, mean = smk_dist_mean(&lock_of(report, finding)->waits);
    for (uint32_t i = 0; i < h->holding_count; i++) {
        held += h->holding[i].held;
        count += h->holding[i].held_count;
    }
    smk_words_to(words, INDENT);
    if (finding->kind == SMK_FINDING_PREEMPTED)
        smk_words_say(words, "Who held it was ready to run and had no CPU for %s of the %s looked at (the %u longest "
                             "waits).\n",
                      smk_words_mille(a, smk_per_mille(h->preempted, h->looked)), smk_words_ns(b, h->looked),
                      h->longest);
    else if (finding->kind == SMK_FINDING_CONVOY)
        smk_words_say(words, "A convoy: each had it for %s on average, and stood in line for it %llu times as long.\n",
                      smk_words_ns(a, held / count), (unsigned long long)(mean / smk_max_u64(held / count, 1)));
    else
        smk_words_say(words, "A chain: who held it waited for another lock for %s of the %s looked at (the %u longest "
                             "waits).\n",
                      smk_words_mille(a, smk_per_mille(h->meanwhile[0].ns, h->looked)), smk_words_ns(b, h->looked),
                      h->longest);
}

static void say_other(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    switch (finding->kind) {
    case SMK_FINDING_LOOP:
        smk_report_hold_text(report, words, finding);
        break;
    case SMK_FINDING_DISK:
    case SMK_FINDING_SLEEP:
    case SMK_FINDING_MEMORY:
        if (finding->rule == SMK_RULE_CHURN)
            smk_report_churn_text(report, words, finding);
        else
            smk_report_calls_text(report, words, finding);
        break;
    case SMK_FINDING_CPU:
        smk_report_starved_text(report, words, finding);
        break;
    case SMK_FINDING_THROTTLING:
        smk_report_throttling_text(report, words, finding);
        break;
    case SMK_FINDING_SEQUENCE:
        smk_report_sequence_text(report, words, finding);
        break;
    case SMK_FINDING_POOL:
        smk_report_pool_text(report, words, finding);
        break;
    case SMK_FINDING_HERD:
        smk_report_herd_text(report, words, finding);
        break;
    case SMK_FINDING_PEER:
        smk_report_peer_text(report, words, finding);
        break;
    default:
        break;
    }
}

void smk_report_finding_text(const struct smk_report *report, struct smk_words *words, unsigned number)
{
    const struct smk_finding *finding = &report->findings.array[number];
    smk_words_say(words, "\n%u", number + 1);
    smk_words_to(words, INDENT);
    if (finding->kind == SMK_FINDING_DEADLOCK) {
        say_circle(report, words, finding);
        return;
    }
    if (!smk_finding_is_of_lock(finding->kind)) {
        say_other(report, words, finding);
        return;
    }
    say_title(report, words, finding);
    say_sums(report, words, finding);
    if (finding->kind != SMK_FINDING_LOCK)
        say_why(report, words, finding);
    if (finding->share_count > 1 || finding->rule != SMK_RULE_ROUTE)
        smk_report_shares_text(report, words, finding, "Slowed", " waited for it");
    say_waiting(report, words, finding);
    say_holding(report, words, finding);
    for (uint32_t i = 0; i < finding->links; i++)
        say_link(report, words, &finding->chain[i], i == 0, i + 1 == finding->links);
    say_longest(report, words, finding);
}
