#include "range.h"

#include <string.h>

/* Digits only; too large a number is as good as the largest. */
static const char *number(const char *p, uint64_t *value)
{
    const char *start = p;
    for (*value = 0; *p >= '0' && *p <= '9'; p++)
        *value = *value > UINT64_MAX / 10 - 10 ? UINT64_MAX : *value * 10 + (unsigned)(*p - '0');
    return p > start ? p : NULL;
}

static enum smk_range part(uint64_t first, uint64_t last, uint64_t size, uint64_t *from, uint64_t *len)
{
    if (first >= size)
        return SMK_RANGE_NONE;
    *from = first;
    *len = (last < size ? last + 1 : size) - first;
    return SMK_RANGE_PART;
}

enum smk_range smk_range_parse(const char *text, uint64_t size, uint64_t *from, uint64_t *len)
{
    static const char unit[] = "bytes=";
    uint64_t first, last = UINT64_MAX;
    if (!text || strncmp(text, unit, strlen(unit)) != 0)
        return SMK_RANGE_ALL;
    text += strlen(unit);
    if (*text == '-') { /* the last so many */
        text = number(text + 1, &last);
        if (!text || *text)
            return SMK_RANGE_ALL;
        if (last == 0 || size == 0)
            return SMK_RANGE_NONE;
        return part(last < size ? size - last : 0, size - 1, size, from, len);
    }
    text = number(text, &first);
    if (!text || *text++ != '-')
        return SMK_RANGE_ALL;
    if (*text && (!(text = number(text, &last)) || *text || last < first))
        return SMK_RANGE_ALL;
    return part(first, last, size, from, len);
}
