/* A report as text. */
#include "analysis/report_state.h"

#include <stdio.h>
#include <string.h>

#include "analysis/module_files.h"
#include "format/events.h"
#include "format/tables.h"

#define NAME_LEAST 12u /* width of a table's first column, with what stands in it */
#define NAME_MOST  64u
#define COLUMN     10u
#define PROGRAMS   3u /* names of processes in the head */
#define PIDS       8u
#define NAMELESS   5u /* modules without names that are listed */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- head ----------------------------------------------------------------------------------------------- */

static const char *program(const struct smk_report *report, uint32_t process)
{
    return smk_program_of(smk_trace_process_at(report->trace, process));
}

/* "nginx[4711]"; "nginx: 3 processes [4711 4712 4713]"; "nginx, php-fpm: 3 processes [4711 4712 5001]". */
static void say_processes(const struct smk_report *report, struct smk_words *words)
{
    uint32_t count = report->info->processes, named = 0;
    for (uint32_t i = 0; i < count && named <= PROGRAMS; i++) {
        uint32_t k = 0;
        while (k < i && strcmp(program(report, k), program(report, i)) != 0)
            k++;
        if (k < i)
            continue;
        smk_words_say(words, "%s", named == 0 ? "" : named == PROGRAMS ? ", …" : ", ");
        if (named++ < PROGRAMS)
            smk_words_name_cut(words, program(report, i), 40);
    }
    if (count > 1)
        smk_words_say(words, ": %u processes ", count);
    for (uint32_t i = 0; i < count && i < PIDS; i++)
        smk_words_say(words, "%s%u", i ? " " : "[", smk_trace_process_at(report->trace, i)->pid);
    smk_words_say(words, count > PIDS ? " …]  " : "]  ");
}

static void say_head(const struct smk_report *report, struct smk_words *words)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    const smk_trace_info *info = report->info;
    uint64_t cpus = smk_report_fact(report, SMK_FACT_CPUS);
    uint64_t requests = report->latency.ended + report->latency.running;
    say_processes(report, words);
    smk_words_date(c, smk_report_unix(report, info->first));
    smk_words_say(words, "%.10s %s to %s UTC", c,
                  smk_words_clock(a, smk_report_unix(report, info->first)),
                  smk_words_clock(b, smk_report_unix(report, report->to)));
    smk_words_say(words, " (%s)", smk_words_ns(c, report->to - smk_min_u64(report->to, info->first)));
    smk_words_say(words, "   %s %s", smk_words_count(a, info->threads),
                  info->threads == 1 ? "thread" : "threads");
    if (cpus)
        smk_words_say(words, ", %s %s allowed", smk_words_count(a, cpus), cpus == 1 ? "CPU" : "CPUs");
    smk_words_say(words, ", %s %s\n", smk_words_count(a, requests),
                  requests == 1 ? "request" : "requests");
}

/* A capture that nobody asked for says why it is there. */
static void say_rule(const struct smk_report *report, struct smk_words *words)
{
    const char *rule = smk_trace_fact(report->trace, SMK_FACT_RULE);
    const char *cause = smk_trace_fact(report->trace, SMK_FACT_CAUSE);
    if (!rule)
        return;
    smk_words_say(words, "captured by rule ");
    smk_words_name(words, rule);
    if (cause) {
        smk_words_say(words, "\n              on ");
        smk_words_name(words, cause);
    }
    smk_words_say(words, "\n");
}

static void say_cost(const struct smk_report *report, struct smk_words *words)
{
    uint64_t ns, error, process;
    char text[SMK_UNIT_MAX], plus[SMK_UNIT_MAX];
    if (smk_report_share(report, &ns, &error, &process))
        smk_words_say(words, " · tracer %s of CPU (estimated ± %s)",
                      smk_words_mille(text, smk_per_mille(ns, process)),
                      smk_words_mille(plus, smk_per_mille(error, process)));
    else if (smk_report_cost(report, &ns))
        smk_words_say(words, " · tracer %s of one CPU (estimated)",
                      smk_words_mille(text, smk_per_mille(ns, report->to - report->from)));
    else
        smk_words_say(words, " · tracer's cost unknown (the file does not say)");
}

static const char *why_not_complete(const smk_trace_info *info)
{
    if (!info->from_start)
        return info->to_end ? "its beginning is missing" : "its beginning and its end are missing";
    return info->to_end ? "it is damaged" : "its end is missing";
}

#define GAPS_SHOWN 8u

