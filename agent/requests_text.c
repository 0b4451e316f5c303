#include <string.h>

#include "analysis/words.h"
#include "core/clock.h"
#include "core/gate.h"
#include "core/routes.h"
#include "requests_view.h"

#define ROUTES_SHOWN 10u
#define BAR          40u
#define OCTAVES      48u /* of ns: up to three days */

static void say_flight(struct smk_words *words, struct smk_requests_view *view, const struct smk_flight *flight)
{
    char time[SMK_UNIT_MAX];
    const struct smk_live_thread *thread = smk_threads_view_find(&view->threads, flight->tid);
    smk_words_say(words, "  %llu", (unsigned long long)flight->id);
    smk_words_right(words, 20, smk_words_ns(time, smk_requests_age(view, flight->begin)));
    smk_words_to(words, 22);
    smk_words_name_cut(words, smk_requests_route(view, flight->route), 40);
    smk_words_to(words, 48);
    if (!thread || thread->request != flight->id) {
        smk_words_say(words, "no thread works for it now%s", thread ? "; the last one was " : "");
        smk_words_name(words, thread ? thread->name : "");
        smk_words_say(words, "\n");
        return;
    }
    struct smk_live_thread alone = *thread;
    alone.request = 0; /* said already */
    smk_words_name(words, thread->name);
    smk_words_say(words, ": ");
    smk_live_say_state(&view->threads.live, &alone, words);
    smk_words_say(words, "  ");
    smk_live_say_stack(thread, 4, words);
    smk_words_say(words, "\n");
}

static void say_ended(struct smk_words *words, struct smk_requests_view *view, const struct smk_ended *ended)
{
    char time[SMK_UNIT_MAX], clock[SMK_UNIT_MAX];
    const struct smk_live_thread *thread = smk_threads_view_find(&view->threads, ended->tid);
    smk_words_say(words, "  %llu", (unsigned long long)ended->id);
    smk_words_right(words, 20, smk_words_ns(time, smk_ticks_to_ns(ended->ticks)));
    smk_words_to(words, 22);
    smk_words_name_cut(words, smk_requests_route(view, ended->route), 40);
    smk_words_to(words, 48);
    smk_words_say(words, "%s", smk_words_clock(clock, view->unix_ns - (int64_t)smk_requests_age(view, ended->end)));
    if (ended->status)
        smk_words_say(words, "  status %u", ended->status);
    if (thread) {
        smk_words_say(words, "  by ");
        smk_words_name(words, thread->name);
    }
    if (ended->more)
        smk_words_say(words, "  with %u more", ended->more);
    smk_words_say(words, "\n");
}

/* ---- latency --------------------------------------------------------------------------------------------------- */

struct say_routes {
    struct smk_words *words;
    struct smk_requests_view *view;
    uint32_t said, left_out;
};

/* A line an octave, from the first that has any to the last. */
static void say_bars(struct smk_words *words, const struct smk_histogram *h)
{
    uint64_t octaves[OCTAVES] = {0}, most = 0, low, high;
    unsigned first = OCTAVES, last = 0;
    for (unsigned i = 0; i < SMK_HISTOGRAM_BUCKETS; i++) {
        smk_histogram_bounds(i, &low, &high);
        unsigned octave = low ? 63 - (unsigned)__builtin_clzll(low) : 0;
        if (h->buckets[i] == 0 || octave >= OCTAVES)
            continue;
        octaves[octave] += h->buckets[i];
        most = octaves[octave] > most ? octaves[octave] : most;
        first = octave < first ? octave : first;
        last = octave;
    }
    for (unsigned octave = first; octave <= last && first < OCTAVES; octave++) {
        char time[SMK_UNIT_MAX], count[SMK_UNIT_MAX];
        smk_words_say(words, "    from");
        smk_words_right(words, 20, octave ? smk_words_ns(time, UINT64_C(1) << octave) : "0 ns");
        smk_words_say(words, "  ");
        uint64_t bar = (octaves[octave] * BAR + most - 1) / most; /* whatever there is has one */
        for (uint64_t i = 0; i < bar; i++)
            smk_words_say(words, "█");
        smk_words_say(words, "%s%s\n", bar ? " " : "", smk_words_count(count, octaves[octave]));
    }
}

