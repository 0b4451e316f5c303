#include "core/kept.h"

#include <string.h>

#include "base/sort.h"
#include "base/sys.h"
#include "core/box.h"
#include "core/record.h"

/* In front of a part's records. What is left at the end of the ring is filled by one without records. */
struct part {
    uint32_t size; /* with this head */
    uint32_t len;
    uint32_t serial, tid;
    uint64_t started, last; /* ticks */
    char name[SMK_NAME_MAX];
};

static struct {
    uint8_t *memory;
    uint64_t bytes;      /* atomic */
    uint64_t head, tail; /* they only grow: where they stand is modulo `bytes` */
    uint64_t parts;
    uint64_t from; /* tick */
    bool failed;
} kept;

uint64_t smk_kept_share(uint64_t bytes)
{
    return smk_max_u64(bytes / 17 & ~(uint64_t)(SMK_KEPT_PART - 1), SMK_KEPT_BYTES_MIN);
}

uint64_t smk_kept_bytes_beside(uint64_t pool_bytes) { return smk_kept_share(pool_bytes + pool_bytes / 16); }

bool smk_kept_ready(uint64_t pool_bytes)
{
    if (kept.memory || kept.failed)
        return !kept.failed;
    uint64_t bytes = smk_kept_bytes_beside(pool_bytes);
    kept.memory = smk_box_kept(bytes);
    if (!kept.memory)
        kept.memory = smk_sys_map_dumpless(bytes);
    kept.failed = !kept.memory;
    kept.from = smk_ticks();
    if (kept.memory)
        smk_store_relaxed(&kept.bytes, bytes);
    return !kept.failed;
}

uint64_t smk_kept_bytes(void) { return smk_load_relaxed(&kept.bytes); }

static struct part *part_at(uint64_t position) { return (struct part *)(kept.memory + position % kept.bytes); }

/* ---- putting ------------------------------------------------------------------------------------------------ */

static void drop_oldest(void)
{
    const struct part *part = part_at(kept.head);
    if (part->len > 0) {
        kept.from = smk_max_u64(kept.from, part->last);
        kept.parts--;
    }
    kept.head += part->size;
}

/* A part lies in one piece, so the end of the ring may have to be filled. Its head always fits: all sizes are
 * multiples of it, or the rest is passed over by whoever reads (next_part). */
static struct part *room_for(uint32_t size)
{
    uint64_t to_end = kept.bytes - kept.tail % kept.bytes;
    uint64_t wanted = to_end < size ? to_end + size : size;
    while (kept.tail + wanted - kept.head > kept.bytes)
        drop_oldest();
    if (to_end < size) {
        *part_at(kept.tail) = (struct part){.size = (uint32_t)to_end};
        kept.tail += to_end;
    }
    struct part *part = part_at(kept.tail);
    kept.tail += size;
    return part;
}

static void put_part(const struct smk_piece *piece, uint32_t at, uint32_t len, uint64_t last)
{
    uint32_t size = (uint32_t)smk_align_up(sizeof(struct part) + len, sizeof(struct part));
    struct part *part = room_for(size);
    *part = (struct part){.size = size,
                          .len = len,
                          .serial = piece->serial,
                          .tid = piece->tid,
                          .started = piece->started,
                          .last = last};
    memcpy(part->name, piece->name, sizeof part->name);
    memcpy(part + 1, piece->data + at, len);
    kept.parts++;
}

static void put_piece(const struct smk_piece *piece)
{
    uint32_t from = 0, at = 0;
    uint64_t last = 0;
    while (at + 16 <= piece->len) {
        const uint64_t *record = (const uint64_t *)(piece->data + at);
        uint32_t size = smk_record_words(record[0]) * 8;
        if (size < 16 || at + size > piece->len)
            break;
        if (at + size - from > SMK_KEPT_PART) {
            put_part(piece, from, at - from, last);
            from = at;
        }
        last = smk_max_u64(last, record[1]);
        at += size;
    }
    if (at > from)
        put_part(piece, from, at - from, last);
}

