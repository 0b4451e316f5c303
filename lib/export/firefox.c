/* firefox.c: profiles of profiler.firefox.com, its processed format in version 57.
 *
 * Waits, regions, unlocks and times without a CPU are markers of their thread, with the stack as their cause;
 * requests are markers of the thread that began them. The graph of a thread's CPU time is drawn from samples: each
 * CPU sample is one, and between them stands one without a stack for each bucket of the time, with what the thread
 * ran since the last.
 */
#include "export/firefox.h"

#include <string.h>

#include "base/sort.h"

static struct firefox *firefox_of(void *arg) { return arg; }

/* ---- strings -------------------------------------------------------------------------------------------- */

uint32_t firefox_text(struct firefox *to, const char *text)
{
    struct smk_export_text clean;
    size_t len = strlen(smk_export_clean(&clean, text)) + 1;
    uint64_t key = smk_hash_bytes(clean.text, len);
    uint32_t number = smk_map_get(&to->by_text, key);
    if (number != SMK_MAP_NONE)
        return number;
    number = to->text_count;
    char *kept = smk_mem_grow(&to->exporter->mem, &to->texts, &to->text_capacity, number + 1u)
                     ? smk_mem_new(&to->exporter->mem, len) : NULL;
    if (!kept || !smk_map_put(&to->by_text, &to->exporter->mem, key, number)) {
        smk_mem_free(&to->exporter->mem, kept, len);
        return 0;
    }
    memcpy(kept, clean.text, len);
    to->texts[to->text_count++].text = kept;
    return number;
}

void firefox_ms(struct firefox *to, uint64_t time)
{
    uint64_t ns = time > to->first ? time - to->first : 0;
    smk_out_format(&to->exporter->out, "%llu.%06llu", (unsigned long long)(ns / 1000000),
                   (unsigned long long)(ns % 1000000));
}

/* ---- threads -------------------------------------------------------------------------------------------- */

static uint32_t add_thread(struct firefox *to, uint32_t serial, uint32_t process, uint64_t from)
{
    struct smk_mem *mem = &to->exporter->mem;
    uint32_t number = to->thread_count;
    if (!smk_mem_grow(mem, &to->threads, &to->thread_capacity, number + 1u) ||
        !smk_map_put(&to->by_serial, mem, serial, number))
        return SMK_MAP_NONE;
    struct firefox_thread *thread = &to->threads[to->thread_count++];
    *thread = (struct firefox_thread){.serial = serial, .process = process, .from = from, .to = from};
    if (number < FIREFOX_THREADS)
        thread->running = smk_mem_new(mem, FIREFOX_BUCKETS * sizeof(*thread->running));
    return number;
}

static uint32_t thread_of(struct firefox *to, uint32_t serial, uint32_t process, uint64_t from, uint64_t end)
{
    uint32_t number = smk_map_get(&to->by_serial, serial);
    if (number == SMK_MAP_NONE)
        number = add_thread(to, serial, process, from);
    if (number == SMK_MAP_NONE)
        return number;
    struct firefox_thread *thread = &to->threads[number];
    thread->from = smk_min_u64(thread->from, from);
    thread->to = smk_max_u64(thread->to, end);
    return number;
}

static void add_running(struct firefox *to, struct firefox_thread *thread, uint64_t from, uint64_t end)
{
    from = from > to->first ? from - to->first : 0;
    end = end > to->first ? end - to->first : 0;
    while (thread->running && from < end) {
        uint64_t bucket = from / to->bucket, until = smk_min_u64(end, (bucket + 1) * to->bucket);
        if (bucket >= FIREFOX_BUCKETS)
            return;
        thread->running[bucket] += (uint32_t)smk_min_u64(until - from, UINT32_MAX - thread->running[bucket]);
        from = until;
    }
}

/* ---- markers -------------------------------------------------------------------------------------------- */

/* The shortest go, until half of the room is there again. */
static void make_room(struct firefox *to)
{
    while (to->marker_count > FIREFOX_MARKERS / 2) {
        uint32_t kept = 0;
        to->least = to->least ? to->least * 2 : 1024;
        for (uint32_t i = 0; i < to->marker_count; i++)
            if (to->markers[i].to - to->markers[i].from >= to->least)
                to->markers[kept++] = to->markers[i];
        to->left_out += to->marker_count - kept;
        to->marker_count = kept;
    }
}

static void add_marker(struct firefox *to, const struct firefox_marker *marker)
{
    if (marker->thread == SMK_MAP_NONE)
        return;
    if (to->marker_count >= FIREFOX_MARKERS)
        make_room(to);
    if (marker->to - marker->from < to->least) {
        to->left_out++;
        return;
    }
    if (smk_mem_grow(&to->exporter->mem, &to->markers, &to->marker_capacity, to->marker_count + 1u))
        to->markers[to->marker_count++] = *marker;
}

