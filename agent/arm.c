/* arm.c: what a client asks of a capture, out of its query. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
#include "family.h"
#include "format/events.h"
#include "routes.h"

#define DAY_NS UINT64_C(86400000000000)

const struct smk_parameter smk_trace_parameters[] = {
    {"duration", "how long, 10ms to max_duration; 5s"},
    {"categories", "what: names with commas, +name, -name, all, default"},
    {"max_bytes", "size of the file at most, 256KiB to max_bytes_limit"},
    {"rotate_bytes", "size of a segment, 256KiB or more"},
    {"rotate_every", "length of a segment, 100ms or more"},
    {"keep_segments", "closed segments that are kept, 1 to 100000; all"},
    {"name", "1 to 63 characters, kept in the file"},
    {"pid", "processes of the family, with commas; all"},
    {"wait", "1: the answer is the file"},
    {"join", "1: where one runs already, that one"},
    {"dryrun", "1: nothing is kept; the answer is what to expect of it"},
    {NULL, NULL},
};

const struct smk_parameter smk_snapshot_parameters[] = {
    {"before", "how far back, 1ms to 24h; all that the recorder keeps"},
    {"after", "how much of what comes, up to max_duration; nothing"},
    {"max_bytes", "size of the file at most, 256KiB to max_bytes_limit"},
    {"name", "1 to 63 characters, kept in the file"},
    {"pid", "processes of the family, with commas; all"},
    {"wait", "1: the answer is the file"},
    {NULL, NULL},
};

static int parse_name(const struct smk_query *query, struct smk_arm *arm)
{
    const char *name = smk_query_get(query, "name");
    if (!name)
        return 0;
    size_t len = strlen(name);
    if (len == 0 || len >= sizeof arm->name)
        return smk_fail(SMK_E_INVALID, "name has %u bytes; allowed are 1 to %u", (unsigned)len,
                        (unsigned)sizeof arm->name - 1);
    memcpy(arm->name, name, len + 1);
    return 0;
}

static int parse_max_bytes(const struct smk_query *query, struct smk_arm *arm)
{
    arm->max_bytes = smk_agent.settings.max_bytes;
    arm->max_bytes_given = smk_query_get(query, "max_bytes") != NULL;
    return smk_query_bytes(query, "max_bytes", SMK_MAX_BYTES_MIN, smk_agent.settings.max_bytes_limit,
                           &arm->max_bytes);
}

/* "4711, 4712 and 4713": who may be named. */
static void put_allowed(char *text, size_t size)
{
    struct smk_family_process others[SMK_FAMILY_MAX];
    uint32_t count = smk_family_is_first() ? smk_family_others(others) : 0;
    size_t used = (size_t)snprintf(text, size, "%d, this process", smk_sys_getpid());
    for (uint32_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, ", %d", others[i].pid);
    if (!smk_family_is_first() && smk_family_first() != 0 && used < size)
        snprintf(text + used, size - used, "; the others of its family are asked at its first, %d", smk_family_first());
}

static bool may_be_named(uint64_t pid)
{
    return pid == (uint64_t)smk_sys_getpid() ||
           (pid <= INT32_MAX && smk_family_is_first() && smk_family_has((int)pid));
}

static int parse_pids(const struct smk_query *query, struct smk_arm *arm)
{
    const char *at = smk_query_get(query, "pid");
    for (bool more = at != NULL; more;) {
        char allowed[512], *end;
        uint64_t pid = *at >= '1' && *at <= '9' ? strtoull(at, &end, 10) : 0;
        bool good = pid != 0 && (*end == '\0' || *end == ',') && may_be_named(pid);
        if (!good || arm->pid_count == SMK_FAMILY_MAX) {
            put_allowed(allowed, sizeof allowed);
            return smk_fail(SMK_E_INVALID, "pid is %.60s; allowed is %s", smk_query_get(query, "pid"), allowed);
        }
        arm->pids[arm->pid_count++] = (int)pid;
        more = *end == ',';
        at = end + 1;
    }
    return 0;
}

static int parse_rotation(const struct smk_query *query, struct smk_arm *arm)
{
    int rc = smk_query_bytes(query, "rotate_bytes", SMK_ROTATE_BYTES_MIN, smk_agent.settings.max_bytes_limit,
                             &arm->rotate_bytes);
    if (rc == 0)
        rc = smk_query_time(query, "rotate_every", SMK_ROTATE_EVERY_MIN_NS, DAY_NS, &arm->rotate_every_ns);
    if (rc == 0)
        rc = smk_query_count(query, "keep_segments", 1, 100000, &arm->keep_segments);
    if (rc == 0 && arm->keep_segments && !arm->rotate_bytes && !arm->rotate_every_ns)
        rc = smk_fail(SMK_E_INVALID, "keep_segments: allowed only with rotate_bytes or rotate_every");
    return rc;
}

int smk_arm_parse_timed(const struct smk_query *query, struct smk_arm *arm)
{
    *arm = (struct smk_arm){.kind = SMK_CAPTURE_TIMED,
                            .categories = smk_categories_timed(),
                            .duration_ns = smk_min_u64(SMK_DURATION_NORMAL, smk_agent.settings.max_duration)};
    const char *categories = smk_query_get(query, "categories");
    int rc = smk_query_time(query, "duration", SMK_DURATION_LEAST, smk_agent.settings.max_duration,
                            &arm->duration_ns);
    if (rc == 0 && categories)
        rc = smk_categories_parse(categories, strlen(categories), &arm->categories);
    if (rc == 0)
        rc = parse_max_bytes(query, arm);
    if (rc == 0)
        rc = parse_rotation(query, arm);
    if (rc == 0)
        rc = parse_name(query, arm);
    if (rc == 0)
        rc = parse_pids(query, arm);
    if (rc == 0)
        rc = smk_query_flag(query, "wait", &arm->wait);
    if (rc == 0)
        rc = smk_query_flag(query, "join", &arm->join);
    return rc == 0 ? smk_query_flag(query, "dryrun", &arm->dryrun) : rc;
}

int smk_arm_parse_snapshot(const struct smk_query *query, struct smk_arm *arm)
{
    *arm = (struct smk_arm){.kind = SMK_CAPTURE_SNAPSHOT, .categories = smk_recorder_categories()};
    int rc = smk_query_time(query, "before", 1000000, DAY_NS, &arm->before_ns);
    if (rc == 0)
        rc = smk_query_time(query, "after", 0, smk_agent.settings.max_duration, &arm->after_ns);
    if (rc == 0)
        rc = parse_max_bytes(query, arm);
    if (rc == 0)
        rc = parse_name(query, arm);
    if (rc == 0)
        rc = parse_pids(query, arm);
    return rc == 0 ? smk_query_flag(query, "wait", &arm->wait) : rc;
}
