/* A diff as text. */
#include "analysis/diff_state.h"

#include <stdio.h>
#include <string.h>

#include "format/events.h"

#define INDENT 3u
#define VALUES 14u
#define SAYS   40u
#define CHANCE 62u

/* "0.000012": parts of 1,000,000,000, of which one more digit than the first that counts is of no use. */
static void say_chance(struct smk_words *words, const struct smk_diff_figure *figure)
{
    smk_words_to(words, CHANCE);
    if (figure->ppb < 1000)
        smk_words_say(words, "p < 0.000001");
    else
        smk_words_say(words, "p %u.%06u", figure->ppb / SMK_PPB, figure->ppb % SMK_PPB / 1000);
}

/* "fell by 97 %        p 0.000012". */
static void say_verdict(struct smk_words *words, const struct smk_diff_figure *figure)
{
    char text[SMK_UNIT_MAX];
    uint32_t mille = smk_diff_change_mille(figure);
    switch (figure->verdict) {
    case SMK_DIFF_FELL:
    case SMK_DIFF_ROSE:
        smk_words_say(words, "%s", figure->verdict == SMK_DIFF_FELL ? "fell" : "rose");
        if (figure->value[0] == 0)
            smk_words_say(words, " from nothing");
        else if (mille >= 10000)
            smk_words_say(words, " to %s times", smk_words_count(text, figure->value[1] / figure->value[0]));
        else
            smk_words_say(words, " by %s", smk_words_mille(text, mille));
        say_chance(words, figure);
        break;
    case SMK_DIFF_FEW:
        smk_words_say(words, "too few to tell");
        break;
    case SMK_DIFF_UNKNOWN:
        smk_words_say(words, "not told: %s", figure->why ? figure->why : "");
        break;
    default:
        smk_words_say(words, "no change that can be told");
    }
}

static void say_values(struct smk_words *words, const char *label, const char *before, const char *after)
{
    smk_words_to(words, INDENT);
    smk_words_say(words, "%s", label);
    smk_words_to(words, VALUES);
    smk_words_say(words, "%s → %s", before, after);
}

static void say_figure(struct smk_words *words, const char *label, const struct smk_diff_figure *figure)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    say_values(words, label, smk_words_ns(a, figure->value[0]), smk_words_ns(b, figure->value[1]));
    smk_words_to(words, SAYS);
    say_verdict(words, figure);
    smk_words_say(words, "\n");
}

/* Of thousandths: "602", "1.5". */
static const char *rate_text(char text[SMK_UNIT_MAX], uint64_t mille)
{
    if (mille >= 10000)
        return smk_words_count(text, mille / 1000);
    snprintf(text, SMK_UNIT_MAX, "%u.%u", (unsigned)(mille / 1000), (unsigned)(mille % 1000 / 100));
    return text;
}

/* ---- findings -------------------------------------------------------------------------------------------- */

static void say_finding(const struct smk_diff *diff, struct smk_words *words, const struct smk_diff_finding *finding)
{
    static const struct {
        const char *fate, *text;
    } fates[] = {{"gone", "gone"}, {"new", "new"}, {"both", "in both"}, {"before", "in BEFORE alone"},
                 {"after", "in AFTER alone"}};
    const char *fate = smk_diff_fate(finding);
    char text[SMK_UNIT_MAX];
    for (unsigned i = 0; i < SMK_ARRAY_LEN(fates); i++)
        if (strcmp(fate, fates[i].fate) == 0)
            smk_words_say(words, "%s", fates[i].text);
    smk_words_to(words, 18);
    smk_words_name_cut(words, finding->name, 80);
    for (unsigned side = 0; side < 2; side++)
        if (finding->finding[side])
            smk_words_say(words, "%s%s a second", side && finding->finding[0] ? " → " : "   cost ",
                          smk_words_ns(text, smk_diff_scale(finding->finding[side]->cost, 1000000000,
                                                            smk_diff_length(diff, side))));
    smk_words_say(words, "\n");
    smk_words_to(words, 18);
    if (!finding->figure) {
        smk_words_say(words, "no test is made of such findings\n");
        return;
    }
    smk_words_name_cut(words, finding->of, 60);
    smk_words_say(words, ": ");
    say_verdict(words, finding->figure);
    smk_words_say(words, "\n");
}