static void on_span(void *arg, const struct smk_span *span)
{
    struct firefox *to = firefox_of(arg);
    uint32_t thread = thread_of(to, span->thread, span->process, span->from, span->to);
    if (thread == SMK_MAP_NONE)
        return;
    if (span->state == SMK_SPAN_RUNNING)
        add_running(to, &to->threads[thread], span->from, span->to);
    if (span->state != SMK_SPAN_RUNNABLE)
        return;
    struct firefox_marker marker = {.from = span->from,
                                    .to = span->to,
                                    .request = span->request,
                                    .thread = thread,
                                    .name = firefox_text(to, "runnable"),
                                    .category = FC_RUNNABLE};
    add_marker(to, &marker);
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    struct firefox *to = firefox_of(arg);
    struct smk_exporter *exporter = to->exporter;
    struct smk_export_text text;
    if (wait->to - wait->from < to->least) { /* no names for what is left out */
        to->left_out++;
        return;
    }
    struct firefox_marker marker = {
        .from = wait->from,
        .to = wait->to,
        .request = wait->request,
        .object = wait->object,
        .thread = thread_of(to, wait->thread, wait->process, wait->from, wait->to),
        .stack = wait->stack,
        .category = (uint8_t)(FC_WAIT + wait->kind),
        .name = firefox_text(to, smk_export_wait(exporter, &text, wait)),
        .call = firefox_text(to, smk_export_string(exporter, &text, wait->call)),
        .what = firefox_text(to, smk_export_string(exporter, &text, wait->what)),
        .holder = firefox_text(to, smk_export_tid(exporter, &text, wait->process, wait->holder, wait->from)),
        .releaser = firefox_text(to, smk_export_tid(exporter, &text, wait->process, wait->releaser, wait->to)),
        .waker = firefox_text(to, smk_export_tid(exporter, &text, wait->process, wait->waker, wait->to)),
        .idle = wait->idle,
        .open = wait->open};
    add_marker(to, &marker);
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    struct firefox *to = firefox_of(arg);
    struct smk_export_text text;
    struct firefox_marker marker = {.from = region->from,
                                    .to = region->to,
                                    .request = region->request,
                                    .thread = thread_of(to, region->thread, region->process, region->to, region->to),
                                    .name = firefox_text(to, smk_export_site(to->exporter, &text, region->site)),
                                    .category = FC_REGION,
                                    .open = region->open};
    add_marker(to, &marker);
}

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct firefox *to = firefox_of(arg);
    struct smk_export_text text;
    struct firefox_marker marker = {
        .from = request->from,
        .to = request->to,
        .request = request->id,
        .thread = thread_of(to, request->first_thread, request->process, request->to, request->to),
        .name = firefox_text(to, smk_export_route(to->exporter, &text, request->route)),
        .category = FC_REQUEST,
        .open = request->open || request->begin_unseen};
    add_marker(to, &marker);
}

static void on_release(void *arg, const struct smk_span_release *release)
{
    struct firefox *to = firefox_of(arg);
    struct smk_export_text text;
    struct firefox_marker marker = {
        .from = release->from,
        .to = release->to,
        .object = release->object,
        .thread = thread_of(to, release->thread, release->process, release->from, release->to),
        .stack = release->stack,
        .name = firefox_text(to, smk_export_release(to->exporter, &text, release)),
        .category = FC_UNLOCK};
    add_marker(to, &marker);
}

/* On the first thread of its process that there is. */
static void on_gap(void *arg, const smk_gap *gap)
{
    struct firefox *to = firefox_of(arg);
    struct firefox_marker marker = {.from = gap->from,
                                    .to = gap->to,
                                    .name = firefox_text(to, "not recorded"),
                                    .call = firefox_text(to, smk_category_name(gap->category)),
                                    .what = firefox_text(to, gap->reason),
                                    .category = FC_GAP};
    while (marker.thread < to->thread_count && to->threads[marker.thread].process != gap->process)
        marker.thread++;
    if (marker.thread < to->thread_count)
        add_marker(to, &marker);
}

/* ---- samples, counters ---------------------------------------------------------------------------------- */

static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    struct firefox *to = firefox_of(arg);
    uint32_t thread = thread_of(to, sample->thread, sample->process, sample->time, sample->time);
    if (to->sample_count >= FIREFOX_SAMPLES)
        to->left_out++;
    else if (thread != SMK_MAP_NONE &&
             smk_mem_grow(&to->exporter->mem, &to->samples, &to->sample_capacity, to->sample_count + 1u))
        to->samples[to->sample_count++] = (struct firefox_sample){sample->time, thread, sample->stack};
}

