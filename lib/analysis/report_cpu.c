/* A report's words about CPUs: which requests used them, in which functions; who was ready without one. */
#include "analysis/json.h"
#include "analysis/report_state.h"

#include "format/tables.h"

#define FUNCTIONS 3u
#define WIDTH     28u /* of the names of routes */
#define COLUMN    11u

/* One line of the table: a route, or what lies in no request. */
struct line {
    const struct smk_route *route; /* NULL: no request */
    struct smk_sampled_function functions[FUNCTIONS];
    uint32_t function_count;
    uint64_t samples;
};

static void fill_line(const struct smk_report *report, struct line *line, const struct smk_route *route)
{
    uint32_t index = route ? (uint32_t)(route - report->latency.routes) : SMK_MAP_NONE;
    line->route = route;
    line->function_count = smk_running_functions(&report->running, report->symbols, index, line->functions,
                                                 FUNCTIONS, &line->samples);
}

static bool says_something(const struct line *line)
{
    return line->samples > 0 || (line->route && line->route->measured > 0);
}

/* ---- text ----------------------------------------------------------------------------------------------- */

static void say_number(struct smk_words *words, unsigned column, bool known, uint64_t ns)
{
    char text[SMK_UNIT_MAX];
    smk_words_right(words, WIDTH + COLUMN * (column + 1), known ? smk_words_ns(text, ns) : "-");
}

static void say_line(const struct smk_report *report, struct smk_words *words, const struct line *line)
{
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    const struct smk_route *route = line->route;
    bool known = route && route->measured > 0;
    if (route) {
        smk_name_of_route(name, report->trace, route->route);
        smk_words_name_cut(words, name, WIDTH - 2);
    } else {
        smk_words_say(words, "(in no request)");
    }
    say_number(words, 0, known, known ? route->on_cpu : 0);
    say_number(words, 1, known, known ? route->on_cpu / route->measured : 0);
    say_number(words, 2, known, known ? route->preempted : 0);
    smk_words_right(words, WIDTH + COLUMN * 4, smk_words_count(text, line->samples));
    for (uint32_t i = 0; i < line->function_count; i++) {
        if (i == 0)
            smk_words_to(words, WIDTH + COLUMN * 4 + 3);
        else
            smk_words_say(words, ", ");
        smk_words_name_cut(words, line->functions[i].name, 40);
        smk_words_say(words, " %s", smk_words_mille(text, smk_per_mille(line->functions[i].count, line->samples)));
    }
    smk_words_say(words, "\n");
}

static void say_head(struct smk_words *words)
{
    static const char *const names[] = {"total", "a request", "preempted", "samples"};
    smk_words_say(words, "\non CPU");
    for (unsigned i = 0; i < SMK_ARRAY_LEN(names); i++)
        smk_words_right(words, WIDTH + COLUMN * (i + 1), names[i]);
    smk_words_to(words, WIDTH + COLUMN * 4 + 3);
    smk_words_say(words, "mostly in\n");
}

/* Counts end with the last look at each thread, records of switches do not: then these say more. */
static uint64_t runnable(const struct smk_report *report)
{
    return smk_max_u64(report->running.runnable, report->running.preempted);
}

/* The kernel's counts hold whatever the source of single switches is. */
static void say_sums(const struct smk_report *report, struct smk_words *words)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    const char *throttled = smk_trace_fact(report->trace, SMK_FACT_CGROUP_THROTTLED);
    uint64_t periods = smk_report_fact(report, SMK_FACT_CGROUP_THROTTLED);
    if (report->running.ran)
        smk_words_say(words, "all threads: %s on CPU, %s ready without one, %s of it preempted\n",
                      smk_words_ns(a, report->running.ran), smk_words_ns(b, runnable(report)),
                      smk_words_ns(c, report->running.preempted));
    if (throttled && periods)
        smk_words_say(words, "the control group was throttled in %s periods, %s together\n",
                      smk_words_count(a, periods),
                      smk_words_ns(b, smk_report_fact(report, SMK_FACT_CGROUP_THROTTLED_NS)));
}

void smk_report_cpu_text(const struct smk_report *report, struct smk_words *words)
{
    struct line line;
    bool any = false;
    for (uint32_t i = 0; i <= report->latency.route_count && i <= 2 * report->top; i++) {
        fill_line(report, &line, i < report->latency.route_count ? report->routes_by_total[i] : NULL);
        if (!says_something(&line))
            continue;
        if (!any)
            say_head(words);
        any = true;
        say_line(report, words, &line);
    }
    if (!any && report->running.ran)
        smk_words_say(words, "\n");
    say_sums(report, words);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void put_line(const struct smk_report *report, struct smk_json_text *json, const struct line *line)
{
    char name[SMK_NAME_MAX];
    smk_put_json_object(json, NULL);
    if (line->route)
        smk_name_of_route(name, report->trace, line->route->route);
    smk_put_json_string(json, "route", line->route ? name : NULL);
    if (line->route && line->route->measured) {
        smk_put_json_number(json, "measured_requests", line->route->measured);
        smk_put_json_number(json, "on_cpu_ns", line->route->on_cpu);
        smk_put_json_number(json, "preempted_ns", line->route->preempted);
    }
    smk_put_json_number(json, "samples", line->samples);
    smk_put_json_array(json, "functions");
    for (uint32_t i = 0; i < line->function_count; i++) {
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "function", line->functions[i].name);
        smk_put_json_number(json, "samples", line->functions[i].count);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    smk_put_json_object_end(json);
}

void smk_report_cpu_json(const struct smk_report *report, struct smk_json_text *json)
{
    struct line line;
    smk_put_json_object(json, "cpu");
    smk_put_json_number(json, "on_cpu_ns", report->running.ran);
    smk_put_json_number(json, "runnable_ns", runnable(report));
    smk_put_json_number(json, "preempted_ns", report->running.preempted);
    smk_put_json_number(json, "samples", report->running.samples);
    smk_put_json_number(json, "throttled_periods", smk_report_fact(report, SMK_FACT_CGROUP_THROTTLED));
    smk_put_json_number(json, "throttled_ns", smk_report_fact(report, SMK_FACT_CGROUP_THROTTLED_NS));
    smk_put_json_array(json, "routes");
    for (uint32_t i = 0; i <= report->latency.route_count; i++) {
        fill_line(report, &line, i < report->latency.route_count ? report->routes_by_total[i] : NULL);
        if (says_something(&line))
            put_line(report, json, &line);
    }
    smk_put_json_array_end(json);
    smk_put_json_object_end(json);
}