/* Where it stands, for who finds it when we are gone. A part that was being written then is not between the two. */
static void tell_box(void)
{
    struct smk_box_header *header = smk_box();
    if (!header)
        return;
    smk_store_relaxed(&header->kept_from, kept.from);
    smk_store_relaxed(&header->kept_tail, kept.tail);
    smk_store_release(&header->kept_head, kept.head); /* pairs with: smk_box_restore */
}

void smk_kept_put(const struct smk_piece *pieces, uint32_t count)
{
    for (uint32_t i = 0; kept.memory && i < count; i++)
        put_piece(&pieces[i]);
    tell_box();
}

/* Bytes of what can be records. */
static uint32_t records_in(const uint8_t *memory, uint32_t len)
{
    uint32_t at = 0;
    while (at + 16 <= len && smk_record_fits((const uint64_t *)(memory + at), len - at))
        at += smk_record_words(*(const uint64_t *)(memory + at)) * 8;
    return at;
}

/* Only what makes sense: it ended in the middle of something. */
void smk_kept_restore(uint8_t *memory, uint64_t bytes, const struct smk_kept_state *state)
{
    uint64_t parts = 0, at = state->head;
    if (bytes == 0 || bytes % sizeof(struct part) || state->head % sizeof(struct part) ||
        state->head > state->tail || state->tail - state->head > bytes)
        return;
    kept.memory = memory;
    smk_store_relaxed(&kept.bytes, bytes);
    while (at < state->tail) {
        struct part *part = part_at(at);
        if (part->size == 0 || part->size % sizeof *part || part->size > state->tail - at ||
            part->size > bytes - at % bytes || (part->len > 0 && part->len + sizeof *part > part->size))
            break;
        part->len = records_in((const uint8_t *)(part + 1), part->len);
        part->name[sizeof part->name - 1] = '\0';
        parts += part->len > 0;
        at += part->size;
    }
    kept.head = state->head;
    kept.tail = at;
    kept.parts = parts;
    kept.from = state->from;
}

void smk_kept_clear(void)
{
    kept.head = kept.tail = kept.parts = 0;
    kept.from = smk_ticks();
    tell_box();
}

/* ---- getting ------------------------------------------------------------------------------------------------ */

static bool piece_before(const void *a, const void *b)
{
    const struct smk_piece *x = a, *y = b;
    return x->serial != y->serial ? x->serial < y->serial : x->ordinal < y->ordinal;
}

bool smk_kept_get(struct smk_batch *batch)
{
    *batch = (struct smk_batch){0};
    if (kept.parts == 0)
        return true;
    batch->capacity = (uint32_t)kept.parts;
    batch->pieces = smk_sys_map(batch->capacity * sizeof *batch->pieces);
    if (!batch->pieces)
        return false;
    for (uint64_t at = kept.head; at < kept.tail; at += part_at(at)->size) {
        const struct part *part = part_at(at);
        struct smk_piece *piece = &batch->pieces[batch->count];
        if (part->len == 0)
            continue;
        *piece = (struct smk_piece){.data = (const uint8_t *)(part + 1),
                                    .len = part->len,
                                    .serial = part->serial,
                                    .tid = part->tid,
                                    .started = part->started,
                                    .ordinal = at};
        memcpy(piece->name, part->name, sizeof piece->name);
        batch->count++;
    }
    smk_sort(batch->pieces, batch->count, sizeof *batch->pieces, piece_before);
    return true;
}

void smk_kept_release(struct smk_batch *batch)
{
    if (batch->pieces)
        smk_sys_unmap(batch->pieces, batch->capacity * sizeof *batch->pieces);
    *batch = (struct smk_batch){0};
}

uint64_t smk_kept_from(void) { return kept.from; }

/* Its memory is not there, or reads as zeroes. */
void smk_kept_reset_in_child(void)
{
    memset(&kept, 0, sizeof kept);
}
