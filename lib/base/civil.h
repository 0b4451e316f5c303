/* civil.h: date and time of day in UTC. gmtime_r of libc may read the time zone's files and allocate,
 * the first time; in somebody else's process we do neither. The algorithm is Howard Hinnant's
 * "civil_from_days" (chrono-compatible low-level date algorithms, 2013). Header only.
 */
#ifndef SMK_BASE_CIVIL_H
#define SMK_BASE_CIVIL_H

#include "base/compiler.h"

struct smk_civil {
    int year, month, day, hour, minute, second;
    int weekday; /* 0: Sunday */
};

/* `seconds` since 1970, not negative. */
static inline struct smk_civil smk_civil_from_unix(int64_t seconds)
{
    int64_t days = seconds / 86400;
    int left = (int)(seconds % 86400);
    int64_t shifted = days + 719468; /* since 0000-03-01: the leap day is a year's last */
    int64_t era = shifted / 146097;
    int day_of_era = (int)(shifted % 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153; /* 0: March */
    struct smk_civil civil = {
        .year = (int)(era * 400) + year_of_era + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = left / 3600,
        .minute = left / 60 % 60,
        .second = left % 60,
        .weekday = (int)((days + 4) % 7),
    };
    return civil;
}

#endif