/* A line each; of many the last ones are summed up. */
static void say_gaps(const struct smk_report *report, struct smk_words *words)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    for (uint32_t i = 0; i < report->gaps.count && i < GAPS_SHOWN; i++) {
        const smk_gap *gap = &report->gaps.array[i];
        smk_words_say(words, "%s was not recorded from %s to %s (%s): nothing is said of it in that time.\n",
                      smk_category_name(gap->category), smk_words_clock(a, smk_report_unix(report, gap->from)),
                      smk_words_clock(b, smk_report_unix(report, gap->to)), gap->reason);
    }
    if (report->gaps.count > GAPS_SHOWN)
        smk_words_say(words, "and %u more such times\n", report->gaps.count - GAPS_SHOWN);
}

/* Processes whose times are set by the clock of the wall: how well is not known. */
static void say_clocks(const struct smk_report *report, struct smk_words *words)
{
    char name[SMK_NAME_MAX];
    for (uint32_t i = 0, shown = 0; i < report->info->processes && shown < PROGRAMS; i++) {
        const smk_process_info *info = smk_trace_process_at(report->trace, i);
        if (!info->by_realtime)
            continue;
        smk_name_of_process(name, report->trace, i);
        smk_words_name(words, name);
        if (info->host[0]) {
            smk_words_say(words, " on ");
            smk_words_name_cut(words, info->host, 64);
        }
        smk_words_say(words, " is of another boot or machine: its times are set beside the others' by the time of "
                             "day, and how far those clocks were apart is unknown.\n");
        shown++;
    }
}

static void say_completeness(const struct smk_report *report, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    const smk_trace_info *info = report->info;
    if (info->complete)
        smk_words_say(words, "complete from %s",
                      smk_words_clock(text, smk_report_unix(report, smk_report_complete_from(report))));
    else
        smk_words_say(words, "not complete: %s", why_not_complete(info));
    smk_words_say(words, " · %s events lost", smk_words_count(text, info->lost));
    say_cost(report, words);
    smk_words_say(words, " · scheduler: ");
    smk_words_name_cut(words, smk_report_scheduler(report), 40);
    smk_words_say(words, "\n");
    if (info->lost)
        smk_words_say(words, "Events were lost: all counts and times are at least so much.\n");
    say_gaps(report, words);
    if (!(info->categories & SMK_CAT_LOCK))
        smk_words_say(words, "Locks were not recorded: nothing is said of them.\n");
    for (size_t i = 0; i < 3 && smk_trace_problem(report->trace, i); i++) {
        smk_words_say(words, "Damaged: ");
        smk_words_name(words, smk_trace_problem(report->trace, i));
        smk_words_say(words, "\n");
    }
    say_clocks(report, words);
}

/* Of processes that say the same the first speaks for all. */
static bool is_said(const struct smk_report *report, uint32_t process, const char *missing)
{
    for (uint32_t i = 0; i < process; i++) {
        const char *other = smk_trace_process_fact(report->trace, i, SMK_FACT_MISSING);
        if (other && strcmp(other, missing) == 0)
            return true;
    }
    return false;
}

/* One line of sources that were unavailable, as the file says it. */
static void say_missing_of(const struct smk_report *report, struct smk_words *words, uint32_t process)
{
    const char *missing = smk_trace_process_fact(report->trace, process, SMK_FACT_MISSING);
    if (!missing || !*missing || is_said(report, process, missing))
        return;
    smk_words_say(words, "\n");
    while (*missing) {
        char line[256];
        size_t len = strcspn(missing, "\n");
        size_t cut = len < sizeof(line) - 1 ? len : sizeof(line) - 1;
        memcpy(line, missing, cut);
        line[cut] = '\0';
        smk_words_say(words, "Not seen");
        if (process) {
            char name[SMK_NAME_MAX];
            smk_name_of_process(name, report->trace, process);
            smk_words_say(words, " in ");
            smk_words_name(words, name);
        }
        smk_words_say(words, ": ");
        smk_words_name(words, line);
        smk_words_say(words, "\n");
        missing += len + (missing[len] == '\n');
    }
}

static void say_missing(const struct smk_report *report, struct smk_words *words)
{
    for (uint32_t i = 0; i < report->info->processes && i < PIDS; i++)
        say_missing_of(report, words, i);
}

/* Processes that the first of their family could not take in, or not to their end. */
static void say_family(const struct smk_report *report, struct smk_words *words)
{
    const char *missing = NULL;
    for (uint32_t i = 0; i < report->info->processes && !missing; i++)
        missing = smk_trace_process_fact(report->trace, i, SMK_FACT_FAMILY_MISSING);
    while (missing && *missing) {
        char line[256];
        size_t len = strcspn(missing, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)len, missing);
        smk_words_say(words, "Missing, or not to the end: process ");
        smk_words_name(words, line);
        smk_words_say(words, "\n");
        missing += len + (missing[len] == '\n');
    }
}

