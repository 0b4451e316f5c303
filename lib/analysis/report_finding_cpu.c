/* report_finding_cpu.c: findings about CPUs, in words and in JSON: threads that were ready without one, and a control
 * group that was throttled. */
#include "analysis/json.h"
#include "analysis/report_state.h"

#include "format/tables.h"

#define THREADS   6u
#define FUNCTIONS 3u

static const char *certainty(const struct smk_report *report)
{
    return smk_report_incomplete(report) ? "at least" : "exact";
}

/* The threads that were ready longest without a CPU, most first; those below 2 % of all are left out. *all: how many
 * are not. */
static uint32_t most_starved(const struct smk_report *report, const struct smk_starved_thread *most[THREADS],
                             uint32_t *all)
{
    uint32_t count = 0;
    uint64_t sum = report->running.runnable;
    *all = 0;
    for (uint32_t i = 0; i < report->starved.thread_count; i++) {
        const struct smk_starved_thread *thread = &report->starved.threads[i];
        if (smk_per_mille(thread->runnable, sum) < 20)
            continue;
        ++*all;
        uint32_t at = count < THREADS ? count++ : THREADS - 1;
        if (at == THREADS - 1 && most[at] && *all > THREADS && most[at]->runnable >= thread->runnable)
            continue;
        for (; at > 0 && most[at - 1]->runnable < thread->runnable; at--)
            most[at] = most[at - 1];
        most[at] = thread;
    }
    return count;
}

/* The route with most samples, SMK_MAP_NONE for what is in no request: its functions had the CPUs. */
static uint32_t running_functions(const struct smk_report *report, struct smk_sampled_function functions[FUNCTIONS],
                                  uint64_t *of)
{
    struct smk_sampled_function some[FUNCTIONS];
    uint32_t count = 0;
    *of = 0;
    for (uint32_t i = 0; i <= report->latency.route_count && i < 64; i++) {
        uint64_t samples;
        uint32_t route = i < report->latency.route_count ? i : SMK_MAP_NONE;
        uint32_t n = smk_running_functions(&report->running, report->symbols, route, some, FUNCTIONS, &samples);
        if (samples <= *of)
            continue;
        *of = samples;
        count = n;
        for (uint32_t k = 0; k < n; k++)
            functions[k] = some[k];
    }
    return count;
}

/* ---- ready without a CPU -------------------------------------------------------------------------------- */

static void say_title(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding,
                      uint32_t threads)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    uint64_t cpus = smk_report_fact(report, SMK_FACT_CPUS);
    smk_words_say(words, "%s %s ready to run and had no CPU: ", smk_words_count(a, threads),
                  threads == 1 ? "thread was" : "threads were");
    if (finding->rule == SMK_RULE_OWN)
        smk_words_say(words, "%s %s allowed", smk_words_count(a, cpus), cpus == 1 ? "is" : "are");
    else
        smk_words_say(words, "others had it");
    smk_words_to(words, SMK_FINDING_FIGURE);
    smk_words_say(words, "%s in %s", smk_words_ns(a, finding->cost), smk_words_ns(b, finding->lasted));
    smk_words_to(words, SMK_FINDING_CERTAINTY);
    smk_words_say(words, "%s\n", certainty(report));
}

static void say_threads(const struct smk_report *report, struct smk_words *words,
                        const struct smk_starved_thread *const *most, uint32_t count, uint32_t all)
{
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    smk_report_label_text(words, "Ready");
    for (uint32_t i = 0; i < count; i++) {
        smk_name_of_thread(name, report->trace, most[i]->serial);
        smk_words_say(words, i ? ", " : "");
        smk_words_name_cut(words, name, 32);
        smk_words_say(words, " %s", smk_words_ns(text, most[i]->runnable));
    }
    if (all > count)
        smk_words_say(words, " and %u others", all - count);
    smk_words_say(words, "\n");
}

static void say_functions(const struct smk_report *report, struct smk_words *words)
{
    struct smk_sampled_function functions[FUNCTIONS];
    char text[SMK_UNIT_MAX];
    uint64_t of;
    uint32_t count = running_functions(report, functions, &of);
    smk_report_label_text(words, "Running");
    if (count == 0)
        smk_words_say(words, "unknown (no CPU samples; a timed capture takes them)");
    for (uint32_t i = 0; i < count; i++) {
        smk_words_say(words, i ? ", " : "");
        smk_words_name_cut(words, functions[i].name, 48);
        smk_words_say(words, " %s", smk_words_mille(text, smk_per_mille(functions[i].count, of)));
    }
    smk_words_say(words, count ? " of %s samples\n" : "\n", smk_words_count(text, of));
}

