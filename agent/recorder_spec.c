#include "recorder_spec.h"

#include <string.h>

#include "settings.h"

#define BYTES_LEAST UINT64_C(524288)
#define BYTES_MOST  (UINT64_C(4) << 30)

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && (*text)[0] == ' ') {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && (*text)[*len - 1] == ' ')
        (*len)--;
}

/* Each of the two once at most: a bare number is neither, since it would be a size to some and a time to others. */
static bool parse_part(const char *text, size_t len, struct smk_recorder_spec *spec)
{
    uint64_t value;
    trim(&text, &len);
    bool bare = len > 0 && text[len - 1] >= '0' && text[len - 1] <= '9';
    if (bare)
        return false;
    if (spec->age_ns == 0 && smk_parse_duration(text, len, &value)) {
        spec->age_ns = value;
        return value >= SMK_RECORDER_AGE_LEAST && value <= SMK_RECORDER_AGE_MOST;
    }
    if (spec->bytes == 0 && smk_parse_bytes(text, len, &value)) {
        spec->bytes = value;
        return value >= BYTES_LEAST && value <= BYTES_MOST;
    }
    return false;
}

bool smk_recorder_parse(const char *text, size_t len, struct smk_recorder_spec *spec)
{
    *spec = (struct smk_recorder_spec){.never = is_word(text, len, "never")};
    if (spec->never || is_word(text, len, "off"))
        return true;
    const char *comma = memchr(text, ',', len);
    size_t first = comma ? (size_t)(comma - text) : len;
    bool good = parse_part(text, first, spec);
    if (good && comma)
        good = parse_part(comma + 1, len - first - 1, spec);
    spec->on = good;
    return good;
}
