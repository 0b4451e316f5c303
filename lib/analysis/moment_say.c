/* moment_say.c: a moment in words and as JSON (docs/answers-json.md). */
#include "analysis/moment_state.h"

#include "analysis/json.h"

#define STATE_AT  24u
#define WHAT_AT   34u
#define SINCE_AT  86u
#define FRAMES    5u

/* ---- circles -------------------------------------------------------------------------------------------- */

static uint32_t number_of(const struct smk_moment *moment, uint32_t serial)
{
    for (uint32_t i = 0; i < moment->thread_count; i++)
        if (moment->threads[i].span->thread == serial)
            return i;
    return UINT32_MAX;
}

/* It got what it waited for: whoever seemed to hold it did not hold it up for good. */
static bool got_it(const struct smk_moment_thread *thread)
{
    return !thread->wait || smk_span_got_lock(thread->wait);
}

/* The length of the circle of waits that a thread is in; 0: it is in none. */
static uint32_t circle_at(const struct smk_moment *moment, uint32_t number)
{
    uint32_t at = number;
    for (uint32_t length = 1; length <= moment->thread_count; length++) {
        if (!moment->threads[at].holder || got_it(&moment->threads[at]))
            return 0;
        at = number_of(moment, moment->threads[at].holder);
        if (at == number || at == UINT32_MAX)
            return at == number ? length : 0;
    }
    return 0;
}

static bool is_first(const struct smk_moment *moment, uint32_t number, uint32_t length)
{
    uint32_t at = number;
    for (uint32_t i = 0; i < length; i++) {
        at = number_of(moment, moment->threads[at].holder);
        if (at < number)
            return false;
    }
    return true;
}

static void say_circles(struct smk_moment *moment, struct smk_words *words)
{
    char text[SMK_NAME_MAX];
    for (uint32_t i = 0; i < moment->thread_count; i++) {
        uint32_t length = circle_at(moment, i), at = i;
        if (length < 2 || !is_first(moment, i, length))
            continue;
        smk_words_say(words, "deadlock: ");
        for (uint32_t j = 0; j < length; j++) {
            const struct smk_moment_thread *thread = &moment->threads[at];
            smk_say_thread(words, moment->trace, thread->span->thread);
            smk_wait_text(text, &moment->symbols, &moment->pick.locks, thread->wait);
            smk_words_say(words, " → ");
            smk_words_name_cut(words, text, 60);
            smk_words_say(words, " (held by ");
            smk_say_thread(words, moment->trace, thread->holder);
            smk_words_say(words, j + 1 < length ? "), " : ")\n");
            at = number_of(moment, thread->holder);
        }
    }
}

/* ---- words ---------------------------------------------------------------------------------------------- */

static void say_head(struct smk_moment *moment, struct smk_words *words)
{
    const smk_trace_info *info = smk_trace_get_info(moment->trace);
    char text[SMK_UNIT_MAX];
    smk_words_say(words, "at %s UTC (+%s)   %u %s",
                  smk_words_clock(text, (int64_t)moment->time + info->realtime_offset),
                  smk_words_ns((char[SMK_UNIT_MAX]){0}, moment->time - info->first), moment->thread_count,
                  moment->thread_count == 1 ? "thread" : "threads");
    const char *between = ": ";
    static const enum smk_span_state order[] = {SMK_SPAN_RUNNING, SMK_SPAN_RUNNABLE, SMK_SPAN_WAITING, SMK_SPAN_IDLE,
                                                SMK_SPAN_UNKNOWN};
    for (uint32_t i = 0; i < SMK_ARRAY_LEN(order); i++)
        if (moment->by_state[order[i]]) {
            smk_words_say(words, "%s%u %s", between, moment->by_state[order[i]], smk_span_state_name(order[i]));
            between = ", ";
        }
    smk_words_say(words, "\n");
}

