#include "read/decode.h"

#include <string.h>

#include "base/endian.h"
#include "base/sort.h"
#include "base/varint.h"

static const char no_memory[] = "";

struct column {
    const uint8_t *data;
    uint32_t len;
    bool there;
};

struct decoding {
    struct smk_events *events;
    const struct smk_payload *payload;
    uint32_t rows[SMK_EV_LIMIT];
    struct column columns[SMK_COLUMN_LIMIT];
};

/* ---- the directory -------------------------------------------------------------------------------------- */

/* Keys that this version has no use for are passed over. */
static const char *read_directory(struct decoding *d)
{
    const uint8_t *p = d->payload->data, *end = p + d->payload->size, *q;
    uint64_t count, key, len, sum = 0;
    p = smk_varint_get(p, end, &count);
    if (!p || count > d->payload->size)
        return "its directory of columns is cut";
    q = p;
    for (uint64_t i = 0; i < count; i++) {
        q = smk_varint_get(q, end, &key);
        q = q ? smk_varint_get(q, end, &len) : NULL;
        if (!q || len > d->payload->size)
            return "its directory of columns is cut";
        sum += len;
    }
    if (sum != (uint64_t)(end - q))
        return "its columns are not as long as the directory says";
    for (uint64_t i = 0; i < count; i++) {
        p = smk_varint_get(p, end, &key);
        p = p ? smk_varint_get(p, end, &len) : NULL;
        if (!p)
            return "its directory of columns is cut";
        if (key < SMK_COLUMN_LIMIT) {
            if (d->columns[key].there)
                return "it has a column twice";
            d->columns[key] = (struct column){q, (uint32_t)len, true};
        }
        q += len;
    }
    return NULL;
}