static void say_findings(const struct smk_diff *diff, struct smk_words *words)
{
    if (diff->finding_count == 0) {
        smk_words_say(words, "\nno findings in either\n");
        return;
    }
    smk_words_say(words, "\nfindings\n");
    for (uint32_t i = 0; i < diff->finding_count; i++)
        say_finding(diff, words, &diff->findings[i]);
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static void say_mostly(const struct smk_diff *diff, struct smk_words *words, const struct smk_diff_route *route)
{
    smk_words_to(words, INDENT);
    smk_words_say(words, "mostly");
    smk_words_to(words, VALUES);
    for (unsigned side = 0; side < 2; side++) {
        char name[SMK_NAME_MAX], text[SMK_UNIT_MAX];
        uint32_t mille = 0;
        const struct smk_part *part =
            route->route[side] ? smk_report_mostly(diff->report[side], route->route[side], &mille) : NULL;
        smk_words_say(words, "%s", side ? " → " : "");
        if (!route->route[side]) {
            smk_words_say(words, "-");
            continue;
        }
        if (part) {
            smk_words_say(words, "%s ", smk_report_part(diff->report[side], part, name));
            smk_words_name_cut(words, name, 40);
        } else {
            smk_words_say(words, "unexplained");
        }
        smk_words_say(words, " %s", smk_words_mille(text, mille));
    }
    smk_words_say(words, "\n");
}

/* Of the requests of which all is known; it says whether the machine was as busy. */
static void say_ready(struct smk_words *words, const struct smk_diff_route *route)
{
    const struct smk_route *before = route->route[0], *after = route->route[1];
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    if (!before || !after || before->measured == 0 || after->measured == 0)
        return;
    say_values(words, "on a CPU", smk_words_ns(a, before->on_cpu / before->measured),
               smk_words_ns(b, after->on_cpu / after->measured));
    smk_words_say(words, " each\n");
    say_values(words, "without", smk_words_ns(a, before->preempted / before->measured),
               smk_words_ns(b, after->preempted / after->measured));
    smk_words_say(words, " each, ready, after its CPU had been taken away\n");
}

static void say_route(const struct smk_diff *diff, struct smk_words *words, const struct smk_diff_route *route)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    uint64_t count[2], max[2];
    for (unsigned side = 0; side < 2; side++) {
        count[side] = route->route[side] ? route->route[side]->latency.count : 0;
        max[side] = route->route[side] ? route->route[side]->latency.max : 0;
    }
    smk_words_name_cut(words, route->name, 80);
    smk_words_say(words, "\n");
    say_values(words, "count", smk_words_count(a, count[0]), smk_words_count(b, count[1]));
    smk_words_to(words, SAYS);
    smk_words_say(words, "%s →", rate_text(a, smk_diff_a_second(diff, 0, count[0])));
    smk_words_say(words, " %s a second\n", rate_text(b, smk_diff_a_second(diff, 1, count[1])));
    say_figure(words, "p50", &route->p50);
    say_figure(words, "p99", &route->p99);
    say_values(words, "max", smk_words_ns(a, max[0]), smk_words_ns(b, max[1]));
    smk_words_say(words, "\n");
    say_mostly(diff, words, route);
    say_ready(words, route);
}

/* ---- locks and waits ------------------------------------------------------------------------------------- */

