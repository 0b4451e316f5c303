/* capture_id.c: ids of captures. */
#include <stdio.h>

#include "base/civil.h"
#include "base/sys.h"
#include "core/capture.h"

/* 20260131t235959123-k3v9x0q1: UTC to the millisecond, so that names sort by age, and 40 random bits,
 * so that no two processes make the same one. Base 32 without letters that look like digits. */
void smk_capture_new_id(char id[SMK_CAPTURE_ID_SIZE])
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint64_t now = smk_sys_clock(CLOCK_REALTIME);
    uint64_t bits = now ^ (uint64_t)smk_sys_getpid() << 40;
    struct smk_civil utc = smk_civil_from_unix((int64_t)(now / 1000000000u));
    smk_sys_random(&bits, sizeof bits);
    int n = snprintf(id, SMK_CAPTURE_ID_SIZE, "%04d%02d%02dt%02d%02d%02d%03d-", utc.year, utc.month,
                     utc.day, utc.hour, utc.minute, utc.second, (int)(now / 1000000u % 1000u));
    for (int i = 0; i < 8; i++, bits >>= 5)
        id[n++] = digits[bits & 31];
    id[n] = '\0';
}