/* ---- findings ------------------------------------------------------------------------------------------- */

static void say_findings(const struct smk_report *report, struct smk_words *words)
{
    for (unsigned i = 0; i < report->findings.count; i++)
        smk_report_finding_text(report, words, i);
    if (report->findings.more)
        smk_words_say(words, "\nand %u more locks with findings that cost less\n",
                      report->findings.more);
    if (report->findings.count == 0)
        smk_report_no_findings_text(report, words);
}

/* ---- tables --------------------------------------------------------------------------------------------- */

static void right_ns(struct smk_words *words, unsigned column, uint64_t ns)
{
    char text[SMK_UNIT_MAX];
    smk_words_right(words, column, smk_words_ns(text, ns));
}

static void right_count(struct smk_words *words, unsigned column, uint64_t count)
{
    char text[SMK_UNIT_MAX];
    smk_words_right(words, column, smk_words_count(text, count));
}

/* The first column is as wide as the longest name in it. */
static void widen(unsigned *width, const char *name)
{
    unsigned characters = 0;
    for (const char *c = name; *c; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80;
    characters = characters < NAME_MOST ? characters : NAME_MOST;
    *width = characters > *width ? characters : *width;
}

/* Where number `i` of a line ends. */
static unsigned column_end(unsigned width, unsigned i) { return width + COLUMN * (i + 1); }

static void heads(struct smk_words *words, unsigned width, const char *title, const char *const *names,
                  unsigned count)
{
    smk_words_say(words, "\n%s", title);
    for (unsigned i = 0; i < count; i++)
        smk_words_right(words, column_end(width, i), names[i]);
}

static void say_part(const struct smk_report *report, struct smk_words *words,
                     const struct smk_part *part, unsigned width)
{
    char name[SMK_NAME_MAX];
    smk_words_say(words, "%s ", smk_report_part(report, part, name));
    smk_words_name_cut(words, name, width);
}

static void say_route(const struct smk_report *report, struct smk_words *words, unsigned width,
                      const struct smk_route *route)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    struct smk_dist latency = route->latency;
    smk_name_of_route(name, report->trace, route->route);
    smk_words_name_cut(words, name, width);
    right_count(words, column_end(width, 0), latency.count);
    static const unsigned quantiles[] = {500, 900, 990, 1000};
    for (unsigned i = 0; i < 4; i++) {
        if (latency.count)
            right_ns(words, column_end(width, i + 1), smk_dist_quantile(&latency, quantiles[i]));
        else
            smk_words_right(words, column_end(width, i + 1), "-");
    }
    smk_words_to(words, column_end(width, 4) + 3);
    uint32_t mille = 0;
    const struct smk_part *most =
        smk_report_mostly(report, route, &mille);
    if (most)
        say_part(report, words, most, 40);
    else
        smk_words_say(words, "unexplained");
    smk_words_say(words, " %s", smk_words_mille(text, mille));
    if (route->running)
        smk_words_say(words, ", %u still running", route->running);
    if (route->failed)
        smk_words_say(words, ", %s answered 500 or above", smk_words_count(text, route->failed));
    smk_words_say(words, "\n");
}

static void say_routes(const struct smk_report *report, struct smk_words *words)
{
    static const char *const names[] = {"count", "p50", "p90", "p99", "max"};
    char name[SMK_NAME_MAX];
    uint32_t shown = report->latency.route_count;
    unsigned width = NAME_LEAST;
    bool exact = true;
    if (shown == 0)
        return;
    shown = shown < 4 * report->top ? shown : 4 * report->top;
    for (uint32_t i = 0; i < shown; i++) {
        exact &= smk_dist_exact(&report->routes_by_total[i]->latency);
        smk_name_of_route(name, report->trace, report->routes_by_total[i]->route);
        widen(&width, name);
    }
    heads(words, width, "requests", names, 5);
    smk_words_to(words, column_end(width, 4) + 3);
    smk_words_say(words, "mostly\n");
    for (uint32_t i = 0; i < shown; i++)
        say_route(report, words, width, report->routes_by_total[i]);
    if (report->latency.route_count > shown)
        smk_words_say(words, "and %u more routes\n", report->latency.route_count - shown);
    if (!exact)
        smk_words_say(words, "(p50, p90 and p99 of more than %u requests: within 0.8 %%)\n",
                      SMK_DIST_EXACT);
    if (report->latency.unlisted)
        smk_words_say(words, "(more than %u at once: of %llu only the latency is known)\n",
                      SMK_FLIGHTS_MAX, (unsigned long long)report->latency.unlisted);
}

