/* moment_parse.c: a time that somebody wrote, in ns of the trace. */
#include <stdio.h>
#include <string.h>

#include "analysis/moment.h"
#include "analysis/words.h"
#include "base/civil.h"
#include "base/errors.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_NS    (86400 * SECOND_NS)

/* Decimal digits, at most `most` of them. */
static bool digits(const char **at, unsigned most, uint64_t *value)
{
    const char *from = *at;
    for (*value = 0; **at >= '0' && **at <= '9' && *at - from < (long)most; (*at)++)
        *value = *value * 10 + (uint64_t)(**at - '0');
    return *at > from;
}

/* ".350" in ns of a unit of `unit`; nothing is 0. */
static bool fraction(const char **at, uint64_t unit, uint64_t *ns)
{
    *ns = 0;
    if (**at != '.')
        return true;
    (*at)++;
    const char *from = *at;
    for (uint64_t place = unit / 10; **at >= '0' && **at <= '9'; (*at)++, place /= 10)
        *ns += (uint64_t)(**at - '0') * place;
    return *at > from;
}

/* "+2.35s", "+350ms". */
static bool since_begin(const char *text, uint64_t *ns)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}, {"m", 60 * UINT64_C(1000000000)}};
    const char *at = text + 1, *unit = at + strspn(at, "0123456789.");
    uint64_t whole, part;
    for (size_t i = 0; i < SMK_ARRAY_LEN(units); i++)
        if (strcmp(unit, units[i].name) == 0 || (i == 0 && *unit == '\0')) {
            if (!digits(&at, 9, &whole) || !fraction(&at, units[i].ns, &part) || at != unit)
                return false;
            *ns = whole * units[i].ns + part;
            return true;
        }
    return false;
}

/* "14:02:09.350" and "14:02" as ns of a day. */
static bool of_day(const char **at, int64_t *ns)
{
    uint64_t hour, minute, second = 0, part = 0;
    if (!digits(at, 2, &hour) || **at != ':')
        return false;
    (*at)++;
    if (!digits(at, 2, &minute))
        return false;
    if (**at == ':') {
        (*at)++;
        if (!digits(at, 2, &second) || !fraction(at, 1000000000, &part))
            return false;
    }
    *ns = (int64_t)(((hour * 60 + minute) * 60 + second) * 1000000000 + part);
    return hour < 24 && minute < 60 && second < 61;
}

/* The clock's time on the trace's first day, or on the next where it began before midnight. */
static bool by_clock(const char *text, const smk_trace_info *info, int64_t *unix_ns)
{
    int64_t first = (int64_t)info->first + info->realtime_offset, ns;
    const char *at = text, *day_end = strchr(text, 'T');
    int64_t day = first - (first % DAY_NS + DAY_NS) % DAY_NS;
    if (day_end) {
        char date[SMK_UNIT_MAX];
        smk_words_date(date, first);
        if (strncmp(text, date, 11) != 0)
            smk_words_date(date, first + DAY_NS);
        if (strncmp(text, date, 11) != 0)
            return false;
        at = day_end + 1;
    }
    if (!of_day(&at, &ns) || (*at == 'Z' ? at[1] : at[0]) != '\0')
        return false;
    *unix_ns = day + ns;
    if (*unix_ns < first - SECOND_NS) /* the day after */
        *unix_ns += DAY_NS;
    return true;
}

static int no_time(const char *text)
{
    return smk_fail(SMK_E_INVALID,
                    "'%.60s' is no time; allowed is a time of day in UTC (14:02:09.350), one since the trace began "
                    "(+2.35s, +350ms), or a number of ns",
                    text);
}

int smk_moment_check(const char *text)
{
    const char *day_end = strchr(text, 'T'), *at = text, *clock = day_end ? day_end + 1 : text;
    uint64_t ns;
    int64_t of;
    if (text[0] == '+' && since_begin(text, &ns))
        return 0;
    if (digits(&at, 19, &ns) && *at == '\0')
        return 0;
    return of_day(&clock, &of) && (*clock == 'Z' ? clock[1] : clock[0]) == '\0' ? 0 : no_time(text);
}

static uint64_t last_of(smk_trace *trace, const smk_trace_info *info)
{
    uint64_t last = info->last;
    for (uint32_t i = 0; i < info->processes; i++)
        last = smk_max_u64(last, smk_trace_process_at(trace, i)->last);
    return last;
}

int smk_moment_parse(uint64_t *time, smk_trace *trace, const char *text)
{
    const smk_trace_info *info = smk_trace_get_info(trace);
    char from[SMK_UNIT_MAX], to[SMK_UNIT_MAX], length[SMK_UNIT_MAX];
    uint64_t last = last_of(trace, info), ns = 0;
    int64_t unix_ns;
    const char *at = text;
    if (text[0] == '+' && since_begin(text, &ns))
        *time = info->first + ns;
    else if (digits(&at, 19, &ns) && *at == '\0')
        *time = ns;
    else if (by_clock(text, info, &unix_ns))
        *time = (uint64_t)(unix_ns - info->realtime_offset);
    else
        return no_time(text);
    if (*time >= info->first && *time <= last)
        return 0;
    return smk_fail(SMK_E_NOTFOUND, "'%.60s' lies outside of the trace; allowed is %s to %s UTC, or +0s to +%s", text,
                    smk_words_clock(from, (int64_t)info->first + info->realtime_offset),
                    smk_words_clock(to, (int64_t)last + info->realtime_offset),
                    smk_words_ns(length, last - info->first));
}
