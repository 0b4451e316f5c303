#include "view/unit.h"

#include <string.h>

#include "base/varint.h"

/* ---- items ---------------------------------------------------------------------------------------------- */

enum head {
    HEAD_HOLE = 1,    /* it does not begin where the one before ended */
    HEAD_LABEL = 2,   /* another one */
    HEAD_REQUEST = 4, /* another one */
    HEAD_WAIT = 8,    /* it is all of a wait … */
    HEAD_PART = 16,   /* … or this much of one */
    HEAD_FLAGS = 32,
    HEAD_VALUE = 64
};

/* The kind of a label stands in its highest bits, and most numbers are small. */
static uint64_t packed(uint32_t label) { return (uint64_t)(label & 0x0fffffffu) << 4 | label >> 28; }
static uint32_t unpacked(uint64_t label) { return (uint32_t)(label >> 4 & 0x0fffffffu) | (uint32_t)(label & 15) << 28; }

static uint8_t head_of(const struct smk_view_before *before, const struct smk_view_entry *entry)
{
    uint8_t head = 0;
    head |= entry->from != before->to ? HEAD_HOLE : 0;
    head |= entry->label != before->label ? HEAD_LABEL : 0;
    head |= entry->request != before->request ? HEAD_REQUEST : 0;
    head |= entry->look >> 8 ? HEAD_FLAGS : 0;
    head |= entry->value ? HEAD_VALUE : 0;
    if (entry->wait_to)
        head |= entry->wait_from == entry->from && entry->wait_to == entry->to ? HEAD_WAIT : HEAD_PART;
    return head;
}

uint8_t *smk_view_entry_put(uint8_t *at, struct smk_view_before *before, const struct smk_view_entry *entry)
{
    uint8_t head = head_of(before, entry);
    *at++ = head;
    *at++ = (uint8_t)entry->look;
    if (head & HEAD_FLAGS)
        *at++ = (uint8_t)(entry->look >> 8);
    if (head & HEAD_HOLE)
        at = smk_varint_put(at, entry->from - before->to);
    at = smk_varint_put(at, entry->to - entry->from);
    if (head & HEAD_LABEL)
        at = smk_varint_put(at, packed(entry->label));
    if (head & HEAD_REQUEST)
        at = smk_varint_put(at, smk_zigzag((int64_t)(entry->request - before->request)));
    if (head & HEAD_PART) {
        at = smk_varint_put(at, smk_zigzag((int64_t)(entry->from - entry->wait_from)));
        at = smk_varint_put(at, smk_zigzag((int64_t)(entry->wait_to - entry->to)));
    }
    if (head & HEAD_VALUE)
        at = smk_varint_put(at, smk_zigzag(entry->value));
    *before = (struct smk_view_before){entry->to, entry->request, entry->label};
    return at;
}

/* Does nothing where an earlier one failed. */
static const uint8_t *get(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    return at ? smk_varint_get(at, end, value) : NULL;
}

const uint8_t *smk_view_entry_get(const uint8_t *at, const uint8_t *end, struct smk_view_before *before,
                                  struct smk_view_entry *entry)
{
    uint64_t hole = 0, length = 0, more = 0;
    if (end - at < 3) /* no item has less, and what comes is checked */
        return NULL;
    uint8_t head = *at++;
    entry->look = *at++;
    if (head & HEAD_FLAGS)
        entry->look |= (uint16_t)(*at++ << 8); /* the third of three */
    if (head & HEAD_HOLE)
        at = get(at, end, &hole);
    at = get(at, end, &length);
    entry->from = before->to + hole;
    entry->to = entry->from + length;
    entry->label = before->label;
    entry->request = before->request;
    entry->value = 0;
    if (head & HEAD_LABEL) {
        at = get(at, end, &more);
        entry->label = unpacked(more);
    }
    if (head & HEAD_REQUEST) {
        at = get(at, end, &more);
        entry->request += (uint64_t)smk_unzigzag(more);
    }
    entry->wait_from = entry->from;
    entry->wait_to = head & HEAD_WAIT ? entry->to : 0;
    if (head & HEAD_PART) {
        at = get(at, end, &more);
        entry->wait_from -= (uint64_t)smk_unzigzag(more);
        at = get(at, end, &more);
        entry->wait_to = entry->to + (uint64_t)smk_unzigzag(more);
    }
    if (head & HEAD_VALUE) {
        at = get(at, end, &more);
        entry->value = smk_unzigzag(more);
    }
    if (entry->from < before->to || entry->to < entry->from)
        return NULL;
    *before = (struct smk_view_before){entry->to, entry->request, entry->label};
    return at;
}

