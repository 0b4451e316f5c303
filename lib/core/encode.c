#include "core/encode.h"

#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "base/sys.h"
#include "base/varint.h"
#include "core/record.h"

#define COLUMN_BYTES SMK_CHUNK_PLAIN_MAX
/* A record adds at most 7 varints, a type, a time and a text; the directory stands before all. */
#define RECORD_MAX  (16 + SMK_EVENT_ARGS * SMK_VARINT_MAX + SMK_TEXT_MAX)
#define PAYLOAD_MAX (SMK_CHUNK_PLAIN_MAX - 16 * 1024 - RECORD_MAX)

int smk_encoder_init(struct smk_encoder *encoder, uint64_t epoch, unsigned shift)
{
    memset(encoder, 0, sizeof *encoder);
    encoder->epoch = epoch;
    encoder->shift = shift;
    encoder->plain = smk_sys_map(SMK_CHUNK_PLAIN_MAX);
    encoder->spare.data = smk_sys_map(COLUMN_BYTES);
    return encoder->plain && encoder->spare.data ? 0 : smk_fail(SMK_E_NOMEM, "no memory for the encoder");
}

/* The column, begun if this chunk has none of it yet. Without memory its values go into a spare one:
 * what comes out then is wrong, and `broken` says so. */
static struct smk_column *column(struct smk_encoder *encoder, unsigned key)
{
    struct smk_column *c = &encoder->columns[key];
    if (SMK_LIKELY(c->used > 0))
        return c;
    if (!c->data && !(c->data = smk_sys_map(COLUMN_BYTES))) {
        encoder->broken = true;
        return &encoder->spare;
    }
    for (uint32_t i = 0; i < encoder->active_count; i++)
        if (encoder->active[i] == key)
            return c;
    c->last = 0;
    encoder->active[encoder->active_count++] = (uint16_t)key;
    return c;
}

static void put_varint(struct smk_encoder *encoder, struct smk_column *c, uint64_t value)
{
    uint8_t *from = c->data + c->used;
    uint32_t n = (uint32_t)(smk_varint_put(from, value) - from);
    c->used += n;
    encoder->bytes += n;
}

static void put_bytes(struct smk_encoder *encoder, struct smk_column *c, const void *data, uint32_t len)
{
    memcpy(c->data + c->used, data, len);
    c->used += len;
    encoder->bytes += len;
}

static void put_delta(struct smk_encoder *encoder, struct smk_column *c, uint64_t value)
{
    put_varint(encoder, c, smk_zigzag((int64_t)(value - c->last)));
    c->last = value;
}

/* ---- one record ----------------------------------------------------------------------------------------- */

static void put_text(struct smk_encoder *encoder, struct smk_column *lengths, const uint64_t *words,
                     unsigned len)
{
    put_varint(encoder, lengths, len);
    put_bytes(encoder, column(encoder, SMK_COLUMN_TEXT), words, len);
}

static void put_arg(struct smk_encoder *encoder, unsigned key, unsigned type, uint64_t value)
{
    uint8_t bits[8];
    struct smk_column *c = column(encoder, key);
    switch (type) {
    case SMK_ARG_ADDRESS:
    case SMK_ARG_THREAD:
    case SMK_ARG_REQUEST:
    case SMK_ARG_VALUE:
        put_delta(encoder, c, value);
        break;
    case SMK_ARG_TICKS:
        put_varint(encoder, c, value >> encoder->shift);
        break;
    case SMK_ARG_SIGNED:
        put_varint(encoder, c, smk_zigzag((int64_t)value));
        break;
    case SMK_ARG_BITS:
        smk_put_le64(bits, value);
        put_bytes(encoder, c, bits, sizeof bits);
        break;
    default:
        put_varint(encoder, c, value);
    }
}

/* The first event's difference is to the chunk's earliest time, which is known at the end: it is left
 * out here and put in front by smk_encoder_finish. */
static void put_time(struct smk_encoder *encoder, uint64_t time)
{
    struct smk_column *low = column(encoder, SMK_COLUMN_TIME_LOW);
    struct smk_column *high = column(encoder, SMK_COLUMN_TIME_HIGH);
    uint64_t delta = smk_zigzag((int64_t)(time - encoder->previous));
    uint8_t byte = (uint8_t)delta;
    put_bytes(encoder, low, &byte, 1);
    if (encoder->events > 0)
        put_varint(encoder, high, delta >> 8);
    else
        encoder->first_event = encoder->first = encoder->last = time;
    encoder->previous = time;
    encoder->first = smk_min_u64(encoder->first, time);
    encoder->last = smk_max_u64(encoder->last, time);
}