static void say_slow_parts(const struct smk_report *report, struct smk_words *words,
                           const struct smk_request_record *request)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    bool said[SMK_PARTS_MAX] = {false};
    for (uint32_t round = 0; round < request->part_count; round++) {
        uint32_t most = SMK_PARTS_MAX;
        for (uint32_t i = 0; i < request->part_count; i++)
            if (!said[i] && (most == SMK_PARTS_MAX || request->parts[i].ns > request->parts[most].ns))
                most = i;
        said[most] = true;
        const struct smk_part *part = &request->parts[most];
        if (round > 0 && smk_per_mille(part->ns, request->duration) < 5)
            break;
        smk_words_to(words, 6);
        smk_words_right(words, 16, smk_words_ns(a, part->ns));
        smk_words_right(words, 24, smk_words_mille(b, smk_per_mille(part->ns, request->duration)));
        smk_words_to(words, 27);
        say_part(report, words, part, 60);
        if (part->kind == SMK_PART_REQUEST_REGION)
            smk_words_say(words, " (beside the others)");
        if (part->count > 1)
            smk_words_say(words, ", %s times", smk_words_count(a, part->count));
        smk_words_say(words, "\n");
    }
    uint64_t rest = smk_report_unexplained(request);
    smk_words_right(words, 16, smk_words_ns(a, rest));
    smk_words_right(words, 24, smk_words_mille(b, smk_per_mille(rest, request->duration)));
    smk_words_to(words, 27);
    smk_words_say(words, "unexplained%s\n",
                  request->cpu_seen && request->cpu_unknown ? " (when it had a CPU is not known all the time)" : "");
}

static void say_slowest(const struct smk_report *report, struct smk_words *words)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    if (report->latency.slowest_count)
        smk_words_say(words, "\nslowest requests\n");
    for (uint32_t i = 0; i < report->latency.slowest_count; i++) {
        const struct smk_request_record *request = &report->latency.slowest[i];
        smk_words_say(words, "  %llu  ", (unsigned long long)smk_report_request_id(request));
        smk_name_of_route(name, report->trace, request->route);
        smk_words_name_cut(words, name, 60);
        if (request->running)
            smk_words_say(words, "  still running after");
        else if (request->status)
            smk_words_say(words, "  %u", request->status);
        smk_words_say(words, "  %s", smk_words_ns(text, request->duration));
        smk_words_say(words, "  from %s",
                      smk_words_clock(text, smk_report_unix(report, request->begin)));
        smk_name_of_thread(name, report->trace, request->thread);
        smk_words_say(words, ", last on ");
        smk_words_name_cut(words, name, 32);
        if (request->trace_high || request->trace_low)
            smk_words_say(words, "  trace %016llx%016llx", (unsigned long long)request->trace_high,
                          (unsigned long long)request->trace_low);
        smk_words_say(words, "\n");
        say_slow_parts(report, words, request);
    }
}

static void say_region(const struct smk_report *report, struct smk_words *words, unsigned width,
                       const struct smk_region_stats *region)
{
    char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
    struct smk_dist length = region->length;
    smk_name_of_site(name, report->trace, region->site);
    smk_words_name_cut(words, name, width);
    right_count(words, column_end(width, 0), length.count);
    right_ns(words, column_end(width, 1), region->total);
    right_ns(words, column_end(width, 2), smk_dist_mean(&length));
    right_ns(words, column_end(width, 3), smk_dist_quantile(&length, 990));
    right_ns(words, column_end(width, 4), length.max);
    smk_words_right(words, column_end(width, 5),
                    smk_words_mille(text, smk_per_mille(region->waited, region->total)));
    const smk_site_info *site = smk_trace_site(report->trace, region->site);
    if (site && site->file && site->file[0]) {
        smk_words_to(words, column_end(width, 5) + 3);
        smk_words_name_cut(words, base_name(site->file), 40);
        smk_words_say(words, ":%u", site->line);
    }
    smk_words_say(words, region->of_request ? " (of requests)\n" : "\n");
}

static void say_repairs(const struct smk_regions *regions, struct smk_words *words)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    if (regions->forgotten || regions->unmatched || regions->too_deep)
        smk_words_say(words,
                      "(repaired: %s not ended before their outer one, %s ends without a begin, %s "
                      "nested too deep)\n",
                      smk_words_count(a, regions->forgotten), smk_words_count(b, regions->unmatched),
                      smk_words_count(c, regions->too_deep));
}

