/* trace_builder.h: traces for the tests of the analysis, written by hand after docs/format.md: what is in
 * them is known to the event. Times are nanoseconds, and CLOCK_MONOTONIC; CLOCK_REALTIME is that and
 * BUILD_REALTIME.
 *
 *     struct build b;
 *     build_init(&b);
 *     uint32_t worker = build_thread(&b, 101, "worker-1");
 *     build_event(&b, worker, 1000, SMK_EV_REGION_BEGIN, build_site(&b, "load", "a.c", 7));
 *     smk_trace *trace = build_open(&b);
 *     …
 *     smk_trace_close(trace);
 */
#ifndef SMK_TESTS_TRACE_BUILDER_H
#define SMK_TESTS_TRACE_BUILDER_H

#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/endian.h"
#include "base/varint.h"
#include "format/chunk.h"
#include "format/events.h"
#include "format/tables.h"
#include "stallmark/reader.h"

#define BUILD_REALTIME (INT64_C(1763906400) * 1000000000) /* 2025-11-23T14:00:00Z */
#define BUILD_EVENTS   8192 /* of a chunk */

struct build_bytes {
    uint8_t *data;
    size_t len, room;
};

struct build_event {
    uint64_t time;
    uint32_t id;
    uint64_t args[SMK_EVENT_ARGS];
};

struct build_thread {
    uint32_t tid;
    uint64_t lost;
    struct build_event *events;
    size_t count, room;
};

struct build {
    struct build_bytes file;
    struct build_bytes facts, strings, sites, stacks, threads, modules, locks, open_waits, loss, symbols;
    uint32_t fact_count, string_count, site_count, stack_count, module_count, lock_count;
    uint32_t symbol_count, open_wait_count, loss_count, sequence, thread_count;
    uint64_t module_last, events, lost, first, last;
    struct build_thread thread[64];
    bool cut; /* no END chunk */
    uint64_t process, capture; /* 0: ones of its own */
};

