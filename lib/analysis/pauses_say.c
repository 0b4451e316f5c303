/* pauses_say.c: pauses in words and as JSON (docs/answers-json.md). */
#include "analysis/pauses_state.h"

#include "analysis/json.h"

#define COLUMN  12u
#define BAR     40u
#define FRAMES  6u

/* ---- the histogram -------------------------------------------------------------------------------------- */

static uint64_t bucket_from(unsigned bucket) { return bucket == 0 ? 0 : UINT64_C(1000) << (bucket - 1); }

static uint64_t all_of(const struct smk_pauses *pauses, unsigned bucket)
{
    uint64_t all = 0;
    for (unsigned kind = 0; kind < SMK_PAUSE_KINDS; kind++)
        all += pauses->sums[kind].buckets[bucket];
    return all;
}

static void say_histogram(struct smk_pauses *pauses, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    uint64_t most = 1;
    unsigned first = SMK_PAUSE_BUCKETS, last = 0;
    for (unsigned i = 0; i < SMK_PAUSE_BUCKETS; i++) {
        uint64_t all = all_of(pauses, i);
        most = smk_max_u64(most, all);
        first = all && first == SMK_PAUSE_BUCKETS ? i : first;
        last = all ? i : last;
    }
    smk_words_say(words, "\nfrom");
    for (unsigned kind = 0; kind < SMK_PAUSE_KINDS; kind++)
        smk_words_right(words, COLUMN * (kind + 2), smk_pause_kind_name((enum smk_pause_kind)kind));
    smk_words_say(words, "\n");
    for (unsigned i = first; i <= last && i < SMK_PAUSE_BUCKETS; i++) {
        smk_words_say(words, "%s", smk_words_ns(text, bucket_from(i)));
        for (unsigned kind = 0; kind < SMK_PAUSE_KINDS; kind++) {
            uint64_t count = pauses->sums[kind].buckets[i];
            smk_words_right(words, COLUMN * (kind + 2), count ? smk_words_count(text, count) : "-");
        }
        unsigned bar = (unsigned)((all_of(pauses, i) * BAR + most - 1) / most);
        smk_words_say(words, "  ");
        for (unsigned j = 0; j < bar; j++)
            smk_words_say(words, "#");
        smk_words_say(words, "\n");
    }
}

static void say_sums(struct smk_pauses *pauses, struct smk_words *words)
{
    static const char *const heads[] = {"pauses", "total", "p50", "p99", "max"};
    char text[SMK_UNIT_MAX];
    smk_words_say(words, "kind");
    for (unsigned i = 0; i < SMK_ARRAY_LEN(heads); i++)
        smk_words_right(words, COLUMN * (i + 2), heads[i]);
    smk_words_say(words, "\n");
    for (unsigned kind = 0; kind < SMK_PAUSE_KINDS; kind++) {
        struct smk_dist *dist = &pauses->sums[kind].dist;
        if (dist->count == 0)
            continue;
        smk_words_say(words, "%s", smk_pause_kind_name((enum smk_pause_kind)kind));
        smk_words_right(words, 2 * COLUMN, smk_words_count(text, dist->count));
        smk_words_right(words, 3 * COLUMN, smk_words_ns(text, dist->total));
        smk_words_right(words, 4 * COLUMN, smk_words_ns(text, smk_dist_quantile(dist, 500)));
        smk_words_right(words, 5 * COLUMN, smk_words_ns(text, smk_dist_quantile(dist, 990)));
        smk_words_right(words, 6 * COLUMN, smk_words_ns(text, dist->max));
        smk_words_say(words, "\n");
    }
}

/* ---- the worst ------------------------------------------------------------------------------------------ */

