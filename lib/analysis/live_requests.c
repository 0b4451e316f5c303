#include "analysis/live_requests.h"

#include <string.h>

#include "analysis/words.h"

#define ENDED_SHOWN 10u
#define BAR         40u

struct smk_live_route *smk_live_add_route(struct smk_live_requests *requests)
{
    if (requests->route_count < SMK_LIVE_ROUTES)
        return &requests->routes[requests->route_count++];
    requests->routes_left_out++;
    return NULL;
}

void smk_live_route_add(struct smk_live_route *route, uint64_t low_ns, uint64_t count)
{
    unsigned octave = low_ns ? 63 - (unsigned)__builtin_clzll(low_ns) : 0;
    if (octave < SMK_LIVE_OCTAVES)
        route->octaves[octave] += count;
}

const struct smk_live_thread *smk_live_worker(const struct smk_live *live, const struct smk_live_flight *flight)
{
    uint32_t at = smk_live_find(live, flight->tid);
    return at != SMK_LIVE_NONE && live->threads[at].request == flight->id ? &live->threads[at] : NULL;
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static void say_begin(struct smk_words *words, uint64_t id, uint64_t ns, const char *route)
{
    char time[SMK_UNIT_MAX];
    smk_words_say(words, "  %llu", (unsigned long long)id);
    smk_words_right(words, 20, smk_words_ns(time, ns));
    smk_words_to(words, 22);
    smk_words_name_cut(words, route, 40);
    smk_words_to(words, 48);
}

static void say_flight(struct smk_words *words, const struct smk_live *live, const struct smk_live_flight *flight)
{
    const struct smk_live_thread *thread = smk_live_worker(live, flight);
    say_begin(words, flight->id, flight->age_ns, flight->route);
    if (!thread) {
        smk_words_say(words, "no thread works for it now%s", flight->thread[0] ? "; the last one was " : "");
        smk_words_name(words, flight->thread);
        smk_words_say(words, "\n");
        return;
    }
    struct smk_live_thread alone = *thread;
    alone.request = 0; /* said already */
    smk_words_name(words, thread->name);
    smk_words_say(words, ": ");
    smk_live_say_state(live, &alone, words);
    smk_words_say(words, "  ");
    smk_live_say_stack(thread, 4, words);
    smk_words_say(words, "\n");
}

static void say_ended(struct smk_words *words, const struct smk_live_ended *ended)
{
    char clock[SMK_UNIT_MAX];
    say_begin(words, ended->id, ended->ns, ended->route);
    smk_words_say(words, "%s", smk_words_clock(clock, ended->unix_ns));
    if (ended->status)
        smk_words_say(words, "  status %u", ended->status);
    if (ended->thread[0]) {
        smk_words_say(words, "  by ");
        smk_words_name(words, ended->thread);
    }
    if (ended->more)
        smk_words_say(words, "  with %u more", ended->more);
    smk_words_say(words, "\n");
}

/* ---- latency --------------------------------------------------------------------------------------------------- */

/* A line an octave, from the first that has any to the last. */
static void say_bars(struct smk_words *words, const uint64_t octaves[SMK_LIVE_OCTAVES])
{
    uint64_t most = 0;
    unsigned first = SMK_LIVE_OCTAVES, last = 0;
    for (unsigned octave = 0; octave < SMK_LIVE_OCTAVES; octave++) {
        if (octaves[octave] == 0)
            continue;
        most = smk_max_u64(most, octaves[octave]);
        first = octave < first ? octave : first;
        last = octave;
    }
    for (unsigned octave = first; octave <= last && first < SMK_LIVE_OCTAVES; octave++) {
        char time[SMK_UNIT_MAX], count[SMK_UNIT_MAX];
        smk_words_say(words, "    from");
        smk_words_right(words, 20, octave ? smk_words_ns(time, UINT64_C(1) << octave) : "0 ns");
        smk_words_say(words, "  ");
        uint64_t bar = (uint64_t)(((__uint128_t)octaves[octave] * BAR + most - 1) / most); /* what there is has one */
        for (uint64_t i = 0; i < bar; i++)
            smk_words_say(words, "█");
        smk_words_say(words, "%s%s\n", bar ? " " : "", smk_words_count(count, octaves[octave]));
    }
}

static void say_route(struct smk_words *words, const struct smk_live_route *route)
{
    char texts[5][SMK_UNIT_MAX];
    smk_words_say(words, "  ");
    smk_words_name_cut(words, route->route, 40);
    smk_words_say(words, "  %s", smk_words_count(texts[0], route->count));
    smk_words_say(words, "  p50 %s, p90 %s, p99 %s, max %s\n", smk_words_ns(texts[1], route->p50_ns),
                  smk_words_ns(texts[2], route->p90_ns), smk_words_ns(texts[3], route->p99_ns),
                  smk_words_ns(texts[4], route->max_ns));
    say_bars(words, route->octaves);
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static void say_head(struct smk_words *words, const struct smk_live_requests *requests)
{
    char clock[SMK_UNIT_MAX], ended[SMK_UNIT_MAX];
    const struct smk_live *live = requests->live;
    smk_words_name(words, live->program);
    smk_words_say(words, "[%llu]  %s  %u requests in flight, %s ended\n", (unsigned long long)live->pid,
                  smk_words_clock(clock, live->unix_ns), requests->in_flight, smk_words_count(ended, requests->ended));
    if (!requests->seen)
        smk_words_say(words, "partial: requests are seen while something is armed, and nothing is; recorder=10s keeps "
                             "watching\n");
    if (requests->unlisted)
        smk_words_say(words, "partial: %llu requests found no room in the list of %u\n",
                      (unsigned long long)requests->unlisted, requests->capacity);
}

static void say_ended_list(struct smk_words *words, const char *title, const struct smk_live_ended *list,
                           uint32_t count)
{
    smk_words_say(words, "\n%s%s\n", title, count ? "" : ": none");
    for (uint32_t i = 0; i < count && i < ENDED_SHOWN; i++)
        say_ended(words, &list[i]);
}

int smk_live_requests_text(const struct smk_live_requests *requests, smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    say_head(&words, requests);
    smk_words_say(&words, "\nin flight, the oldest first%s\n", requests->in_flight ? "" : ": none");
    for (uint32_t i = 0; i < requests->flight_count; i++)
        say_flight(&words, requests->live, &requests->flights[i]);
    if (requests->in_flight > requests->flight_count)
        smk_words_say(&words, "  … and %u more; max=%u shows them\n", requests->in_flight - requests->flight_count,
                      requests->in_flight);
    say_ended_list(&words, "slowest so far", requests->slowest, requests->slowest_count);
    say_ended_list(&words, "last, one a millisecond at most", requests->recent, requests->recent_count);
    smk_words_say(&words, "\nlatency by route, within an eighth\n");
    for (uint32_t i = 0; i < requests->route_count; i++)
        say_route(&words, &requests->routes[i]);
    if (requests->routes_left_out)
        smk_words_say(&words, "  … and %u more routes: /metrics and format=json have them\n",
                      requests->routes_left_out);
    return smk_words_flush(&words);
}

int smk_live_request_text(const struct smk_live *live, const struct smk_live_flight *flight,
                          const struct smk_live_ended *ended, smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    smk_words_say(&words, "%s\n", flight ? "in flight" : "ended");
    if (flight) {
        const struct smk_live_thread *thread = smk_live_worker(live, flight);
        say_flight(&words, live, flight);
        if (thread && thread->frame_count) {
            smk_words_say(&words, "  ");
            smk_live_say_stack(thread, SMK_LIVE_FRAMES, &words);
            smk_words_say(&words, "\n");
        }
        return smk_words_flush(&words);
    }
    say_ended(&words, ended);
    smk_words_say(&words, "what it did is in the buffer while it reaches back so far: POST /debug/trace/snapshot, then "
                          "stallmark request FILE %llu\n",
                  (unsigned long long)ended->id);
    return smk_words_flush(&words);
}