static bool say_route(const struct smk_route_view *route, void *arg)
{
    struct say_routes *say = arg;
    char texts[5][SMK_UNIT_MAX];
    uint64_t count = smk_histogram_count(&route->latency);
    if (count == 0)
        return true;
    if (say->said == ROUTES_SHOWN) {
        say->left_out++;
        return true;
    }
    say->said++;
    smk_words_say(say->words, "  ");
    smk_words_name_cut(say->words, smk_requests_route(say->view, route->route), 40);
    smk_words_say(say->words, "  %s", smk_words_count(texts[0], count));
    smk_words_say(say->words, "  p50 %s, p90 %s, p99 %s, max %s\n",
                  smk_words_ns(texts[1], smk_histogram_quantile(&route->latency, 500).high),
                  smk_words_ns(texts[2], smk_histogram_quantile(&route->latency, 900).high),
                  smk_words_ns(texts[3], smk_histogram_quantile(&route->latency, 990).high),
                  smk_words_ns(texts[4], route->latency.max_ns));
    say_bars(say->words, &route->latency);
    return true;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static void say_head(struct smk_words *words, const struct smk_requests_view *view)
{
    char clock[SMK_UNIT_MAX], ended[SMK_UNIT_MAX];
    smk_words_name(words, view->threads.live.program);
    smk_words_say(words, "[%llu]  %s  %u requests in flight, %s ended\n", (unsigned long long)view->threads.live.pid,
                  smk_words_clock(clock, view->unix_ns), view->flight_count,
                  smk_words_count(ended, view->stats.ended));
    if (!smk_gate_open(SMK_CAT_REQUEST))
        smk_words_say(words, "partial: requests are seen while something is armed, and nothing is; recorder=10s keeps "
                             "watching\n");
    if (view->stats.unlisted)
        smk_words_say(words, "partial: %llu requests found no room in the list of %u\n",
                      (unsigned long long)view->stats.unlisted, view->stats.capacity);
}

int smk_requests_text(struct smk_requests_view *view, uint32_t max, smk_report_put put, void *arg)
{
    struct smk_words words;
    struct smk_route_view route;
    struct say_routes say = {.words = &words, .view = view};
    smk_words_init(&words, put, arg);
    say_head(&words, view);
    smk_words_say(&words, "\nin flight, the oldest first%s\n", view->flight_count ? "" : ": none");
    for (uint32_t i = 0; i < view->flight_count && i < max; i++)
        say_flight(&words, view, &view->flights[i]);
    if (view->flight_count > max)
        smk_words_say(&words, "  … and %u more; max=%u shows them\n", view->flight_count - max, view->flight_count);
    smk_words_say(&words, "\nslowest so far%s\n", view->slowest_count ? "" : ": none");
    for (uint32_t i = 0; i < view->slowest_count && i < 10; i++)
        say_ended(&words, view, &view->slowest[i]);
    smk_words_say(&words, "\nlast, one a millisecond at most%s\n", view->recent_count ? "" : ": none");
    for (uint32_t i = 0; i < view->recent_count && i < 10; i++)
        say_ended(&words, view, &view->recent[i]);
    smk_words_say(&words, "\nlatency by route, within an eighth\n");
    smk_routes_each(&route, say_route, &say);
    if (say.left_out)
        smk_words_say(&words, "  … and %u more routes: /metrics and format=json have them\n", say.left_out);
    return smk_words_flush(&words);
}

int smk_request_text(struct smk_requests_view *view, const struct smk_flight *flight, const struct smk_ended *ended,
                     smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    smk_words_say(&words, "%s\n", flight ? "in flight" : "ended");
    if (flight) {
        say_flight(&words, view, flight);
        const struct smk_live_thread *thread = smk_threads_view_find(&view->threads, flight->tid);
        if (thread && thread->request == flight->id && thread->frame_count) {
            smk_words_say(&words, "  ");
            smk_live_say_stack(thread, SMK_LIVE_FRAMES, &words);
            smk_words_say(&words, "\n");
        }
        return smk_words_flush(&words);
    }
    say_ended(&words, view, ended);
    smk_words_say(&words, "what it did is in the buffer while it reaches back so far: POST /debug/trace/snapshot, then "
                          "stallmark request FILE %llu\n",
                  (unsigned long long)ended->id);
    return smk_words_flush(&words);
}