static void say_stretch(struct smk_pauses *pauses, struct smk_words *words, const char *label,
                        const struct smk_pause_stretch *stretch)
{
    char text[SMK_UNIT_MAX];
    smk_words_to(words, 10);
    smk_words_say(words, "%s %s", label, smk_span_state_name((enum smk_span_state)stretch->state));
    if (stretch->kind != SMK_WAIT_NONE)
        smk_words_say(words, " (%s)", smk_wait_kind_name(stretch->kind));
    smk_words_say(words, " %s", smk_words_ns(text, stretch->ns));
    if (stretch->route) {
        smk_words_say(words, " for ");
        smk_say_route(words, pauses->trace, stretch->route);
    }
    if (stretch->stack) {
        smk_words_say(words, " in ");
        smk_say_stack(words, &pauses->symbols, stretch->stack, 3);
    }
    smk_words_say(words, "\n");
}

static void say_where(struct smk_pauses *pauses, struct smk_words *words, const struct smk_pause *pause)
{
    char name[SMK_NAME_MAX];
    if (pause->has_wait && pause->wait.stack) {
        smk_words_to(words, 10);
        smk_say_stack(words, &pauses->symbols, pause->wait.stack, FRAMES);
        smk_words_say(words, "\n");
    }
    if (!pause->request && !pause->region)
        return;
    smk_words_to(words, 10);
    if (pause->request) {
        smk_words_say(words, "in request %llu ", (unsigned long long)pause->request);
        smk_say_route(words, pauses->trace, pause->route);
    }
    if (pause->region) {
        smk_name_of_site(name, pauses->trace, pause->region);
        smk_words_say(words, "%s region ", pause->request ? "," : "in");
        smk_words_name_cut(words, name, 60);
    }
    smk_words_say(words, "\n");
}

static void say_pause(struct smk_pauses *pauses, struct smk_words *words, const struct smk_pause *pause)
{
    char text[SMK_NAME_MAX], unit[SMK_UNIT_MAX];
    smk_words_right(words, 9, smk_words_ns(unit, pause->to - pause->from));
    smk_words_say(words, " %s  ", smk_pause_kind_name((enum smk_pause_kind)pause->kind));
    if (pause->has_wait) {
        smk_wait_text(text, &pauses->symbols, &pauses->pick.locks, &pause->wait);
        smk_words_name_cut(words, text, 60);
        if (pause->wait.amount)
            smk_words_say(words, " of %s", smk_words_bytes(unit, pause->wait.amount));
        smk_words_say(words, "  ");
    }
    smk_say_thread(words, pauses->trace, pause->thread);
    smk_words_say(words, ", %s", smk_words_clock(unit, smk_unix_of(pauses->trace, pause->process, pause->from)));
    smk_words_say(words, "\n");
    say_where(pauses, words, pause);
    for (uint32_t i = 0; i < pause->did_count && i < 3; i++)
        if (i == 0 || pause->did[i].ns > (pause->to - pause->from) / 10)
            say_stretch(pauses, words, "meanwhile", &pause->did[i]);
    if (pause->before.ns)
        say_stretch(pauses, words, "before it", &pause->before);
}

