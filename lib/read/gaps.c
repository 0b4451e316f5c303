/* gaps.c: what a file says was not recorded (SMK_FACT_GAPS). Asked for seldom, so it is read anew each time. */
#include <stdlib.h>
#include <string.h>

#include "format/events.h"
#include "format/tables.h"
#include "read/trace.h"

static uint64_t to_ns(const struct smk_process *process, uint64_t time)
{
    const struct smk_clock_stretch *stretch = NULL;
    return smk_clocks_ns(&process->clocks, &stretch, time);
}

/* "net 1234 5678 budget": false where a line is none. */
static bool read_line(const struct smk_process *process, const char *line, size_t len, smk_gap *gap)
{
    size_t name = strcspn(line, " \n");
    char *end;
    if (name >= len || line[name] != ' ')
        return false;
    uint64_t from = strtoull(line + name, &end, 10), to = strtoull(end, &end, 10);
    *gap = (smk_gap){.process = process->info.process,
                     .category = smk_category_by_name(line, name),
                     .reason = "budget"};
    gap->from = smk_max_u64(to_ns(process, from), process->info.first);
    gap->to = to ? smk_min_u64(to_ns(process, to), process->info.last) : process->info.last;
    return gap->category && *end == ' ' && gap->from < gap->to;
}

bool smk_trace_gap_at(const smk_trace *trace, size_t number, smk_gap *gap)
{
    for (uint32_t p = 0; smk_trace_process_at(trace, p); p++) {
        const char *line = smk_trace_process_fact(trace, p, SMK_FACT_GAPS);
        for (size_t len; line && *line; line += len + (line[len] == '\n')) {
            len = strcspn(line, "\n");
            if (read_line(&trace->processes[p], line, len, gap) && number-- == 0)
                return true;
        }
    }
    return false;
}
