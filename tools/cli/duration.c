#include "duration.h"

#include <string.h>

#include "agent/settings.h"

static const struct unit {
    const char *name;
    uint64_t ns;
} units[] = {
    /* Longer names before those that they begin with. */
    {"ns", 1},
    {"us", 1000},
    {"µs", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
};

static const struct unit *take_unit(const char **text)
{
    for (size_t i = 0; i < SMK_ARRAY_LEN(units); i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(*text, units[i].name, len) == 0) {
            *text += len;
            return &units[i];
        }
    }
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One "1.5h"; *ns grows by it. */
static bool take_part(const char **text, uint64_t *ns)
{
    const char *at = *text;
    uint64_t whole = 0, fraction = 0, scale = 1, value, rest;
    if (!is_digit(*at) && !(*at == '.' && is_digit(at[1])))
        return false;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole))
            return false;
    if (*at == '.')
        for (at++; is_digit(*at); at++)
            if (scale < 1000000) { /* digits below that are worth less than an ns of most units */
                fraction = fraction * 10 + (uint64_t)(*at - '0');
                scale *= 10;
            }
    const struct unit *unit = take_unit(&at);
    if (!unit || __builtin_mul_overflow(whole, unit->ns, &value))
        return false;
    rest = fraction * unit->ns / scale; /* at most 10^6 times an hour */
    *text = at;
    return !__builtin_add_overflow(value, rest, &value) &&
           !__builtin_add_overflow(*ns, value, ns) && *ns <= INT64_MAX;
}

bool smk_duration_parse(const char *text, uint64_t *ns)
{
    uint64_t sum = 0;
    if (text[0] == '\0')
        return false;
    while (*text)
        if (!take_part(&text, &sum))
            return false;
    *ns = sum;
    return true;
}

bool smk_size_parse(const char *text, uint64_t *bytes) { return smk_parse_bytes(text, strlen(text), bytes); }