int smk_pauses_text(struct smk_pauses *pauses, smk_report_put put, void *arg)
{
    struct smk_words words;
    char text[SMK_UNIT_MAX];
    smk_words_init(&words, put, arg);
    if (pauses->worst_count == 0) {
        smk_words_say(&words, "no pauses: no call for memory took long enough to be recorded, no page was read from a "
                              "disk, no event loop was away for 5 ms while bytes lay there.\n");
    } else {
        say_sums(pauses, &words);
        say_histogram(pauses, &words);
        smk_words_say(&words, "\nthe worst\n");
        for (uint32_t i = 0; i < pauses->worst_count; i++)
            say_pause(pauses, &words, &pauses->worst[i]);
    }
    if (pauses->gaps)
        smk_words_say(&words, "There may be more: some were not recorded for a time, for what it cost.\n");
    if (pauses->throttled)
        smk_words_say(&words, "\nThe control group was throttled in %llu of its periods, for %s over its CPUs.\n",
                      (unsigned long long)pauses->throttled, smk_words_ns(text, pauses->throttled_ns));
    return smk_words_flush(&words);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void put_stretch(struct smk_pauses *pauses, struct smk_json_text *json, const char *key,
                        const struct smk_pause_stretch *stretch)
{
    smk_put_json_object(json, key);
    smk_put_json_string(json, "state", smk_span_state_name((enum smk_span_state)stretch->state));
    smk_put_json_string(json, "kind", stretch->kind ? smk_wait_kind_name(stretch->kind) : NULL);
    smk_put_json_number(json, "ns", stretch->ns);
    smk_put_json_string(json, "route", stretch->route ? smk_trace_string(pauses->trace, stretch->route) : NULL);
    smk_put_json_stack(json, &pauses->symbols, "stack", stretch->stack);
    smk_put_json_object_end(json);
}

static void put_pause(struct smk_pauses *pauses, struct smk_json_text *json, const struct smk_pause *pause)
{
    char name[SMK_NAME_MAX];
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "kind", smk_pause_kind_name((enum smk_pause_kind)pause->kind));
    smk_put_json_number(json, "from_ns", pause->from);
    smk_put_json_number(json, "to_ns", pause->to);
    smk_put_json_thread(json, pauses->trace, "thread", pause->thread);
    smk_put_json_number(json, "request", pause->request);
    smk_put_json_string(json, "route", pause->route ? smk_trace_string(pauses->trace, pause->route) : NULL);
    smk_name_of_site(name, pauses->trace, pause->region);
    smk_put_json_string(json, "region", pause->region ? name : NULL);
    if (pause->has_wait) {
        smk_put_json_number(json, "bytes", pause->wait.amount);
        smk_put_json_wait(json, &pauses->symbols, &pauses->pick.locks, "wait", &pause->wait);
    }
    smk_put_json_array(json, "meanwhile");
    for (uint32_t i = 0; i < pause->did_count; i++)
        put_stretch(pauses, json, NULL, &pause->did[i]);
    smk_put_json_array_end(json);
    if (pause->before.ns)
        put_stretch(pauses, json, "before", &pause->before);
    smk_put_json_object_end(json);
}

static void put_sum(struct smk_pauses *pauses, struct smk_json_text *json, unsigned kind)
{
    struct smk_dist *dist = &pauses->sums[kind].dist;
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "kind", smk_pause_kind_name((enum smk_pause_kind)kind));
    smk_put_json_number(json, "count", dist->count);
    smk_put_json_number(json, "total_ns", dist->total);
    smk_put_json_number(json, "p50_ns", smk_dist_quantile(dist, 500));
    smk_put_json_number(json, "p99_ns", smk_dist_quantile(dist, 990));
    smk_put_json_number(json, "max_ns", dist->max);
    smk_put_json_array(json, "histogram");
    for (unsigned i = 0; i < SMK_PAUSE_BUCKETS; i++) {
        if (pauses->sums[kind].buckets[i] == 0)
            continue;
        smk_put_json_object(json, NULL);
        smk_put_json_number(json, "from_ns", bucket_from(i));
        smk_put_json_number(json, "count", pauses->sums[kind].buckets[i]);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    smk_put_json_object_end(json);
}

int smk_pauses_json(struct smk_pauses *pauses, smk_report_put put, void *arg)
{
    struct smk_json_text json;
    smk_put_json_init(&json, put, arg);
    smk_put_json_object(&json, NULL);
    smk_put_json_string(&json, "schema", "stallmark.pauses/1");
    smk_put_json_number(&json, "throttled_periods", pauses->throttled);
    smk_put_json_number(&json, "throttled_ns", pauses->throttled_ns);
    smk_put_json_number(&json, "gaps", pauses->gaps);
    smk_put_json_array(&json, "kinds");
    for (unsigned kind = 0; kind < SMK_PAUSE_KINDS; kind++)
        put_sum(pauses, &json, kind);
    smk_put_json_array_end(&json);
    smk_put_json_array(&json, "worst");
    for (uint32_t i = 0; i < pauses->worst_count; i++)
        put_pause(pauses, &json, &pauses->worst[i]);
    smk_put_json_array_end(&json);
    smk_put_json_object_end(&json);
    return smk_put_json_finish(&json);
}