static void say_thing(const struct smk_diff *diff, struct smk_words *words, const struct smk_diff_thing *thing)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    if (thing->kind != SMK_WAIT_LOCK)
        smk_words_say(words, "%s ", smk_wait_kind_name(thing->kind));
    smk_words_name_cut(words, thing->name, 80);
    smk_words_say(words, "\n");
    say_figure(words, "waiting", &thing->rate);
    say_values(words, "times", rate_text(a, smk_diff_a_second(diff, 0, thing->count[0])),
               rate_text(b, smk_diff_a_second(diff, 1, thing->count[1])));
    smk_words_to(words, SAYS);
    smk_words_say(words, "longest %s → ", smk_words_ns(a, thing->max[0]));
    smk_words_say(words, "%s\n", smk_words_ns(b, thing->max[1]));
    uint64_t before = diff->report[0]->latency.ended, after = diff->report[1]->latency.ended;
    if (before == 0 || after == 0)
        return;
    /* By the second there is more of it, too, where there are more requests. */
    say_values(words, "a request", smk_words_ns(a, smk_diff_scale(smk_diff_waited(thing, 0), 1, before)),
               smk_words_ns(b, smk_diff_scale(smk_diff_waited(thing, 1), 1, after)));
    smk_words_say(words, "\n");
}

/* What was too short to be compared on both sides is left to the reports. */
static void say_things(const struct smk_diff *diff, struct smk_words *words, const struct smk_diff_things *things,
                       const char *title)
{
    uint32_t shown = 0, little = 0;
    for (uint32_t i = 0; i < things->count; i++) {
        const struct smk_diff_thing *thing = &things->array[i];
        if (smk_max_u64(thing->rate.value[0], thing->rate.value[1]) < SMK_DIFF_RATE_LEAST ||
            shown >= SMK_DIFF_SHOWN) {
            little++;
            continue;
        }
        if (shown++ == 0)
            smk_words_say(words, "\n%s", title);
        say_thing(diff, words, thing);
    }
    if (shown && little)
        smk_words_say(words, "and %u more that were waited for less\n", little);
}

/* ---- memory ---------------------------------------------------------------------------------------------- */

static void say_memory(const struct smk_diff *diff, struct smk_words *words)
{
    const struct smk_memory *before = &diff->report[0]->memory, *after = &diff->report[1]->memory;
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    const char *why = smk_diff_why_not(diff, (unsigned)__builtin_ctz(SMK_CAT_MEMORY));
    if (before->blocks == 0 && after->blocks == 0)
        return;
    smk_words_say(words, "\nlarge blocks of memory   counts, no test is made of them%s%s\n", why ? ": " : "",
                  why ? why : "");
    say_values(words, "blocks", smk_words_count(a, before->blocks), smk_words_count(b, after->blocks));
    smk_words_say(words, "\n");
    say_values(words, "together", smk_words_bytes(a, before->bytes), smk_words_bytes(b, after->bytes));
    smk_words_say(words, "\n");
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static void say_summary(const struct smk_diff *diff, struct smk_words *words)
{
    unsigned claims = smk_diff_claims(diff);
    smk_words_say(words, "\n");
    if (claims == 0)
        smk_words_say(words, "no change that can be told, of %u %s compared.\n", diff->tests,
                      diff->tests == 1 ? "figure" : "figures");
    else
        smk_words_say(words, "%u of %u figures compared changed.\n", claims, diff->tests);
    smk_words_say(words, "Said of a figure only if it changed by %u %% at least and chance does so with p < 0.%03u for "
                         "all of them together\n(a rank test over slices of the time; docs/diff.md). Why it changed "
                         "it does not say: a busier machine counts, too.\n",
                  SMK_DIFF_LEAST_PERCENT, SMK_DIFF_CHANCE_PPB / 1000000);
    if (diff->crowded)
        smk_words_say(words, "CPUs were short on one side at least, or nobody counted: only what is %u times the other "
                             "is said to have changed.\n",
                      SMK_DIFF_CROWDED_MILLE / 1000);
}

int smk_diff_text(const struct smk_diff *diff, smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    smk_diff_sides_text(diff, &words);
    say_summary(diff, &words);
    say_findings(diff, &words);
    if (diff->route_count)
        smk_words_say(&words, "\nrequests\n");
    for (uint32_t i = 0; i < diff->route_count; i++)
        say_route(diff, &words, &diff->routes[i]);
    say_things(diff, &words, &diff->locks, "locks   waiting of all threads together, a second\n");
    say_things(diff, &words, &diff->waits, "waits   of all threads together, a second; what is idle is left out\n");
    say_memory(diff, &words);
    return smk_words_flush(&words);
}