/* ---- units ---------------------------------------------------------------------------------------------- */

void smk_view_many_of(struct smk_view_many *many, const struct smk_view_entry *entry)
{
    many->from = entry->from;
    many->to = entry->to;
    many->longest = many->ns[0] = entry->to - entry->from;
    many->low = many->high = many->last = entry->value;
    many->item = entry->number;
    many->label = entry->label;
    many->merged = 1;
    many->look = entry->look;
    many->classes[0] = (uint8_t)entry->look;
    many->class_count = 1;
}

static void add_class(struct smk_view_many *many, uint8_t class_number, uint64_t ns)
{
    uint32_t least = 1;
    for (uint32_t i = 0; i < many->class_count; i++) {
        if (many->classes[i] == class_number) {
            many->ns[i] += ns;
            return;
        }
        if (i > 0 && many->ns[i] < many->ns[least])
            least = i;
    }
    if (many->class_count < SMK_VIEW_SUMMED)
        least = many->class_count++;
    else if (many->ns[least] >= ns)
        return;
    many->classes[least] = class_number;
    many->ns[least] = ns;
}

/* That of the longest is the first. */
static void lead_class(struct smk_view_many *many, uint8_t class_number)
{
    for (uint32_t i = 1; i < many->class_count; i++)
        if (many->classes[i] == class_number) {
            uint64_t ns = many->ns[i];
            many->classes[i] = many->classes[0];
            many->ns[i] = many->ns[0];
            many->classes[0] = class_number;
            many->ns[0] = ns;
            return;
        }
    if (many->classes[0] == class_number)
        return;
    uint32_t least = 1; /* it had no room among the others: the least of them makes some */
    for (uint32_t i = 2; i < many->class_count; i++)
        if (many->ns[i] < many->ns[least])
            least = i;
    if (many->ns[0] > many->ns[least]) {
        many->classes[least] = many->classes[0];
        many->ns[least] = many->ns[0];
    }
    many->classes[0] = class_number;
    many->ns[0] = many->longest;
}

void smk_view_many_add(struct smk_view_many *many, const struct smk_view_many *more)
{
    uint16_t flags = (uint16_t)((many->look | more->look) & 0xff00) | SMK_VIEW_TOGETHER << 8;
    many->to = smk_max_u64(many->to, more->to);
    many->merged += more->merged;
    many->low = more->low < many->low ? more->low : many->low;
    many->high = more->high > many->high ? more->high : many->high;
    many->last = more->last;
    for (uint32_t i = 0; i < more->class_count; i++)
        add_class(many, more->classes[i], more->ns[i]);
    if (more->longest > many->longest) {
        many->longest = more->longest;
        many->item = more->item;
        many->label = more->label;
        many->look = more->look;
        lead_class(many, more->classes[0]);
    }
    many->look = (uint16_t)((many->look & 0xff) | flags);
}

void smk_view_many_show(const struct smk_view_many *many, struct smk_view_unit *unit)
{
    uint64_t length = many->to - many->from, share = 255;
    uint32_t second = 0;
    if (many->merged > 1 && length > 0) {
        share = (uint64_t)((__uint128_t)smk_min_u64(many->ns[0], length) * 255 / length);
        for (uint32_t i = 1; i < many->class_count; i++)
            if (second == 0 || many->ns[i] > many->ns[second])
                second = i;
    }
    *unit = (struct smk_view_unit){.from = many->from,
                                   .to = many->to,
                                   .item = many->item,
                                   .look = many->look | (uint32_t)share << 16,
                                   .label = many->label,
                                   .merged = many->merged,
                                   .low = many->low,
                                   .high = many->high,
                                   .last = many->last};
    if (second)
        unit->look |= (uint32_t)many->classes[second] << 24;
}

