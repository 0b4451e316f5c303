/* durations.c: lengths of time and numbers of bytes as text, in Go's syntax and with binary units.
 * In whole numbers throughout: a float would round what the operator wrote. */
#include <stdio.h>
#include <string.h>

#include "settings.h"

struct unit {
    const char *name;
    uint64_t size;
};

/* A name is everything up to the next digit or dot. */
static const struct unit times[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* micro sign */
    {"\xce\xbcs", 1000}, /* Greek mu */
    {"ms", 1000000},
    {"s", UINT64_C(1000000000)},
    {"m", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
};

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", UINT64_C(1000000000)},
    {"TB", UINT64_C(1000000000000)},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
    {"k", UINT64_C(1) << 10},
    {"K", UINT64_C(1) << 10},
    {"m", UINT64_C(1) << 20},
    {"M", UINT64_C(1) << 20},
    {"g", UINT64_C(1) << 30},
    {"G", UINT64_C(1) << 30},
};

#define LIMIT ((UINT64_C(1) << 63) - 1)

/* A number "12", "1.5", ".5" and how far it went; whole + fraction / scale. */
struct number {
    uint64_t whole, fraction, scale;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static const char *parse_whole(const char *p, const char *end, uint64_t *whole)
{
    *whole = 0;
    for (; p < end && is_digit(*p); p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (*whole > (LIMIT - digit) / 10)
            return NULL;
        *whole = *whole * 10 + digit;
    }
    return p;
}

/* NULL: no number, or too large. Digits behind the 18th of a fraction say less than a nanosecond. */
static const char *parse_number(const char *p, const char *end, struct number *number)
{
    const char *start = p;
    p = parse_whole(p, end, &number->whole);
    if (!p)
        return NULL;
    bool any = p > start;
    number->fraction = 0;
    number->scale = 1;
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++, any = true)
            if (number->scale < UINT64_C(1000000000000000000)) {
                number->fraction = number->fraction * 10 + (unsigned)(*p - '0');
                number->scale *= 10;
            }
    }
    return any ? p : NULL;
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, name, len) == 0)
            return &units[i];
    return NULL;
}

/* Adds number x unit to *sum. False: over the limit. */
static bool add(uint64_t *sum, const struct number *number, uint64_t unit)
{
    __uint128_t value = (__uint128_t)number->whole * unit + (__uint128_t)number->fraction * unit / number->scale;
    if (value + *sum > LIMIT)
        return false;
    *sum += (uint64_t)value;
    return true;
}

bool smk_parse_duration(const char *text, size_t len, uint64_t *ns)
{
    const char *p = text, *end = text + len;
    uint64_t sum = 0, above = UINT64_MAX;
    if (len == 1 && *text == '0') {
        *ns = 0;
        return true;
    }
    if (len == 0)
        return false;
    while (p < end) {
        struct number number;
        p = parse_number(p, end, &number);
        if (!p)
            return false;
        const char *name = p;
        while (p < end && !is_digit(*p) && *p != '.')
            p++;
        const struct unit *unit = find_unit(times, SMK_ARRAY_LEN(times), name, (size_t)(p - name));
        /* Go also takes 5s5s and 1s1h: here that is a slip of the pen. */
        if (!unit || unit->size >= above || !add(&sum, &number, unit->size))
            return false;
        above = unit->size;
    }
    *ns = sum;
    return true;
}

bool smk_parse_bytes(const char *text, size_t len, uint64_t *bytes)
{
    const char *end = text + len;
    struct number number;
    uint64_t sum = 0;
    const char *name = parse_number(text, end, &number);
    if (!name)
        return false;
    const struct unit *unit = find_unit(sizes, SMK_ARRAY_LEN(sizes), name, (size_t)(end - name));
    if (!unit || (unit->size == 1 && number.scale > 1) || !add(&sum, &number, unit->size))
        return false;
    *bytes = sum;
    return true;
}

bool smk_parse_share(const char *text, size_t len, uint64_t *share)
{
    const char *end = text + len;
    struct number number;
    bool none = (len == 3 && memcmp(text, "off", 3) == 0) || (len == 1 && *text == '0');
    const char *unit = none ? NULL : parse_number(text, end, &number);
    *share = 0;
    if (none)
        return true;
    if (!unit || end - unit != 1 || *unit != '%' || number.whole > 100)
        return false;
    __uint128_t parts = (__uint128_t)number.fraction * 100;
    *share = number.whole * 100 + (uint64_t)(parts / number.scale);
    return parts % number.scale == 0; /* of a finer one nothing would be left */
}

/* ---- and back ------------------------------------------------------------------------------------------- */

void smk_format_duration(uint64_t ns, char *text, size_t size)
{
    static const struct unit steps[] = {{"h", UINT64_C(3600000000000)}, {"m", UINT64_C(60000000000)},
                                        {"s", UINT64_C(1000000000)},    {"ms", 1000000},
                                        {"us", 1000},                   {"ns", 1}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(steps); i++)
        if (ns && ns % steps[i].size == 0) {
            snprintf(text, size, "%llu%s", (unsigned long long)(ns / steps[i].size), steps[i].name);
            return;
        }
    snprintf(text, size, "0s");
}

void smk_format_share(uint64_t share, char *text, size_t size)
{
    unsigned long long whole = share / 100, rest = share % 100;
    if (share == 0)
        snprintf(text, size, "off");
    else if (rest == 0)
        snprintf(text, size, "%llu%%", whole);
    else
        snprintf(text, size, "%llu.%0*llu%%", whole, rest % 10 ? 2 : 1, rest % 10 ? rest : rest / 10);
}

void smk_format_bytes(uint64_t bytes, char *text, size_t size)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    unsigned step = 0;
    while (step < 4 && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        step++;
    }
    snprintf(text, size, "%llu%s", (unsigned long long)bytes, step ? names[step] : "");
}