static uint32_t counter_of(struct firefox *to, const struct smk_span_counter *counter)
{
    struct smk_mem *mem = &to->exporter->mem;
    struct smk_export_text text;
    uint64_t key = smk_map_own(counter->process, smk_map_pair(counter->site, counter->name));
    uint32_t number = smk_map_get(&to->by_counter, key);
    if (number != SMK_MAP_NONE)
        return number;
    number = to->counter_count;
    if (!smk_mem_grow(mem, &to->counters, &to->counter_capacity, number + 1u) ||
        !smk_map_put(&to->by_counter, mem, key, number))
        return SMK_MAP_NONE;
    to->counters[to->counter_count++] = (struct firefox_counter){
        counter->process, firefox_text(to, counter->site ? smk_export_site(to->exporter, &text, counter->site)
                                                         : smk_export_string(to->exporter, &text, counter->name))};
    return number;
}

static void on_counter(void *arg, const struct smk_span_counter *counter)
{
    struct firefox *to = firefox_of(arg);
    uint32_t number = counter_of(to, counter);
    if (to->count_count >= FIREFOX_COUNTS)
        to->left_out++;
    else if (number != SMK_MAP_NONE &&
             smk_mem_grow(&to->exporter->mem, &to->counts, &to->count_capacity, to->count_count + 1u))
        to->counts[to->count_count++] = (struct firefox_count){counter->time, counter->value, number};
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static bool marker_before(const void *a, const void *b)
{
    const struct firefox_marker *one = a, *two = b;
    return one->thread != two->thread ? one->thread < two->thread : one->from < two->from;
}

static bool sample_before(const void *a, const void *b)
{
    const struct firefox_sample *one = a, *two = b;
    return one->thread != two->thread ? one->thread < two->thread : one->time < two->time;
}

static bool count_before(const void *a, const void *b)
{
    const struct firefox_count *one = a, *two = b;
    return one->counter != two->counter ? one->counter < two->counter : one->time < two->time;
}

static void put_threads(struct firefox *to)
{
    uint32_t marker = 0, sample = 0;
    smk_out_text(&to->exporter->out, "\"threads\":[");
    for (uint32_t i = 0; i < to->thread_count; i++) {
        uint32_t marker_end = marker, sample_end = sample;
        while (marker_end < to->marker_count && to->markers[marker_end].thread == i)
            marker_end++;
        while (sample_end < to->sample_count && to->samples[sample_end].thread == i)
            sample_end++;
        smk_out_text(&to->exporter->out, i ? ",\n" : "\n");
        firefox_put_thread(to, i, to->markers + marker, marker_end - marker, to->samples + sample,
                           sample_end - sample);
        marker = marker_end;
        sample = sample_end;
    }
    smk_out_text(&to->exporter->out, "],\n");
}

static void write_profile(struct firefox *to)
{
    smk_sort(to->markers, to->marker_count, sizeof(*to->markers), marker_before);
    smk_sort(to->samples, to->sample_count, sizeof(*to->samples), sample_before);
    smk_sort(to->counts, to->count_count, sizeof(*to->counts), count_before);
    firefox_put_head(to);
    put_threads(to);
    firefox_put_tail(to);
}

static void release(struct firefox *to)
{
    struct smk_mem *mem = &to->exporter->mem;
    for (uint32_t i = 0; i < to->text_count; i++)
        smk_mem_free(mem, to->texts[i].text, strlen(to->texts[i].text) + 1);
    for (uint32_t i = 0; i < to->thread_count; i++)
        if (to->threads[i].running)
            smk_mem_free(mem, to->threads[i].running, FIREFOX_BUCKETS * sizeof(*to->threads[i].running));
    smk_mem_free(mem, to->texts, to->text_capacity * sizeof(*to->texts));
    smk_mem_free(mem, to->threads, to->thread_capacity * sizeof(*to->threads));
    smk_mem_free(mem, to->markers, to->marker_capacity * sizeof(*to->markers));
    smk_mem_free(mem, to->samples, to->sample_capacity * sizeof(*to->samples));
    smk_mem_free(mem, to->counts, to->count_capacity * sizeof(*to->counts));
    smk_mem_free(mem, to->counters, to->counter_capacity * sizeof(*to->counters));
    smk_map_free(&to->by_serial, mem);
    smk_map_free(&to->by_counter, mem);
    smk_map_free(&to->by_text, mem);
    smk_map_free(&to->modules, mem);
}

static int run(struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .wait = on_wait,
                                                    .region = on_region,
                                                    .request = on_request,
                                                    .sample = on_sample,
                                                    .counter = on_counter,
                                                    .release = on_release,
                                                    .gap = on_gap};
    const smk_trace_info *info = smk_trace_get_info(exporter->trace);
    struct firefox to = {.exporter = exporter, .first = info->first};
    uint64_t life = info->last > info->first ? info->last - info->first : 1;
    to.bucket = smk_max_u64(life / FIREFOX_BUCKETS + 1, 1000000);
    firefox_text(&to, ""); /* the first is to be */
    int result = smk_export_timeline(exporter, &calls, &to);
    if (result == 0)
        write_profile(&to);
    release(&to);
    return result;
}

const struct smk_export_format smk_export_firefox = {
    "firefox", "profiler.firefox.com: waits, regions and requests as markers, CPU time, samples, counters", run};
