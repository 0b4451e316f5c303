/* A diff as JSON: docs/answers-json.md. */
#include "analysis/diff_state.h"
#include "analysis/json.h"

#include "format/events.h"

#define SCHEMA "stallmark.diff/1"

static const char *verdict_name(enum smk_diff_verdict verdict)
{
    static const char *const names[] = {"no change told", "fell", "rose", "too few to tell", "unknown"};
    return names[verdict];
}

static void put_figure(struct smk_json_text *json, const char *key, const struct smk_diff_figure *figure)
{
    smk_put_json_object(json, key);
    smk_put_json_number(json, "before_ns", figure->value[0]);
    smk_put_json_number(json, "after_ns", figure->value[1]);
    smk_put_json_string(json, "verdict", verdict_name(figure->verdict));
    smk_put_json_string(json, "why", figure->why);
    if (figure->tested)
        smk_put_json_number(json, "p_ppb", figure->ppb);
    smk_put_json_object_end(json);
}

static void put_finding(const struct smk_diff *diff, struct smk_json_text *json,
                        const struct smk_diff_finding *finding)
{
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "fate", smk_diff_fate(finding));
    smk_put_json_string(json, "name", finding->name);
    smk_put_json_string(json, "kind", smk_finding_kind_name(finding->finding[finding->finding[0] ? 0 : 1]->kind));
    for (unsigned side = 0; side < 2; side++)
        if (finding->finding[side])
            smk_put_json_number(json, side ? "after_cost_ns_per_s" : "before_cost_ns_per_s",
                                smk_diff_scale(finding->finding[side]->cost, 1000000000,
                                               smk_diff_length(diff, side)));
    if (finding->figure) {
        smk_put_json_string(json, "figure_of", finding->of);
        put_figure(json, "figure", finding->figure);
    }
    smk_put_json_object_end(json);
}

static void put_route(const struct smk_diff *diff, struct smk_json_text *json, const struct smk_diff_route *route)
{
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "route", route->name);
    put_figure(json, "p50", &route->p50);
    put_figure(json, "p99", &route->p99);
    for (unsigned side = 0; side < 2; side++) {
        const struct smk_route *of = route->route[side];
        char name[SMK_NAME_MAX];
        uint32_t mille = 0;
        const struct smk_part *part = of ? smk_report_mostly(diff->report[side], of, &mille) : NULL;
        smk_put_json_object(json, side ? "after" : "before");
        smk_put_json_number(json, "count", of ? of->latency.count : 0);
        smk_put_json_number(json, "max_ns", of ? of->latency.max : 0);
        smk_put_json_string(json, "mostly", part ? smk_report_part(diff->report[side], part, name) : NULL);
        smk_put_json_string(json, "mostly_name", part ? name : NULL);
        smk_put_json_mille(json, "mostly_share", mille);
        smk_put_json_object_end(json);
    }
    smk_put_json_object_end(json);
}

static void put_things(struct smk_json_text *json, const char *key, const struct smk_diff_things *things)
{
    smk_put_json_array(json, key);
    for (uint32_t i = 0; i < things->count; i++) {
        const struct smk_diff_thing *thing = &things->array[i];
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "kind", smk_wait_kind_name(thing->kind));
        smk_put_json_string(json, "name", thing->name);
        put_figure(json, "waiting_per_s", &thing->rate);
        smk_put_json_number(json, "before_total_ns", smk_diff_waited(thing, 0));
        smk_put_json_number(json, "after_total_ns", smk_diff_waited(thing, 1));
        smk_put_json_number(json, "before_count", thing->count[0]);
        smk_put_json_number(json, "after_count", thing->count[1]);
        smk_put_json_number(json, "before_max_ns", thing->max[0]);
        smk_put_json_number(json, "after_max_ns", thing->max[1]);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

int smk_diff_json(const struct smk_diff *diff, smk_report_put put, void *arg)
{
    struct smk_json_text json;
    smk_put_json_init(&json, put, arg);
    smk_put_json_object(&json, NULL);
    smk_put_json_string(&json, "schema", SCHEMA);
    smk_diff_sides_json(diff, &json);
    smk_put_json_number(&json, "compared", diff->tests);
    smk_put_json_number(&json, "changed", smk_diff_claims(diff));
    smk_put_json_number(&json, "p_ppb_all", SMK_DIFF_CHANCE_PPB);
    smk_put_json_number(&json, "p_ppb_each", diff->limit);
    smk_put_json_number(&json, "least_percent", SMK_DIFF_LEAST_PERCENT);
    smk_put_json_bool(&json, "crowded", diff->crowded);
    smk_put_json_array(&json, "findings");
    for (uint32_t i = 0; i < diff->finding_count; i++)
        put_finding(diff, &json, &diff->findings[i]);
    smk_put_json_array_end(&json);
    smk_put_json_array(&json, "routes");
    for (uint32_t i = 0; i < diff->route_count; i++)
        put_route(diff, &json, &diff->routes[i]);
    smk_put_json_array_end(&json);
    put_things(&json, "locks", &diff->locks);
    put_things(&json, "waits", &diff->waits);
    smk_put_json_object(&json, "large_blocks");
    smk_put_json_number(&json, "before_count", diff->report[0]->memory.blocks);
    smk_put_json_number(&json, "after_count", diff->report[1]->memory.blocks);
    smk_put_json_number(&json, "before_bytes", diff->report[0]->memory.bytes);
    smk_put_json_number(&json, "after_bytes", diff->report[1]->memory.bytes);
    smk_put_json_object_end(&json);
    smk_put_json_object_end(&json);
    return smk_put_json_finish(&json);
}
