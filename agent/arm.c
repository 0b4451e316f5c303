/* arm.c: what a client asks of a capture, out of its query. */
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
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
    {"pid", "of this process"},
    {"wait", "1: the answer is the file"},
    {"join", "1: where one runs already, that one"},
    {NULL, NULL},
};

const struct smk_parameter smk_snapshot_parameters[] = {
    {"before", "how far back, 1ms to 24h; all that there is"},
    {"after", "how much of what comes, up to max_duration; nothing"},
    {"max_bytes", "size of the file at most, 256KiB to max_bytes_limit"},
    {"name", "1 to 63 characters, kept in the file"},
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

static int parse_pid(const struct smk_query *query)
{
    uint64_t own = (uint64_t)smk_sys_getpid(), pid = own;
    int rc = smk_query_count(query, "pid", 1, UINT32_MAX, &pid);
    if (rc == 0 && pid != own)
        rc = smk_fail(SMK_E_INVALID, "pid is %llu; allowed is %llu, this process", (unsigned long long)pid,
                      (unsigned long long)own);
    return rc;
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
        rc = parse_pid(query);
    if (rc == 0)
        rc = smk_query_flag(query, "wait", &arm->wait);
    return rc == 0 ? smk_query_flag(query, "join", &arm->join) : rc;
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
    return rc == 0 ? smk_query_flag(query, "wait", &arm->wait) : rc;
}