static void say_regions(const struct smk_report *report, struct smk_words *words)
{
    static const char *const names[] = {"count", "total", "mean", "p99", "max", "waiting"};
    char name[SMK_NAME_MAX];
    const struct smk_regions *regions = &report->regions;
    uint32_t shown = regions->count < 2 * report->top ? regions->count : 2 * report->top;
    unsigned width = NAME_LEAST;
    for (uint32_t i = 0; i < shown; i++) {
        smk_name_of_site(name, report->trace, report->regions_by_total[i]->site);
        widen(&width, name);
    }
    if (shown) {
        heads(words, width, "regions", names, 6);
        smk_words_say(words, "\n");
    }
    for (uint32_t i = 0; i < shown; i++)
        say_region(report, words, width, report->regions_by_total[i]);
    if (regions->count > shown)
        smk_words_say(words, "and %u more\n", regions->count - shown);
    say_repairs(regions, words);
}

static void say_lock(const struct smk_report *report, struct smk_words *words, unsigned width,
                     const struct smk_lock *lock)
{
    char name[SMK_NAME_MAX];
    struct smk_dist waits = lock->waits;
    smk_name_of_lock(name, report->symbols, lock);
    smk_words_name_cut(words, name, width);
    right_count(words, column_end(width, 0), waits.count);
    right_ns(words, column_end(width, 1), waits.total);
    right_ns(words, column_end(width, 2), smk_dist_mean(&waits));
    right_ns(words, column_end(width, 3), smk_dist_quantile(&waits, 990));
    right_ns(words, column_end(width, 4), waits.max);
    right_count(words, column_end(width, 5), lock->threads);
    smk_words_say(words, "\n");
}

static void say_locks(const struct smk_report *report, struct smk_words *words)
{
    static const char *const names[] = {"waits", "total", "mean", "p99", "max", "threads"};
    char name[SMK_NAME_MAX];
    uint32_t shown = 0;
    unsigned width = NAME_LEAST;
    for (; shown < report->locks.count && shown < report->top; shown++) {
        if (report->locks_by_total[shown]->waits.count == 0)
            break; /* it was only unlocked */
        smk_name_of_lock(name, report->symbols, report->locks_by_total[shown]);
        widen(&width, name);
    }
    if (shown == 0)
        return;
    heads(words, width, "locks", names, 6);
    smk_words_say(words, "\n");
    for (uint32_t i = 0; i < shown; i++)
        say_lock(report, words, width, report->locks_by_total[i]);
}

/* What was asked for and is missing, last, so that it does not stand in front of the answer. */
static void say_refused(const struct smk_report *report, struct smk_words *words)
{
    struct smk_nameless nameless;
    char id[SMK_BUILD_ID_TEXT];
    bool any = false;
    for (uint32_t i = 0; i < NAMELESS && smk_symbols_nameless(report->symbols, i, &nameless); i++) {
        smk_build_id_text(id, nameless.module);
        smk_words_say(words, "No name for %u %s of ", nameless.addresses,
                      nameless.addresses == 1 ? "address" : "addresses");
        smk_words_name(words, nameless.module->path);
        smk_words_say(words, "%s%s: %s\n", id[0] ? ", build-id " : "", id, nameless.reason);
        any |= id[0] && nameless.module->path[0] == '/';
    }
    if (report->symbols->ambiguous)
        smk_words_say(words, "No name for %u addresses where two modules were, one after the other\n",
                      report->symbols->ambiguous);
    if (any && !report->symbols->no_files)
        smk_words_say(words,
                      "For names: `stallmark symbolize FILE` where these files are, or with --debug-dir DIR where "
                      "their debug symbols are\n(packages named …-dbgsym or …-dbg have them, below " SMK_DEBUG_DIR
                      "/.build-id)\n");
}

int smk_report_text(const struct smk_report *report, smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    say_head(report, &words);
    say_rule(report, &words);
    say_completeness(report, &words);
    say_findings(report, &words);
    say_routes(report, &words);
    say_slowest(report, &words);
    smk_report_loops_text(report, &words);
    smk_report_callbacks_text(report, &words);
    smk_report_cpu_text(report, &words);
    say_locks(report, &words);
    smk_report_waits_text(report, &words);
    smk_report_memory_text(report, &words);
    say_regions(report, &words);
    smk_report_region_states_text(report, &words);
    say_missing(report, &words);
    say_family(report, &words);
    say_refused(report, &words);
    return smk_words_flush(&words);
}
