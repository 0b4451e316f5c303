/* accounting: of every request of a trace the parts add up to its wall time, and the spans of every thread to its
 * life; how much of the requests' time is unexplained.
 *
 * usage: accounting FILE LEAST
 * Exit code 1: something does not add up, fewer than LEAST requests, or more is unexplained than may be where the
 * scheduler says who ran. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/request_parts.h"
#include "base/sort.h"
#include "format/tables.h"

#define MEDIAN_MILLE 20u
#define P99_MILLE    100u

static int bad;

#define CHECK(condition, ...)                                                                                      \
    do {                                                                                                           \
        if (!(condition)) {                                                                                        \
            printf(__VA_ARGS__);                                                                                   \
            putchar('\n');                                                                                         \
            bad = 1;                                                                                               \
        }                                                                                                          \
    } while (0)

/* ---- threads -------------------------------------------------------------------------------------------- */

static void check_threads(const struct smk_span_index *index, smk_trace *trace)
{
    uint64_t by_state[SMK_SPAN_STATES] = {0}, all = 0;
    for (uint32_t i = 0; i < index->threads_count; i++) {
        const struct smk_index_thread *thread = &index->threads[i];
        struct smk_span_place place = smk_span_index_from(index, thread->serial, 0);
        const struct smk_kept_span *span, *last = NULL;
        uint64_t first = 0, sum = 0;
        while ((span = smk_span_index_next(&place)) != NULL) {
            CHECK(span->from < span->to, "thread %u: an empty span", thread->serial);
            CHECK(!last || last->to == span->from, "thread %u: a hole or an overlap at %" PRIu64, thread->serial,
                  span->from);
            first = last ? first : span->from;
            sum += span->to - span->from;
            by_state[span->state] += span->to - span->from;
            last = span;
        }
        CHECK(last && sum == last->to - first, "thread %u: its spans do not add up", thread->serial);
        const smk_process_info *info = smk_trace_process_at(trace, thread->process);
        CHECK(first >= info->first, "thread %u: begins before its process", thread->serial);
        all += sum;
    }
    for (unsigned i = 0; i < SMK_SPAN_STATES; i++)
        printf("%s %.2f %%  ", smk_span_state_name(i), all ? 100.0 * (double)by_state[i] / (double)all : 0);
    printf("of %u threads\n", index->threads_count);
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static uint64_t unexplained(const struct smk_request_parts *parts)
{
    const struct smk_time_part *part = smk_request_part(parts, SMK_TIME_UNEXPLAINED, SMK_MAP_NONE);
    return part ? part->ns : 0;
}

static void check_request(const struct smk_request_parts *parts)
{
    uint64_t sum = 0, at = parts->request.from, id = parts->request.id;
    for (uint32_t i = 0; i < parts->part_count; i++)
        sum += parts->parts[i].ns;
    CHECK(sum == parts->total, "request %" PRIu64 ": parts of %" PRIu64 " ns, and not %" PRIu64, id, sum, parts->total);
    for (uint32_t i = 0; i < parts->step_count; i++) {
        CHECK(parts->steps[i].from == at && parts->steps[i].to > at, "request %" PRIu64 ": its steps have holes", id);
        CHECK(parts->steps[i].part < parts->part_count, "request %" PRIu64 ": a step of no part", id);
        at = parts->steps[i].to;
    }
    CHECK(at == parts->request.to, "request %" PRIu64 ": its steps end early", id);
}

static bool below(const void *a, const void *b) { return *(const uint32_t *)a < *(const uint32_t *)b; }

static bool cpu_is_known(smk_trace *trace)
{
    const char *source = smk_trace_fact(trace, SMK_FACT_SCHED_SOURCE);
    printf("scheduler: %s\n", source ? source : "none");
    return source && (strncmp(source, "perf", 4) == 0 || strncmp(source, "schedstat", 9) == 0);
}

static void check_requests(struct smk_span_index *index, smk_trace *trace, uint32_t least)
{
    struct smk_locks locks = {0};
    uint32_t *shares = calloc(index->requests_count + 1, sizeof(*shares)), count = 0;
    uint64_t by_kind[SMK_TIMES_COUNT] = {0}, all = 0;
    static struct smk_request_parts parts;
    for (uint32_t i = 0; i < index->requests_count; i++) {
        const struct smk_span_request *request = &index->requests[i];
        if (!smk_request_parts_make(&parts, index, &locks, request))
            exit(2);
        check_request(&parts);
        if (!request->open && !request->begin_unseen && parts.total)
            shares[count++] = (uint32_t)(unexplained(&parts) * 1000 / parts.total);
        for (uint32_t j = 0; j < parts.part_count; j++)
            by_kind[parts.parts[j].kind] += parts.parts[j].ns;
        all += parts.total;
        smk_request_parts_free(&parts, index->mem);
    }
    smk_sort(shares, count, sizeof(*shares), below);
    uint32_t median = count ? shares[(count - 1) / 2] : 0, p99 = count ? shares[(count * 99ull + 99) / 100 - 1] : 0;
    for (unsigned i = 0; i < SMK_TIMES_COUNT; i++)
        if (by_kind[i])
            printf("%s %.2f %%  ", smk_time_name(i), 100.0 * (double)by_kind[i] / (double)all);
    printf("of %u requests\nunexplained: median %.1f %%, p99 %.1f %%\n", count, median / 10.0, p99 / 10.0);
    CHECK(count >= least, "there are %u whole requests only", count);
    if (cpu_is_known(trace)) {
        CHECK(median < MEDIAN_MILLE, "half of the requests have %.1f %% unexplained and more", median / 10.0);
        CHECK(p99 < P99_MILLE, "one in a hundred has %.1f %% unexplained and more", p99 / 10.0);
    }
    smk_locks_free(&locks, index->mem);
    free(shares);
}

int main(int argc, char **argv)
{
    struct smk_mem mem;
    struct smk_span_index index;
    smk_trace *trace;
    if (argc != 3 || smk_trace_open(&trace, argv[1], NULL) != 0) {
        printf("usage: accounting FILE LEAST: %s\n", smk_last_error());
        return 2;
    }
    smk_mem_init(&mem, NULL, NULL, 0);
    smk_span_index_init(&index, &mem);
    smk_span_index_add(&index, 0, UINT64_MAX);
    if (smk_span_index_fill(&index, trace, NULL) != 0) {
        printf("%s\n", smk_last_error());
        return 2;
    }
    CHECK(index.refused == 0, "%" PRIu64 " things had no room", index.refused);
    check_threads(&index, trace);
    check_requests(&index, trace, (uint32_t)atoi(argv[2]));
    smk_span_index_free(&index);
    smk_trace_close(trace);
    return bad;
}