static const char *count_kinds(struct decoding *d)
{
    struct smk_events *events = d->events;
    const struct column *types = &d->columns[SMK_COLUMN_TYPES];
    memset(events->kind_of, SMK_NO_KIND, sizeof events->kind_of);
    if (types->len != events->count)
        return "it has not as many types as events";
    for (uint32_t i = 0; i < types->len; i++) {
        if (types->data[i] >= SMK_EV_LIMIT)
            return "it has an event id over 127";
        d->rows[types->data[i]]++;
    }
    for (unsigned id = 0; id < SMK_EV_LIMIT; id++) {
        if (d->rows[id] == 0)
            continue;
        if (smk_event_spec(id))
            events->kind_of[id] = (uint8_t)events->kind_count++;
        else
            events->unknown += d->rows[id];
    }
    return NULL;
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static void *carve(uint8_t **at, size_t bytes)
{
    void *memory = *at;
    *at += bytes;
    return memory;
}

/* One block for everything: times, arguments, kinds, ids, texts. */
static bool make_room(struct decoding *d, struct smk_mem *mem)
{
    struct smk_events *events = d->events;
    size_t values = events->count;
    uint8_t *at;
    for (unsigned id = 0; id < SMK_EV_LIMIT; id++)
        if (events->kind_of[id] != SMK_NO_KIND)
            values += (size_t)d->rows[id] * smk_event_specs[id].arg_count;
    events->text_len = d->columns[SMK_COLUMN_TEXT].len;
    events->block_bytes = values * 8 + events->kind_count * sizeof *events->kinds + events->count +
                          events->text_len;
    events->block = at = smk_mem_resize(mem, NULL, 0, events->block_bytes);
    if (!at)
        return false;
    events->times = carve(&at, (size_t)events->count * 8);
    events->kinds = carve(&at, events->kind_count * sizeof *events->kinds);
    for (unsigned id = 0; id < SMK_EV_LIMIT; id++) {
        const struct smk_event_spec *spec = &smk_event_specs[id];
        if (events->kind_of[id] == SMK_NO_KIND)
            continue;
        struct smk_event_kind *kind = &events->kinds[events->kind_of[id]];
        *kind = (struct smk_event_kind){.spec = spec, .rows = d->rows[id], .wanted = true};
        for (unsigned i = 0; i < spec->arg_count; i++) {
            kind->args[i] = carve(&at, (size_t)kind->rows * 8);
            kind->ticks |= (uint8_t)((spec->args[i].type == SMK_ARG_TICKS) << i);
        }
    }
    events->ids = carve(&at, events->count);
    memcpy(events->ids, d->columns[SMK_COLUMN_TYPES].data, events->count);
    events->text = carve(&at, events->text_len);
    if (events->text_len)
        memcpy((char *)at - events->text_len, d->columns[SMK_COLUMN_TEXT].data, events->text_len);
    return true;
}

/* ---- columns -------------------------------------------------------------------------------------------- */

/* The first byte decides nearly always. */
SMK_INLINE const uint8_t *next_number(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
    if (SMK_LIKELY(p < end && *p < 0x80)) {
        *value = *p;
        return p + 1;
    }
    return smk_varint_get(p, end, value);
}

static bool take_plain(const struct column *column, uint64_t *out, uint32_t rows, uint64_t max)
{
    const uint8_t *p = column->data, *end = p + column->len;
    for (uint32_t i = 0; i < rows; i++) {
        p = next_number(p, end, &out[i]);
        if (SMK_UNLIKELY(!p || out[i] > max))
            return false;
    }
    return p == end;
}

static bool take_signed(const struct column *column, uint64_t *out, uint32_t rows)
{
    if (!take_plain(column, out, rows, UINT64_MAX))
        return false;
    for (uint32_t i = 0; i < rows; i++)
        out[i] = (uint64_t)smk_unzigzag(out[i]);
    return true;
}

static bool take_delta(const struct column *column, uint64_t *out, uint32_t rows)
{
    uint64_t last = 0;
    if (!take_signed(column, out, rows))
        return false;
    for (uint32_t i = 0; i < rows; i++)
        out[i] = last += out[i];
    return true;
}

static bool take_bits(const struct column *column, uint64_t *out, uint32_t rows)
{
    if (column->len != (uint64_t)rows * 8)
        return false;
    for (uint32_t i = 0; i < rows; i++)
        out[i] = smk_get_le64(column->data + (size_t)i * 8);
    return true;
}

static bool take_column(const struct column *column, unsigned type, uint64_t *out, uint32_t rows)
{
    if (!column->there)
        return false;
    switch (type) {
    case SMK_ARG_ADDRESS:
    case SMK_ARG_THREAD:
    case SMK_ARG_REQUEST:
    case SMK_ARG_VALUE:
        return take_delta(column, out, rows);
    case SMK_ARG_SIGNED:
        return take_signed(column, out, rows);
    case SMK_ARG_BITS:
        return take_bits(column, out, rows);
    case SMK_ARG_SITE:
    case SMK_ARG_STRING:
    case SMK_ARG_STACK:
        return take_plain(column, out, rows, UINT32_MAX);
    default:
        return take_plain(column, out, rows, UINT64_MAX);
    }
}

static const char *take_arguments(struct decoding *d)
{
    struct smk_events *events = d->events;
    for (uint32_t k = 0; k < events->kind_count; k++) {
        const struct smk_event_kind *kind = &events->kinds[k];
        for (unsigned i = 0; i < kind->spec->arg_count; i++)
            if (!take_column(&d->columns[smk_column_of_arg(kind->spec->id, i)],
                             kind->spec->args[i].type, kind->args[i], kind->rows))
                return "a column of arguments is missing, cut or too long";
    }
    return NULL;
}

/* ---- times ---------------------------------------------------------------------------------------------- */

static const char *take_times(struct decoding *d, bool *sorted)
{
    struct smk_events *events = d->events;
    const struct column *low = &d->columns[SMK_COLUMN_TIME_LOW];
    const struct column *high = &d->columns[SMK_COLUMN_TIME_HIGH];
    const struct smk_chunk *head = &d->payload->head;
    uint64_t time = head->first, last = head->first;
    *sorted = true;
    if (low->len != events->count || !high->there)
        return "it has not as many times as events";
    const uint8_t *p = high->data, *end = p + high->len;
    for (uint32_t i = 0; i < events->count; i++) {
        uint64_t rest;
        p = next_number(p, end, &rest);
        if (!p || rest >> 56)
            return "its times are cut";
        time += (uint64_t)smk_unzigzag(rest << 8 | low->data[i]);
        if (time < head->first || time > head->last)
            return "an event lies outside of the times that its header states";
        *sorted &= time >= last;
        events->times[i] = last = time;
    }
    return p == end ? NULL : "it has more times than events";
}

/* ---- texts ---------------------------------------------------------------------------------------------- */

/* Lengths become offsets. Texts stand in the order of their events over all kinds; today there is one
 * kind with a text, but nothing here depends on it. */
static const char *place_texts(struct smk_events *events)
{
    uint32_t next[SMK_EV_LIMIT] = {0};
    uint64_t used = 0;
    bool any = false;
    for (uint32_t k = 0; k < events->kind_count; k++)
        any |= events->kinds[k].spec->args[events->kinds[k].spec->arg_count - 1].type == SMK_ARG_TEXT;
    for (uint32_t i = 0; any && i < events->count; i++) {
        unsigned kind_number = events->kind_of[events->ids[i]];
        if (kind_number == SMK_NO_KIND)
            continue;
        const struct smk_event_kind *kind = &events->kinds[kind_number];
        unsigned last = kind->spec->arg_count - 1u;
        if (kind->spec->args[last].type != SMK_ARG_TEXT)
            continue;
        uint64_t *value = &kind->args[last][next[kind_number]++];
        if (*value > events->text_len - used)
            return "its texts are cut";
        used += *value;
        *value |= (used - *value) << 32;
    }
    events->texts_lost = used != events->text_len;
    return events->texts_lost && events->unknown == 0 ? "it has more text than its events" : NULL;
}

/* ---- order ---------------------------------------------------------------------------------------------- */

struct timed {
    uint64_t time;
    uint32_t place;
};

static bool timed_before(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    return x->time != y->time ? x->time < y->time : x->place < y->place;
}

bool smk_events_sort(struct smk_events *events, struct smk_mem *mem)
{
    uint32_t next[SMK_EV_LIMIT] = {0};
    size_t n = events->count;
    struct timed *timed = smk_mem_resize(mem, NULL, 0, n * sizeof *timed);
    uint32_t *order = timed ? smk_mem_resize(mem, NULL, 0, n * 2 * sizeof *order) : NULL;
    if (order) {
        for (uint32_t i = 0; i < n; i++)
            timed[i] = (struct timed){events->times[i], i};
        smk_sort(timed, n, sizeof *timed, timed_before);
        events->order = order;
        events->row = order + n;
        for (uint32_t i = 0; i < n; i++) {
            order[i] = timed[i].place;
            events->row[i] = next[events->ids[i]]++;
        }
    }
    smk_mem_free(mem, timed, n * sizeof *timed);
    return order != NULL;
}

/* ---- a chunk -------------------------------------------------------------------------------------------- */

const char *smk_events_decode(struct smk_events *events, struct smk_mem *mem,
                              const struct smk_payload *payload)
{
    struct decoding d = {.events = events, .payload = payload};
    bool sorted;
    *events = (struct smk_events){.count = payload->head.count};
    if (events->count == 0)
        return NULL;
    const char *why = read_directory(&d);
    if (!why)
        why = count_kinds(&d);
    if (why)
        return why;
    if (!make_room(&d, mem))
        return no_memory;
    why = take_times(&d, &sorted);
    if (!why)
        why = take_arguments(&d);
    if (!why)
        why = place_texts(events);
    if (!why && !sorted && !smk_events_sort(events, mem))
        why = no_memory;
    if (why)
        smk_events_free(events, mem);
    return why;
}

void smk_events_free(struct smk_events *events, struct smk_mem *mem)
{
    if (events->order)
        smk_mem_free(mem, events->order, (size_t)events->count * 2 * sizeof *events->order);
    smk_mem_free(mem, events->block, events->block_bytes);
    *events = (struct smk_events){0};
}