static void say_what(struct smk_moment *moment, struct smk_words *words, const struct smk_moment_thread *thread)
{
    char text[SMK_NAME_MAX];
    const struct smk_kept_span *span = thread->span;
    if (thread->wait) {
        smk_wait_text(text, &moment->symbols, &moment->pick.locks, thread->wait);
        smk_words_say(words, "%s%s ", span->state == SMK_SPAN_RUNNING ? "in " : "",
                      smk_wait_kind_name(thread->wait->kind));
        smk_words_name_cut(words, text, 44);
    } else if (span->state == SMK_SPAN_WAITING) {
        smk_words_say(words, "off its CPU in no call that is seen");
    } else if (span->state == SMK_SPAN_UNKNOWN) {
        smk_words_say(words, "nothing tells of it here");
    } else if (span->state == SMK_SPAN_RUNNING && span->flags & SMK_SPAN_OR_RUNNABLE) {
        smk_words_say(words, "or ready without a CPU: not known");
    } else if (span->cpu != SMK_CPU_NONE) {
        smk_words_say(words, span->state == SMK_SPAN_RUNNABLE ? "taken off CPU %u" : "on CPU %u", span->cpu);
    }
}

static void say_since(struct smk_moment *moment, struct smk_words *words, const struct smk_moment_thread *thread)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX];
    bool open = thread->span->flags & SMK_SPAN_OPEN;
    smk_words_to(words, SINCE_AT);
    smk_words_say(words, "for %s", smk_words_ns(a, moment->time - smk_min_u64(thread->since, moment->time)));
    if (open)
        smk_words_say(words, ", to the end");
    else
        smk_words_say(words, " of %s", smk_words_ns(b, thread->until - thread->since));
}

static void say_stack(struct smk_moment *moment, struct smk_words *words, const struct smk_moment_thread *thread)
{
    char text[SMK_UNIT_MAX];
    bool waits = thread->span->state == SMK_SPAN_WAITING || thread->span->state == SMK_SPAN_IDLE;
    uint32_t stack = waits && thread->wait ? thread->wait->stack : thread->sample;
    if (!stack)
        return;
    smk_words_to(words, STATE_AT);
    if (!waits) {
        int64_t at = thread->sample_at;
        smk_words_say(words, "sampled %s %s in ", smk_words_ns(text, (uint64_t)(at < 0 ? -at : at)),
                      at < 0 ? "before" : "later");
    }
    smk_say_stack(words, &moment->symbols, stack, FRAMES);
    smk_words_say(words, "\n");
}

/* Whoever holds a lock stands in the way, whatever it is at itself. */
static void say_waiters(const struct smk_moment *moment, struct smk_words *words,
                        const struct smk_moment_thread *thread)
{
    uint32_t waiters = 0;
    for (uint32_t i = 0; i < moment->thread_count; i++)
        waiters += moment->threads[i].holder == thread->span->thread;
    if (!waiters)
        return;
    smk_words_to(words, STATE_AT);
    smk_words_say(words, "%u %s for what it holds\n", waiters, waiters == 1 ? "waits" : "wait");
}

/* An idle thread that waits for work as another does, in the same place. */
static bool is_alike(const struct smk_moment_thread *a, const struct smk_moment_thread *b)
{
    return a->span->state == SMK_SPAN_IDLE && b->span->state == SMK_SPAN_IDLE && a->wait && b->wait && a->wait->stack &&
           a->wait->stack == b->wait->stack && a->wait->object == b->wait->object;
}

/* How many behind it are like it; SMK_MAP_NONE: one before it is. */
static uint32_t others_alike(const struct smk_moment *moment, uint32_t number)
{
    uint32_t alike = 0;
    for (uint32_t i = 0; i < moment->thread_count; i++) {
        if (i == number || !is_alike(&moment->threads[i], &moment->threads[number]))
            continue;
        if (i < number)
            return SMK_MAP_NONE;
        alike++;
    }
    return alike;
}