static bool needs_known(const struct smk_event_spec *spec, const uint64_t *record, struct smk_refs *refs)
{
    for (unsigned i = 0; i < spec->arg_count; i++) {
        uint64_t value = i == 0 ? smk_record_first(record[0]) : record[1 + i];
        bool ok = true;
        if (spec->args[i].type == SMK_ARG_SITE)
            ok = smk_refs_need(refs, SMK_REF_SITE, value);
        else if (spec->args[i].type == SMK_ARG_STRING)
            ok = smk_refs_need(refs, SMK_REF_STRING, value);
        else if (spec->args[i].type == SMK_ARG_STACK)
            ok = smk_refs_need(refs, SMK_REF_STACK, value);
        if (!ok)
            return false;
    }
    return true;
}

bool smk_encoder_add(struct smk_encoder *encoder, const uint64_t *record, struct smk_refs *refs)
{
    unsigned event = smk_record_event(record[0]);
    const struct smk_event_spec *spec = smk_event_spec(event);
    if (encoder->events == SMK_ENCODE_EVENTS_MAX || encoder->bytes > PAYLOAD_MAX)
        return false;
    if (!spec || !needs_known(spec, record, refs))
        return !spec;
    uint8_t type = (uint8_t)event;
    put_time(encoder, smk_encoder_time(encoder, record[1]));
    put_bytes(encoder, column(encoder, SMK_COLUMN_TYPES), &type, 1);
    for (unsigned i = 0; i < spec->arg_count; i++) {
        unsigned key = smk_column_of_arg(event, i);
        if (spec->args[i].type == SMK_ARG_TEXT)
            put_text(encoder, column(encoder, key), record + 1 + i, smk_record_text_len(record[0]));
        else
            put_arg(encoder, key, spec->args[i].type,
                    i == 0 ? smk_record_first(record[0]) : record[1 + i]);
    }
    encoder->events++;
    return true;
}

/* ---- the payload ---------------------------------------------------------------------------------------- */

uint32_t smk_encoder_finish(struct smk_encoder *encoder)
{
    uint8_t head[SMK_VARINT_MAX];
    uint64_t delta = smk_zigzag((int64_t)(encoder->first_event - encoder->first));
    uint32_t head_len = (uint32_t)(smk_varint_put(head, delta >> 8) - head);
    uint8_t *p = smk_varint_put(encoder->plain, encoder->active_count);
    if (encoder->events == 0)
        return 0;
    encoder->columns[SMK_COLUMN_TIME_LOW].data[0] = (uint8_t)delta;
    for (uint32_t i = 0; i < encoder->active_count; i++) {
        unsigned key = encoder->active[i];
        p = smk_varint_put(p, key);
        p = smk_varint_put(p, encoder->columns[key].used +
                                  (key == SMK_COLUMN_TIME_HIGH ? head_len : 0));
    }
    for (uint32_t i = 0; i < encoder->active_count; i++) {
        struct smk_column *c = &encoder->columns[encoder->active[i]];
        if (encoder->active[i] == SMK_COLUMN_TIME_HIGH) {
            memcpy(p, head, head_len);
            p += head_len;
        }
        memcpy(p, c->data, c->used);
        p += c->used;
        c->used = 0;
        c->last = 0;
    }
    encoder->spare.used = 0;
    encoder->active_count = 0;
    encoder->bytes = 0;
    return (uint32_t)(p - encoder->plain);
}

void smk_encoder_reset(struct smk_encoder *encoder)
{
    encoder->events = 0;
    encoder->first = encoder->last = encoder->previous = encoder->first_event = 0;
}

void smk_encoder_discard(struct smk_encoder *encoder)
{
    for (uint32_t i = 0; i < encoder->active_count; i++)
        encoder->columns[encoder->active[i]].used = 0;
    encoder->spare.used = 0;
    encoder->active_count = 0;
    encoder->bytes = 0;
    smk_encoder_reset(encoder);
}
