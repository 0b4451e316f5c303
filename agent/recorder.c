#include "recorder.h"

#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/errors.h"
#include "box_ask.h"
#include "core/box.h"
#include "core/capture.h"
#include "core/init.h"
#include "core/kept.h"
#include "core/pool.h"
#include "format/events.h"
#include "log.h"
#include "recorder_spec.h"
#include "source/cgroup_memory.h"
#include "store.h"

#define BOX_REACH_NS UINT64_C(10000000000) /* where nobody says how far back */
#define BUFFER_LEAST UINT64_C(524288)

static struct {
    struct smk_recorder_spec spec;
    struct {
        bool wanted;
        uint32_t categories;
        uint64_t reach_ns; /* 0: all */
    } by[SMK_RECORDER_BY_COUNT];
    char why[SMK_AGENT_WHY]; /* why it is off though the option asks for it; "" */
} recorder;

static const char *const by_names[] = {"option", "rules", "crash box"};

/* ---- on and off ------------------------------------------------------------------------------------------- */

static uint32_t all_categories(void)
{
    uint32_t categories = 0;
    for (unsigned i = 0; i < SMK_RECORDER_BY_COUNT; i++)
        if (recorder.by[i].wanted)
            categories |= recorder.by[i].categories;
    return categories;
}

int smk_recorder_want(enum smk_recorder_by by, uint32_t categories, uint64_t reach_ns)
{
    if (recorder.spec.never)
        return smk_fail(SMK_E_UNAVAILABLE, "the flight recorder is off for good in this process: recorder = never");
    uint32_t wanted = categories ? categories : smk_categories_recorder();
    uint32_t all = all_categories() | wanted;
    int rc = all == smk_recorder_categories() ? 0 : smk_recorder_set(all);
    if (rc < 0)
        return rc;
    recorder.by[by].wanted = true;
    recorder.by[by].categories = wanted;
    recorder.by[by].reach_ns = reach_ns;
    smk_box_set_recorder(all, smk_recorder_reach_ns());
    return 0;
}

void smk_recorder_unwant(enum smk_recorder_by by)
{
    if (!recorder.by[by].wanted)
        return;
    recorder.by[by].wanted = false;
    smk_recorder_set(all_categories());
}

/* ---- looking ---------------------------------------------------------------------------------------------- */

bool smk_recorder_is_on(void) { return smk_recorder_categories() != 0; }

uint64_t smk_recorder_reach_ns(void)
{
    uint64_t reach = 0;
    for (unsigned i = 0; i < SMK_RECORDER_BY_COUNT; i++) {
        if (recorder.by[i].wanted && recorder.by[i].reach_ns == 0)
            return 0;
        if (recorder.by[i].wanted)
            reach = smk_max_u64(reach, recorder.by[i].reach_ns);
    }
    return reach;
}

uint64_t smk_recorder_option_ns(void) { return recorder.spec.on ? recorder.spec.age_ns : 0; }

uint64_t smk_recorder_preroll_ns(void)
{
    uint64_t window = smk_recorder_window_ns(), reach = smk_recorder_reach_ns();
    return reach ? smk_min_u64(window, reach) : window;
}

const char *smk_recorder_why_off(void)
{
    if (smk_recorder_is_on())
        return NULL;
    if (recorder.why[0])
        return recorder.why;
    return recorder.spec.never ? "recorder = never" : "recorder=off; recorder=10s turns it on";
}

uint64_t smk_recorder_bytes(void)
{
    return smk_recorder_is_on() ? smk_pool_bytes() + smk_kept_bytes() : 0;
}

void smk_recorder_format_by(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < SMK_RECORDER_BY_COUNT && used < size; i++)
        if (recorder.by[i].wanted)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", by_names[i]);
}

/* ---- the buffer's size --------------------------------------------------------------------------------------- */

/* Two hundredths of what the process may use, where that is less than the default, whether it is on already or a
 * rule turns it on; a size that somebody chose stands. */
static uint64_t buffer_bytes(void)
{
    const struct smk_settings *settings = &smk_agent.settings;
    struct smk_cgroup_memory memory;
    if (recorder.spec.bytes)
        return recorder.spec.bytes;
    if (settings->buffer != SMK_POOL_BYTES_DEFAULT)
        return settings->buffer;
    smk_cgroup_memory_read("/proc/self/cgroup", "/sys/fs/cgroup", &memory);
    return smk_max_u64(smk_min_u64(memory.limit / 50, settings->buffer), BUFFER_LEAST);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void smk_recorder_begin(void)
{
    const char *text = smk_agent.settings.recorder;
    memset(&recorder, 0, sizeof recorder);
    if (text)
        smk_recorder_parse(text, strlen(text), &recorder.spec);
    uint64_t bytes = buffer_bytes();
    if (smk_core_set_pool_bytes(smk_max_u64(bytes - smk_kept_share(bytes), SMK_POOL_BYTES_MIN)) < 0)
        snprintf(smk_agent.buffer_why, sizeof smk_agent.buffer_why, "%s", smk_last_error());
}

/* What the watcher writes when we are gone goes where our captures go. */
static void begin_box(void)
{
    struct smk_directory *directory = smk_store_directory();
    uint64_t reach = recorder.spec.on ? recorder.spec.age_ns : BOX_REACH_NS;
    if (!smk_box_offered())
        return;
    if (smk_recorder_want(SMK_RECORDER_BY_BOX, 0, reach) < 0)
        smk_agent_log("no crash box: %s", smk_last_error());
    else if (!smk_box())
        smk_agent_log("no crash box: its memory could not be mapped, or the buffer was there before it");
    if (directory)
        smk_box_set_directory(directory->path);
    smk_box_set_recorder(smk_recorder_categories(), smk_recorder_reach_ns());
}

void smk_recorder_begin_recording(void)
{
    smk_box_ask();
    if (recorder.spec.on && smk_recorder_want(SMK_RECORDER_BY_OPTION, 0, recorder.spec.age_ns) < 0)
        snprintf(recorder.why, sizeof recorder.why, "%s", smk_last_error());
    begin_box();
}

void smk_recorder_end(void)
{
    if (smk_recorder_is_on())
        smk_recorder_set(0);
    memset(&recorder, 0, sizeof recorder);
}

void smk_recorder_reset_in_child(void) { memset(&recorder, 0, sizeof recorder); }