void smk_report_starved_text(const struct smk_report *report, struct smk_words *words,
                             const struct smk_finding *finding)
{
    const struct smk_starved_thread *most[THREADS] = {NULL};
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    uint32_t all, count = most_starved(report, most, &all);
    uint64_t cpus = smk_report_fact(report, SMK_FACT_CPUS);
    say_title(report, words, finding, all);
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "From %s to %s; meanwhile its threads ran for %s of the ",
                  smk_words_clock(a, smk_report_unix(report, finding->from)),
                  smk_words_clock(b, smk_report_unix(report, finding->to)), smk_words_ns(c, finding->ran));
    smk_words_say(words, "%s of its %s.\n", smk_words_ns(a, cpus * finding->lasted), cpus == 1 ? "CPU" : "CPUs");
    if (finding->share_count)
        smk_report_shares_text(report, words, finding, "Slowed", " waited for it");
    if (count)
        say_threads(report, words, most, count, all);
    say_functions(report, words);
    smk_report_label_text(words, "Look at");
    if (finding->rule == SMK_RULE_OWN)
        smk_words_say(words, "how many threads are ready at once, and how many CPUs it may use (taskset -p, cpuset)\n");
    else
        smk_words_say(words, "what else runs on these CPUs, and limits of the container\n");
}

void smk_report_starved_json(const struct smk_report *report, struct smk_json_text *json,
                             const struct smk_finding *finding)
{
    const struct smk_starved_thread *most[THREADS] = {NULL};
    struct smk_sampled_function functions[FUNCTIONS];
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    uint32_t all, count = most_starved(report, most, &all);
    uint64_t of;
    smk_put_json_string(json, "certainty", certainty(report));
    smk_put_json_number(json, "cost_ns", finding->cost);
    smk_put_json_number(json, "cpus_allowed", smk_report_fact(report, SMK_FACT_CPUS));
    smk_put_json_number(json, "lasted_ns", finding->lasted);
    smk_put_json_number(json, "ran_ns", finding->ran);
    smk_put_json_string(json, "from", smk_words_date(text, smk_report_unix(report, finding->from)));
    smk_put_json_string(json, "to", smk_words_date(text, smk_report_unix(report, finding->to)));
    smk_report_shares_json(json, report, finding);
    smk_put_json_number(json, "threads", all);
    smk_put_json_array(json, "ready");
    for (uint32_t i = 0; i < count; i++) {
        smk_put_json_object(json, NULL);
        smk_name_of_thread(name, report->trace, most[i]->serial);
        smk_put_json_string(json, "thread", name);
        smk_put_json_number(json, "runnable_ns", most[i]->runnable);
        smk_put_json_number(json, "ran_ns", most[i]->ran);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    smk_put_json_array(json, "running");
    count = running_functions(report, functions, &of);
    for (uint32_t i = 0; i < count; i++) {
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "function", functions[i].name);
        smk_put_json_mille(json, "share", smk_per_mille(functions[i].count, of));
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

/* ---- throttling ----------------------------------------------------------------------------------------- */

void smk_report_throttling_text(const struct smk_report *report, struct smk_words *words,
                                const struct smk_finding *finding)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX], d[SMK_UNIT_MAX];
    const struct smk_throttled *throttled = &report->throttled;
    smk_words_say(words, "the control group's CPU limit stopped the process");
    smk_words_to(words, SMK_FINDING_FIGURE);
    smk_words_say(words, "%s in %s", smk_words_ns(a, finding->cost), smk_words_ns(b, report->to - report->from));
    smk_words_to(words, SMK_FINDING_CERTAINTY);
    smk_words_say(words, "exact\n");
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "In %s periods the group had used up its time",
                  smk_words_count(a, smk_report_fact(report, SMK_FACT_CGROUP_THROTTLED)));
    if (throttled->period)
        smk_words_say(words, " (%s of CPU in each %s)", smk_words_ns(b, throttled->quota),
                      smk_words_ns(c, throttled->period));
    smk_words_say(words, ", and none of its threads ran until the next one.\n");
    smk_words_to(words, SMK_FINDING_INDENT);
    if (throttled->stretches)
        smk_words_say(words, "From %s to %s threads stood still %s times, %s on average.\n",
                      smk_words_clock(a, smk_report_unix(report, throttled->first)),
                      smk_words_clock(b, smk_report_unix(report, throttled->last)),
                      smk_words_count(c, throttled->stretches),
                      smk_words_ns(d, throttled->ns / throttled->stretches));
    else
        smk_words_say(words, "When is not recorded.\n");
    smk_report_label_text(words, "Look at");
    smk_words_say(words, "the limit (cpu.max), or fewer threads: many use up a period's time in its first part\n");
}

void smk_report_throttling_json(const struct smk_report *report, struct smk_json_text *json,
                                const struct smk_finding *finding)
{
    const struct smk_throttled *throttled = &report->throttled;
    smk_put_json_string(json, "certainty", "exact");
    smk_put_json_number(json, "cost_ns", finding->cost);
    smk_put_json_number(json, "stretches", throttled->stretches);
    smk_put_json_number(json, "stretches_ns", throttled->ns);
    smk_put_json_number(json, "periods", smk_report_fact(report, SMK_FACT_CGROUP_THROTTLED));
    smk_put_json_string(json, "limit", smk_trace_fact(report->trace, SMK_FACT_CGROUP_CPU_MAX));
}
