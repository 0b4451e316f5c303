#define _GNU_SOURCE
#include "source/process_look.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "core/clock.h"
#include "core/site.h"
#include "source/sched_threads.h"

void smk_process_figures(struct smk_process_figures *figures)
{
    char text[128];
    struct stat st;
    *figures = (struct smk_process_figures){0};
    if (smk_sys_slurp("/proc/self/statm", text, sizeof text) > 0) {
        const char *resident = strchr(text, ' ');
        figures->rss_bytes = resident ? strtoull(resident, NULL, 10) * getauxval(AT_PAGESZ) : 0;
    }
    figures->usage_known = smk_sys_usage(false, &figures->usage) == 0;
    if (smk_sys_statat(AT_FDCWD, "/proc/self/fd", &st) == 0)
        figures->descriptors = (uint64_t)st.st_size;
}

static void put(struct smk_sched_thread *thread, uint64_t now, const char *name, uint64_t value)
{
    uint64_t record[] = {smk_record_head(SMK_EV_PROCESS_COUNTER, 3, 0, smk_string_id(name)), now, value};
    smk_sched_put(thread, record, SMK_ARRAY_LEN(record));
}

void smk_process_look(void)
{
    struct smk_process_figures figures;
    struct smk_sched_thread *thread = &smk_sched_list.array[0];
    if (smk_sched_list.count == 0 || thread->dead)
        return;
    uint64_t now = smk_ticks();
    smk_process_figures(&figures);
    if (figures.rss_bytes)
        put(thread, now, "rss_bytes", figures.rss_bytes);
    if (figures.usage_known) {
        put(thread, now, "minor_faults", figures.usage.minor_faults);
        put(thread, now, "major_faults", figures.usage.major_faults);
        put(thread, now, "user_us", figures.usage.user_ns / 1000);
        put(thread, now, "system_us", figures.usage.system_ns / 1000);
    }
    put(thread, now, "threads", smk_sched_list.count);
    if (figures.descriptors)
        put(thread, now, "descriptors", figures.descriptors);
}
