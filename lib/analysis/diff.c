#include "analysis/diff_state.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "format/events.h"

uint64_t smk_diff_length(const struct smk_diff *diff, unsigned side)
{
    const struct smk_report *report = diff->report[side];
    return report->to > report->from ? report->to - report->from : 1;
}

uint64_t smk_diff_a_second(const struct smk_diff *diff, unsigned side, uint64_t count)
{
    return smk_diff_scale(count, UINT64_C(1000000000000), smk_diff_length(diff, side));
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static void add_route(struct smk_diff *diff, unsigned side, struct smk_route *route, struct smk_map *by_name)
{
    char name[SMK_NAME_MAX];
    smk_name_of_route(name, diff->report[side]->trace, route->route);
    uint64_t key = smk_hash_bytes(name, strlen(name));
    uint32_t index = smk_map_get(by_name, key);
    if (index == SMK_MAP_NONE) {
        index = diff->route_count;
        if (!smk_mem_grow(diff->mem, &diff->routes, &diff->route_capacity, index + 1u) ||
            !smk_map_put(by_name, diff->mem, key, index))
            return;
        struct smk_diff_route *added = &diff->routes[diff->route_count++];
        snprintf(added->name, sizeof(added->name), "%.*s", (int)sizeof(added->name) - 1, name);
    }
    struct smk_diff_route *to = &diff->routes[index];
    if (to->route[side])
        return; /* two strings with the same words: the larger one stands for both */
    to->route[side] = route;
    to->p50.value[side] = smk_dist_quantile(&route->latency, 500);
    to->p99.value[side] = smk_dist_quantile(&route->latency, 990);
}

static void judge_route(struct smk_diff *diff, struct smk_diff_route *route, const char *why)
{
    if (!route->route[0] || !route->route[1])
        why = route->route[0] ? "AFTER has none" : "BEFORE has none";
    if (!why) {
        smk_diff_test_latency(diff, route);
        return;
    }
    route->p50.verdict = route->p99.verdict = SMK_DIFF_UNKNOWN;
    route->p50.why = route->p99.why = why;
}

static void make_routes(struct smk_diff *diff)
{
    struct smk_map by_name = {0};
    for (unsigned side = 0; side < 2; side++) {
        struct smk_report *report = diff->report[side];
        for (uint32_t i = 0; report->routes_by_total && i < report->latency.route_count; i++)
            add_route(diff, side, report->routes_by_total[i], &by_name);
    }
    smk_map_free(&by_name, diff->mem);
    const char *why = smk_diff_why_not(diff, (unsigned)__builtin_ctz(SMK_CAT_REQUEST));
    for (uint32_t i = 0; i < diff->route_count; i++)
        judge_route(diff, &diff->routes[i], why);
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static uint32_t figure_count(const struct smk_diff *diff)
{
    return 2 * diff->route_count + diff->locks.count + diff->waits.count;
}

static struct smk_diff_figure *figure_at(const struct smk_diff *diff, uint32_t number)
{
    if (number < 2 * diff->route_count)
        return number % 2 ? &diff->routes[number / 2].p99 : &diff->routes[number / 2].p50;
    number -= 2 * diff->route_count;
    return number < diff->locks.count ? &diff->locks.array[number].rate
                                      : &diff->waits.array[number - diff->locks.count].rate;
}

/* Of many tests each may err the less: Holm (1979). Those that chance does not explain are counted out, and the chance
 * that all may have is that of the others. */
static void share_chance(struct smk_diff *diff)
{
    uint32_t passed = 0, before;
    do {
        before = passed;
        passed = 0;
        diff->limit = SMK_DIFF_CHANCE_PPB / (diff->tests > before ? diff->tests - before : 1);
        for (uint32_t i = 0; i < figure_count(diff); i++)
            passed += figure_at(diff, i)->tested && figure_at(diff, i)->ppb <= diff->limit;
    } while (passed > before);
}

static void conclude(struct smk_diff *diff)
{
    share_chance(diff);
    for (uint32_t i = 0; i < figure_count(diff); i++)
        smk_diff_conclude(diff, figure_at(diff, i));
    for (uint32_t i = 0; i < diff->route_count; i++)
        smk_diff_doubt_route(diff, &diff->routes[i]);
    for (uint32_t i = 0; i < diff->locks.count; i++)
        smk_diff_doubt_waiting(diff, &diff->locks.array[i]);
    for (uint32_t i = 0; i < diff->waits.count; i++)
        smk_diff_doubt_waiting(diff, &diff->waits.array[i]);
}

int smk_diff_make(struct smk_diff **made, struct smk_report *before, struct smk_report *after)
{
    *made = NULL;
    struct smk_diff *diff = smk_mem_new(&before->mem, sizeof(*diff));
    if (!diff)
        return smk_fail(SMK_E_NOMEM, "no memory for the comparison");
    *diff = (struct smk_diff){.mem = &before->mem, .report = {before, after}};
    diff->crowded = smk_diff_is_crowded(before, after);
    diff->rank = smk_mem_new(diff->mem, sizeof(*diff->rank));
    if (diff->rank) {
        make_routes(diff);
        smk_diff_things_make(diff);
        conclude(diff);
        smk_diff_findings_make(diff);
    }
    int result = smk_mem_failed(diff->mem);
    if (result == 0)
        *made = diff;
    else
        smk_diff_free(diff);
    return result;
}

static void free_things(struct smk_diff *diff, struct smk_diff_things *things)
{
    smk_mem_free(diff->mem, things->array, things->capacity * sizeof(*things->array));
    smk_map_free(&things->by_key, diff->mem);
}

void smk_diff_free(struct smk_diff *diff)
{
    if (!diff)
        return;
    struct smk_mem *mem = diff->mem;
    smk_mem_free(mem, diff->rank, sizeof(*diff->rank));
    smk_mem_free(mem, diff->routes, diff->route_capacity * sizeof(*diff->routes));
    smk_mem_free(mem, diff->findings, diff->finding_capacity * sizeof(*diff->findings));
    free_things(diff, &diff->locks);
    free_things(diff, &diff->waits);
    smk_mem_free(mem, diff, sizeof(*diff));
}

unsigned smk_diff_claims(const struct smk_diff *diff)
{
    unsigned claims = 0;
    for (uint32_t i = 0; i < figure_count(diff); i++)
        claims += smk_diff_claimed(figure_at(diff, i));
    return claims;
}
