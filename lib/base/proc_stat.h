/* proc_stat.h: the line that /proc/PID/stat and /proc/PID/task/TID/stat are: "4711 (name) S 4710 …". Header only.
 *
 * The name is as its owner chose it, brackets and spaces too, so what stands behind it is counted from the last
 * closing bracket.
 */
#ifndef SMK_BASE_PROC_STAT_H
#define SMK_BASE_PROC_STAT_H

#include <string.h>

#include "base/compiler.h"

/* Fields as proc(5) counts them. */
enum {
    SMK_STAT_STATE = 3,
    SMK_STAT_PARENT = 4,
    SMK_STAT_USER_TICKS = 14,
    SMK_STAT_SYSTEM_TICKS = 15,
    SMK_STAT_THREADS = 20,
};

struct smk_proc_stat {
    const char *name; /* in the text; no NUL behind it */
    size_t name_len;
    char state;         /* 'R', 'S', 'D', 'T', 'Z' … */
    const char *behind; /* the bracket that ends the name, NUL at the text's end */
};

/* False: the text is no such line. */
static inline bool smk_proc_stat_parse(struct smk_proc_stat *stat, const char *text)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open || close[1] != ' ')
        return false;
    *stat = (struct smk_proc_stat){open + 1, (size_t)(close - open - 1), close[2], close};
    return true;
}

/* A field behind the state, a number that is not negative; 0 when it is not there. */
static inline uint64_t smk_proc_stat_number(const struct smk_proc_stat *stat, unsigned field)
{
    uint64_t number = 0;
    const char *at = stat->behind;
    for (unsigned before = SMK_STAT_STATE - 1; at && before < field; before++)
        at = strchr(at + 1, ' ');
    for (at = at ? at + 1 : ""; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    return number;
}

#endif