static inline void build_put(struct build_bytes *b, const void *data, size_t len)
{
    if (b->len + len > b->room) {
        b->room = 2 * (b->len + len);
        b->data = realloc(b->data, b->room);
        assert_non_null(b->data);
    }
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void build_number(struct build_bytes *b, uint64_t value)
{
    uint8_t bytes[SMK_VARINT_MAX];
    build_put(b, bytes, (size_t)(smk_varint_put(bytes, value) - bytes));
}

static inline void build_text(struct build_bytes *b, const char *text)
{
    build_number(b, strlen(text));
    build_put(b, text, strlen(text));
}

/* ---- tables ------------------------------------------------------------------------------------------- */

static inline void build_fact(struct build *b, const char *key, const char *value)
{
    build_text(&b->facts, key);
    build_text(&b->facts, value);
    b->fact_count++;
}

static inline void build_fact_number(struct build *b, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    build_fact(b, key, text);
}

static inline void build_init(struct build *b)
{
    memset(b, 0, sizeof(*b));
    build_fact(b, SMK_FACT_CAPTURE_ID, "20251123t140000-4711-k3");
    build_fact(b, SMK_FACT_CAPTURE_KIND, "timed");
    build_fact(b, SMK_FACT_EXE, "/usr/bin/checkout");
    build_fact(b, SMK_FACT_PID, "4711");
    build_fact(b, SMK_FACT_CPUS, "2");
    build_fact(b, SMK_FACT_CATEGORIES, "sched,lock,request,region,other");
    build_fact(b, SMK_FACT_CLOCK_SOURCE, "monotonic");
    build_fact(b, SMK_FACT_CLOCK_HZ, "1000000000");
    build_fact(b, SMK_FACT_CLOCK_SHIFT, "0");
    build_fact(b, SMK_FACT_COST_WRITER, "3000000");
    build_fact(b, SMK_FACT_COST_EVENT, "25");
    build_fact(b, SMK_FACT_REASON, "timer");
}

/* The window of the capture. */
static inline void build_window(struct build *b, uint64_t first, uint64_t complete_from, uint64_t last)
{
    b->first = first;
    b->last = last;
    build_fact_number(b, SMK_FACT_FIRST, first);
    build_fact_number(b, SMK_FACT_COMPLETE_FROM, complete_from);
    build_fact_number(b, SMK_FACT_LAST, last);
}

static inline uint32_t build_string(struct build *b, const char *text)
{
    build_number(&b->strings, ++b->string_count);
    build_text(&b->strings, text);
    return b->string_count;
}

static inline uint32_t build_site(struct build *b, const char *name, const char *file, uint32_t line)
{
    build_number(&b->sites, ++b->site_count);
    build_number(&b->sites, line);
    build_text(&b->sites, name);
    build_text(&b->sites, file);
    build_text(&b->sites, "function");
    return b->site_count;
}

static inline uint32_t build_stack(struct build *b, const uint64_t *pcs, uint32_t depth)
{
    uint64_t last = 0;
    build_number(&b->stacks, ++b->stack_count);
    build_number(&b->stacks, depth);
    for (uint32_t i = 0; i < depth; i++) {
        build_number(&b->stacks, smk_zigzag((int64_t)(pcs[i] - last)));
        last = pcs[i];
    }
    return b->stack_count;
}

/* Its serial: 1, 2, 3 …; the tid is the caller's. */
static inline uint32_t build_thread(struct build *b, uint32_t tid, const char *name)
{
    uint32_t serial = ++b->thread_count;
    assert_true(serial < SMK_ARRAY_LEN(b->thread));
    b->thread[serial].tid = tid;
    build_number(&b->threads, serial);
    build_number(&b->threads, tid);
    build_number(&b->threads, 0);
    build_text(&b->threads, name);
    return serial;
}

static inline uint32_t build_module(struct build *b, uint64_t start, uint64_t end, uint64_t bias,
                                    const char *path, const void *build_id, size_t len)
{
    build_number(&b->modules, ++b->module_count);
    build_number(&b->modules, start);
    build_number(&b->modules, end);
    build_number(&b->modules, bias);
    build_text(&b->modules, path);
    build_number(&b->modules, len);
    build_put(&b->modules, build_id, len);
    return b->module_count;
}

/* What the file itself says of an address in a module's file; `inner` NULL: nothing was inlined there. */
static inline void build_symbol(struct build *b, bool data, uint32_t module, uint64_t address, uint64_t start,
                                const char *inner, const char *name, const char *file)
{
    uint64_t head[] = {data, module, address, address - start, 64, inner ? 2 : 1};
    for (size_t i = 0; i < SMK_ARRAY_LEN(head); i++)
        build_number(&b->symbols, head[i]);
    for (int i = inner ? 0 : 1; i < 2; i++) {
        build_text(&b->symbols, i ? name : inner);
        build_text(&b->symbols, file);
        build_number(&b->symbols, file[0] ? 7 : 0);
    }
    b->symbol_count++;
}

static inline void build_lock_name(struct build *b, uint64_t address, const char *name)
{
    build_number(&b->locks, address);
    build_number(&b->locks, build_string(b, name));
    b->lock_count++;
}

static inline void build_open_wait(struct build *b, uint32_t thread, uint64_t object, uint32_t holder,
                                   uint64_t since, uint32_t stack, uint64_t request)
{
    uint64_t entry[] = {thread, b->thread[thread].tid, SMK_WAIT_LOCK, object, holder, since, stack, request};
    for (size_t i = 0; i < SMK_ARRAY_LEN(entry); i++)
        build_number(&b->open_waits, entry[i]);
    b->open_wait_count++;
}

static inline void build_loss(struct build *b, uint32_t thread, uint64_t events)
{
    build_number(&b->loss, thread);
    build_number(&b->loss, b->thread[thread].tid);
    build_number(&b->loss, events);
    b->loss_count++;
    b->lost += events;
}

/* ---- events ------------------------------------------------------------------------------------------- */

static inline void build_event_args(struct build *b, uint32_t thread, uint64_t time, uint32_t id,
                                    const uint64_t *args, size_t count)
{
    struct build_thread *t = &b->thread[thread];
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 64;
        t->events = realloc(t->events, t->room * sizeof(*t->events));
        assert_non_null(t->events);
    }
    struct build_event *event = &t->events[t->count++];
    *event = (struct build_event){.time = time, .id = id};
    memcpy(event->args, args, count * sizeof(*args));
}