static uint8_t *put_sums(uint8_t *at, const struct smk_view_many *many)
{
    at = smk_varint_put(at, many->longest);
    at = smk_varint_put(at, many->merged);
    *at++ = many->class_count;
    for (uint32_t i = 0; i < many->class_count; i++) {
        *at++ = many->classes[i];
        at = smk_varint_put(at, many->ns[i]);
    }
    return at;
}

static const uint8_t *get_sums(const uint8_t *at, const uint8_t *end, struct smk_view_many *many)
{
    uint64_t merged = 0;
    at = get(at, end, &many->longest);
    at = get(at, end, &merged);
    many->merged = (uint32_t)merged;
    if (!at || at >= end || *at == 0 || *at > SMK_VIEW_SUMMED)
        return NULL;
    many->class_count = *at++;
    for (uint32_t i = 0; at && i < many->class_count; i++) {
        if (at >= end)
            return NULL;
        many->classes[i] = *at++;
        at = get(at, end, &many->ns[i]);
    }
    return at;
}

uint8_t *smk_view_many_put(uint8_t *at, struct smk_view_before *before, const struct smk_view_many *many)
{
    bool values = many->low || many->high || many->last;
    *at++ = (uint8_t)(values ? HEAD_VALUE : 0);
    *at++ = (uint8_t)many->look;
    *at++ = (uint8_t)(many->look >> 8);
    at = smk_varint_put(at, many->from - before->to);
    at = smk_varint_put(at, many->to - many->from);
    at = smk_varint_put(at, many->item - (uint32_t)before->request);
    at = smk_varint_put(at, packed(many->label));
    if (many->merged > 1)
        at = put_sums(at, many);
    if (values) {
        at = smk_varint_put(at, smk_zigzag(many->low));
        at = smk_varint_put(at, smk_zigzag(many->high));
        at = smk_varint_put(at, smk_zigzag(many->last));
    }
    *before = (struct smk_view_before){.to = many->to, .request = many->item};
    return at;
}

static const uint8_t *get_values(const uint8_t *at, const uint8_t *end, struct smk_view_many *many)
{
    uint64_t low = 0, high = 0, last = 0;
    at = get(at, end, &low);
    at = get(at, end, &high);
    at = get(at, end, &last);
    many->low = smk_unzigzag(low);
    many->high = smk_unzigzag(high);
    many->last = smk_unzigzag(last);
    return at;
}

const uint8_t *smk_view_many_get(const uint8_t *at, const uint8_t *end, struct smk_view_before *before,
                                 struct smk_view_many *many)
{
    uint64_t hole = 0, length = 0, item = 0, label = 0;
    if (end - at < 7)
        return NULL;
    uint8_t head = *at++;
    struct smk_view_entry alone = {.look = (uint16_t)(at[0] | at[1] << 8)};
    at = get(at + 2, end, &hole);
    at = get(at, end, &length);
    at = get(at, end, &item);
    at = get(at, end, &label);
    alone.from = before->to + hole;
    alone.to = alone.from + length;
    alone.number = (uint32_t)(before->request + item);
    alone.label = unpacked(label);
    smk_view_many_of(many, &alone);
    if (alone.look >> 8 & SMK_VIEW_TOGETHER)
        at = get_sums(at, end, many);
    if (head & HEAD_VALUE)
        at = get_values(at, end, many);
    if (alone.from < before->to || alone.to < alone.from)
        return NULL;
    *before = (struct smk_view_before){.to = many->to, .request = many->item};
    return at;
}

/* ---- buckets -------------------------------------------------------------------------------------------- */

void smk_view_bucket_take(struct smk_view_bucket *bucket, const struct smk_view_many *many)
{
    if (bucket->taken == 0) {
        bucket->first = *many;
    } else {
        if (bucket->taken > 1)
            smk_view_many_add(&bucket->first, &bucket->second);
        bucket->second = *many;
    }
    bucket->taken++;
}

uint32_t smk_view_bucket_close(struct smk_view_bucket *bucket, uint64_t end)
{
    uint32_t taken = bucket->taken;
    bucket->taken = 0;
    if (taken < 2 || bucket->first.merged + bucket->second.merged <= 2)
        return taken;
    if (bucket->second.to > end)
        return 2;
    smk_view_many_add(&bucket->first, &bucket->second);
    return 1;
}