static void say_thread(struct smk_moment *moment, struct smk_words *words, const struct smk_moment_thread *thread)
{
    char name[SMK_NAME_MAX];
    uint32_t alike = others_alike(moment, (uint32_t)(thread - moment->threads));
    if (alike == SMK_MAP_NONE)
        return;
    smk_say_thread(words, moment->trace, thread->span->thread);
    if (alike)
        smk_words_say(words, " and %u more", alike);
    smk_words_to(words, STATE_AT);
    smk_words_say(words, "%s", smk_span_state_name((enum smk_span_state)thread->span->state));
    smk_words_to(words, WHAT_AT);
    say_what(moment, words, thread);
    say_since(moment, words, thread);
    smk_words_say(words, "\n");
    say_waiters(moment, words, thread);
    if (thread->holder) {
        smk_words_to(words, STATE_AT);
        smk_words_say(words, "held by ");
        smk_say_thread(words, moment->trace, thread->holder);
        smk_words_say(words, "\n");
    }
    say_stack(moment, words, thread);
    if (!thread->span->request && !thread->region_count)
        return;
    smk_words_to(words, STATE_AT);
    if (thread->span->request) {
        smk_words_say(words, "request %llu ", (unsigned long long)thread->span->request);
        smk_say_route(words, moment->trace, thread->route);
    }
    for (uint32_t i = 0; i < thread->region_count; i++) {
        smk_name_of_site(name, moment->trace, thread->regions[i]);
        smk_words_say(words, "%s", i ? " > " : thread->span->request ? ", region " : "region ");
        smk_words_name_cut(words, name, 40);
    }
    smk_words_say(words, "\n");
}

int smk_moment_text(struct smk_moment *moment, smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    say_head(moment, &words);
    say_circles(moment, &words);
    for (uint32_t i = 0; i < moment->thread_count; i++)
        say_thread(moment, &words, &moment->threads[i]);
    if (moment->index.refused)
        smk_words_say(&words, "Not all threads had room.\n");
    return smk_words_flush(&words);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void put_thread(struct smk_moment *moment, struct smk_json_text *json, const struct smk_moment_thread *thread)
{
    char name[SMK_NAME_MAX];
    const struct smk_kept_span *span = thread->span;
    smk_put_json_object(json, NULL);
    smk_put_json_thread(json, moment->trace, "thread", span->thread);
    smk_put_json_string(json, "state", smk_span_state_name((enum smk_span_state)span->state));
    smk_put_json_bool(json, "or_runnable", span->flags & SMK_SPAN_OR_RUNNABLE);
    smk_put_json_number(json, "since_ns", thread->since);
    smk_put_json_number(json, "until_ns", thread->until);
    smk_put_json_bool(json, "open", span->flags & SMK_SPAN_OPEN);
    if (thread->wait)
        smk_put_json_wait(json, &moment->symbols, &moment->pick.locks, "wait", thread->wait);
    smk_put_json_thread(json, moment->trace, "holder", thread->holder);
    smk_put_json_number(json, "request", span->request);
    smk_put_json_string(json, "route", thread->route ? smk_trace_string(moment->trace, thread->route) : NULL);
    smk_put_json_array(json, "regions");
    for (uint32_t i = 0; i < thread->region_count; i++) {
        smk_name_of_site(name, moment->trace, thread->regions[i]);
        smk_put_json_string(json, NULL, name);
    }
    smk_put_json_array_end(json);
    smk_put_json_stack(json, &moment->symbols, "sampled", thread->sample);
    smk_put_json_object_end(json);
}

int smk_moment_json(struct smk_moment *moment, smk_report_put put, void *arg)
{
    const smk_trace_info *info = smk_trace_get_info(moment->trace);
    struct smk_json_text json;
    char text[SMK_UNIT_MAX];
    smk_put_json_init(&json, put, arg);
    smk_put_json_object(&json, NULL);
    smk_put_json_string(&json, "schema", "stallmark.at/1");
    smk_put_json_number(&json, "time_ns", moment->time);
    smk_put_json_string(&json, "time", smk_words_date(text, (int64_t)moment->time + info->realtime_offset));
    smk_put_json_array(&json, "threads");
    for (uint32_t i = 0; i < moment->thread_count; i++)
        put_thread(moment, &json, &moment->threads[i]);
    smk_put_json_array_end(&json);
    smk_put_json_object_end(&json);
    return smk_put_json_finish(&json);
}