/* An event with its arguments in the order of format/events.h. */
#define build_event(b, thread, time, id, ...)                                                      \
    build_event_args((b), (thread), (time), (id), (const uint64_t[]){__VA_ARGS__},                 \
                     sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* ---- the file ----------------------------------------------------------------------------------------- */

static inline void build_chunk(struct build *b, unsigned kind, uint32_t count,
                               const struct build_bytes *payload, const struct smk_chunk *more)
{
    uint8_t header[SMK_CHUNK_HEADER];
    struct smk_chunk chunk = *more;
    assert_true(payload->len <= SMK_CHUNK_PLAIN_MAX);
    chunk.version = 0x0001;
    chunk.kind = (uint8_t)kind;
    chunk.payload_crc = smk_crc32c(0, payload->data, payload->len);
    chunk.stored_size = chunk.plain_size = (uint32_t)payload->len;
    chunk.count = count;
    chunk.sequence = b->sequence++;
    chunk.process = b->process ? b->process : UINT64_C(4711) << 32 | 99;
    chunk.capture = b->capture ? b->capture : 77;
    smk_chunk_pack(&chunk, header);
    build_put(&b->file, header, sizeof(header));
    build_put(&b->file, payload->data, payload->len);
}

static inline void build_table(struct build *b, unsigned kind, uint32_t count,
                               struct build_bytes *payload)
{
    if (count)
        build_chunk(b, kind, count, payload, &(struct smk_chunk){0});
    free(payload->data);
    *payload = (struct build_bytes){0};
}

static inline void build_clock(struct build *b, uint64_t first, uint64_t last)
{
    struct build_bytes payload = {0};
    uint64_t times[] = {first, last - first};
    for (int i = 0; i < 2; i++) {
        build_number(&payload, smk_zigzag((int64_t)times[i]));
        build_number(&payload, smk_zigzag((int64_t)times[i]));
        build_number(&payload, smk_zigzag((int64_t)(i ? times[i] : times[i] + BUILD_REALTIME)));
        build_number(&payload, 10);
    }
    build_table(b, SMK_CHUNK_CLOCK, 2, &payload);
}

static inline void build_argument(struct build_bytes *column, unsigned type, uint64_t value,
                                  uint64_t *last)
{
    uint8_t bits[8];
    if (type == SMK_ARG_ADDRESS || type == SMK_ARG_THREAD || type == SMK_ARG_REQUEST ||
        type == SMK_ARG_VALUE) {
        build_number(column, smk_zigzag((int64_t)(value - *last)));
        *last = value;
    } else if (type == SMK_ARG_BITS) {
        smk_put_le64(bits, value);
        build_put(column, bits, sizeof(bits));
    } else {
        build_number(column, type == SMK_ARG_SIGNED ? smk_zigzag((int64_t)value) : value);
    }
}

static inline void build_columns(struct build_bytes *payload, struct build_bytes *columns)
{
    uint32_t used = 0;
    for (unsigned key = 0; key < SMK_COLUMN_LIMIT; key++)
        used += columns[key].len > 0;
    build_number(payload, used);
    for (unsigned key = 0; key < SMK_COLUMN_LIMIT; key++)
        if (columns[key].len) {
            build_number(payload, key);
            build_number(payload, columns[key].len);
        }
    for (unsigned key = 0; key < SMK_COLUMN_LIMIT; key++) {
        build_put(payload, columns[key].data, columns[key].len);
        free(columns[key].data);
    }
}

static inline void build_events_chunk(struct build *b, uint32_t thread, size_t from, size_t count)
{
    static struct build_bytes columns[SMK_COLUMN_LIMIT];
    static uint64_t last[SMK_COLUMN_LIMIT];
    memset(columns, 0, sizeof(columns));
    memset(last, 0, sizeof(last));
    const struct build_event *events = b->thread[thread].events + from;
    struct smk_chunk head = {.thread = thread, .tid = b->thread[thread].tid, .first = UINT64_MAX};
    for (size_t i = 0; i < count; i++) {
        head.first = events[i].time < head.first ? events[i].time : head.first;
        head.last = events[i].time > head.last ? events[i].time : head.last;
    }
    uint64_t previous = head.first;
    for (size_t i = 0; i < count; i++) {
        const struct smk_event_spec *spec = smk_event_spec(events[i].id);
        uint8_t type = (uint8_t)events[i].id;
        uint64_t delta = smk_zigzag((int64_t)(events[i].time - previous));
        uint8_t low = (uint8_t)delta;
        previous = events[i].time;
        build_put(&columns[SMK_COLUMN_TYPES], &type, 1);
        build_put(&columns[SMK_COLUMN_TIME_LOW], &low, 1);
        build_number(&columns[SMK_COLUMN_TIME_HIGH], delta >> 8);
        for (unsigned arg = 0; arg < spec->arg_count; arg++) {
            unsigned key = smk_column_of_arg(events[i].id, arg);
            build_argument(&columns[key], spec->args[arg].type, events[i].args[arg], &last[key]);
        }
    }
    struct build_bytes payload = {0};
    build_columns(&payload, columns);
    build_chunk(b, SMK_CHUNK_EVENTS, (uint32_t)count, &payload, &head);
    free(payload.data);
    b->events += count;
}

static inline void build_all_events(struct build *b)
{
    for (uint32_t thread = 1; thread <= b->thread_count; thread++) {
        struct build_thread *t = &b->thread[thread];
        for (size_t at = 0; at < t->count; at += BUILD_EVENTS)
            build_events_chunk(b, thread, at, t->count - at < BUILD_EVENTS ? t->count - at : BUILD_EVENTS);
        free(t->events);
        t->events = NULL;
    }
}

static inline void build_end(struct build *b)
{
    struct build_bytes facts = {0}, payload = {0};
    struct build end_facts = {0};
    build_fact_number(&end_facts, SMK_FACT_EVENTS, b->events);
    build_fact_number(&end_facts, SMK_FACT_LOST, b->lost);
    facts = end_facts.facts;
    build_table(b, SMK_CHUNK_FACTS, 2, &facts);
    struct smk_segment_end end = {.bytes = b->file.len + SMK_CHUNK_HEADER + SMK_SEGMENT_END_SIZE,
                                  .events = b->events,
                                  .lost = b->lost,
                                  .flags = SMK_SEGMENT_LAST,
                                  .reason = SMK_REASON_TIMER,
                                  .chunks = b->sequence + 1,
                                  .first = b->first,
                                  .last = b->last};
    uint8_t bytes[SMK_SEGMENT_END_SIZE];
    smk_segment_end_pack(&end, bytes);
    build_put(&payload, bytes, sizeof(bytes));
    build_table(b, SMK_CHUNK_END, 1, &payload);
}

/* Writes it all into b->file. */
static inline void build_file(struct build *b)
{
    build_table(b, SMK_CHUNK_SEGMENT, b->fact_count, &b->facts);
    build_clock(b, b->first, b->last);
    build_table(b, SMK_CHUNK_STRINGS, b->string_count, &b->strings);
    build_table(b, SMK_CHUNK_SITES, b->site_count, &b->sites);
    build_table(b, SMK_CHUNK_STACKS, b->stack_count, &b->stacks);
    build_table(b, SMK_CHUNK_THREADS, b->thread_count, &b->threads);
    build_table(b, SMK_CHUNK_MODULES, b->module_count, &b->modules);
    build_table(b, SMK_CHUNK_LOCKS, b->lock_count, &b->locks);
    build_all_events(b);
    build_table(b, SMK_CHUNK_OPEN_WAITS, b->open_wait_count, &b->open_waits);
    build_table(b, SMK_CHUNK_LOSS, b->loss_count, &b->loss);
    build_table(b, SMK_CHUNK_SYMBOLS, b->symbol_count, &b->symbols);
    if (!b->cut)
        build_end(b);
}

/* What the reader makes of several processes in one file. The builders are empty then. */
static inline smk_trace *build_open_all(struct build *list, size_t count)
{
    int fd = memfd_create("trace", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < count; i++) {
        build_file(&list[i]);
        assert_int_equal(write(fd, list[i].file.data, list[i].file.len), (ssize_t)list[i].file.len);
        free(list[i].file.data);
    }
    smk_trace *trace;
    if (smk_trace_open_fd(&trace, fd, NULL) != 0)
        fail_msg("%s", smk_last_error());
    return trace;
}

static inline smk_trace *build_open(struct build *b) { return build_open_all(b, 1); }

/* ---- what a report says ------------------------------------------------------------------------------- */

struct build_output {
    char *text;
    size_t len;
};

static inline int build_take(void *arg, const char *text, size_t len)
{
    struct build_output *output = arg;
    output->text = realloc(output->text, output->len + len + 1);
    assert_non_null(output->text);
    memcpy(output->text + output->len, text, len);
    output->len += len;
    output->text[output->len] = '\0';
    return 0;
}

#endif
