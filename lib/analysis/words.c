#include "analysis/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/escape.h"

void smk_words_init(struct smk_words *words, smk_report_put put, void *arg)
{
    words->put = put;
    words->arg = arg;
    words->result = 0;
    words->used = 0;
    words->column = 0;
}

int smk_words_flush(struct smk_words *words)
{
    if (words->used && words->result == 0)
        words->result = words->put(words->arg, words->buffer, words->used);
    words->used = 0;
    return words->result;
}

/* Characters, not bytes: the following bytes of UTF-8 do not count. */
static void add(struct smk_words *words, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (words->used == sizeof(words->buffer))
            smk_words_flush(words);
        words->buffer[words->used++] = text[i];
        if (text[i] == '\n')
            words->column = 0;
        else
            words->column += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
}

void smk_words_say(struct smk_words *words, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0)
        add(words, text, smk_min_u64((uint64_t)n, sizeof(text) - 1));
}

void smk_words_name(struct smk_words *words, const char *name)
{
    char piece[256];
    size_t len = strlen(name), used;
    for (; len > 0; name += used, len -= used) {
        size_t n = smk_escape(piece, sizeof(piece), name, len, 0, &used);
        add(words, piece, n);
    }
}

void smk_words_name_cut(struct smk_words *words, const char *name, unsigned width)
{
    char piece[512];
    size_t used, n = smk_escape(piece, sizeof(piece), name, strlen(name), 0, &used);
    size_t cut = 0, characters = 0, room = n;
    for (; cut < n; cut++) {
        if (((unsigned char)piece[cut] & 0xc0) == 0x80)
            continue;
        if (characters + 1 == width)
            room = cut; /* where the ellipsis goes, if it must */
        if (characters++ == width)
            break;
    }
    bool whole = cut == n && name[used] == '\0';
    add(words, piece, whole ? n : room);
    if (!whole)
        add(words, "…", strlen("…"));
}

void smk_words_to(struct smk_words *words, unsigned column)
{
    do
        add(words, " ", 1);
    while (words->column < column);
}

void smk_words_right(struct smk_words *words, unsigned column, const char *text)
{
    size_t width = 0;
    for (const char *c = text; *c; c++)
        width += ((unsigned char)*c & 0xc0) != 0x80;
    smk_words_to(words, width < column ? column - (unsigned)width : 0);
    add(words, text, strlen(text));
}

/* ---- units ---------------------------------------------------------------------------------------------- */

/* Three digits of value / unit: 1.23, 12.3, 123, and more where it is more. */
static void three_digits(char *text, size_t size, uint64_t value, uint64_t unit, const char *name)
{
    uint64_t rounded = value / unit;
    if (rounded < 10) {
        uint64_t hundredths = (value + unit / 200) / (unit / 100);
        if (hundredths < 1000) {
            snprintf(text, size, "%u.%02u %s", (unsigned)(hundredths / 100),
                     (unsigned)(hundredths % 100), name);
            return;
        }
    }
    if (rounded < 100) {
        uint64_t tenths = (value + unit / 20) / (unit / 10);
        if (tenths < 1000) {
            snprintf(text, size, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), name);
            return;
        }
    }
    rounded += value % unit >= unit / 2;
    snprintf(text, size, "%llu %s", (unsigned long long)rounded, name);
}

const char *smk_words_ns(char text[SMK_UNIT_MAX], uint64_t ns)
{
    if (ns < 1000)
        snprintf(text, SMK_UNIT_MAX, "%u ns", (unsigned)ns);
    else if (ns < 999500)
        three_digits(text, SMK_UNIT_MAX, ns, 1000, "us");
    else if (ns < 999500000)
        three_digits(text, SMK_UNIT_MAX, ns, 1000000, "ms");
    else
        three_digits(text, SMK_UNIT_MAX, ns, 1000000000, "s");
    return text;
}

const char *smk_words_bytes(char text[SMK_UNIT_MAX], uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    unsigned unit = 0;
    if (bytes < 1024) {
        snprintf(text, SMK_UNIT_MAX, "%u B", (unsigned)bytes);
        return text;
    }
    for (; bytes >= UINT64_C(1023) << 10 && unit + 1 < SMK_ARRAY_LEN(units); unit++)
        bytes = (bytes + 512) >> 10;
    three_digits(text, SMK_UNIT_MAX, bytes * 1000 >> 10, 1000, units[unit]);
    return text;
}

const char *smk_words_count(char text[SMK_UNIT_MAX], uint64_t count)
{
    char digits[SMK_UNIT_MAX];
    int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count), out = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            text[out++] = ',';
        text[out++] = digits[i];
    }
    text[out] = '\0';
    return text;
}

const char *smk_words_mille(char text[SMK_UNIT_MAX], uint32_t mille)
{
    if (mille < 100)
        snprintf(text, SMK_UNIT_MAX, "%u.%u %%", mille / 10, mille % 10);
    else
        snprintf(text, SMK_UNIT_MAX, "%u %%", (unsigned)(((uint64_t)mille + 5) / 10));
    return text;
}

static struct smk_civil civil_of(int64_t unix_ns, unsigned *ms)
{
    unix_ns = unix_ns < 0 ? 0 : unix_ns;
    *ms = (unsigned)(unix_ns / 1000000 % 1000);
    return smk_civil_from_unix(unix_ns / 1000000000);
}

const char *smk_words_clock(char text[SMK_UNIT_MAX], int64_t unix_ns)
{
    unsigned ms;
    struct smk_civil c = civil_of(unix_ns, &ms);
    snprintf(text, SMK_UNIT_MAX, "%02u:%02u:%02u.%03u", (unsigned)c.hour % 24, (unsigned)c.minute % 60,
             (unsigned)c.second % 60, ms);
    return text;
}

const char *smk_words_date(char text[SMK_UNIT_MAX], int64_t unix_ns)
{
    unsigned ms;
    struct smk_civil c = civil_of(unix_ns, &ms);
    snprintf(text, SMK_UNIT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)c.year % 10000,
             (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 24,
             (unsigned)c.minute % 60, (unsigned)c.second % 60, ms);
    return text;
}
