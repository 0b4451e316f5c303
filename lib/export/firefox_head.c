/* firefox_head.c: what stands before the threads of a profile and behind them. */
#include <stdio.h>

#include "analysis/module_files.h"
#include "export/aggregate.h"
#include "export/firefox.h"

#define PROFILE_VERSION 57 /* of the processed format: stringArray is shared, marker schemas have `fields` */
#define GECKO_VERSION   30

struct category {
    const char *name, *color;
};

static const struct category categories[FC_COUNT] = {
    [FC_OTHER] = {"Other", "grey"},
    [FC_RUNNING] = {"running", "green"},
    [FC_RUNNABLE] = {"runnable", "orange"},
    [FC_WAIT] = {"waiting", "darkgrey"},
    [FC_WAIT + SMK_WAIT_LOCK] = {"lock", "red"},
    [FC_WAIT + SMK_WAIT_COND] = {"cond", "lightred"},
    [FC_WAIT + SMK_WAIT_NET] = {"net", "blue"},
    [FC_WAIT + SMK_WAIT_POLL] = {"poll", "lightblue"},
    [FC_WAIT + SMK_WAIT_DISK] = {"disk", "brown"},
    [FC_WAIT + SMK_WAIT_SLEEP] = {"sleep", "grey"},
    [FC_WAIT + SMK_WAIT_MEMORY] = {"memory", "magenta"},
    [FC_WAIT + SMK_WAIT_JOIN] = {"join", "darkgrey"},
    [FC_WAIT + SMK_WAIT_OTHER] = {"other wait", "darkgrey"},
    [FC_REQUEST] = {"request", "purple"},
    [FC_REGION] = {"region", "yellow"},
    [FC_UNLOCK] = {"unlock", "lightred"},
    [FC_GAP] = {"not recorded", "grey"},
};

static const char schema[] =
    "\"markerSchema\":[{\"name\":\"wait\",\"tooltipLabel\":\"{marker.name}\",\"tableLabel\":\"{marker.data.what}\","
    "\"chartLabel\":\"{marker.name}\",\"display\":[\"marker-chart\",\"marker-table\",\"timeline-overview\"],"
    "\"fields\":["
    "{\"key\":\"call\",\"label\":\"Call\",\"format\":\"unique-string\"},"
    "{\"key\":\"what\",\"label\":\"Peer or file\",\"format\":\"unique-string\"},"
    "{\"key\":\"object\",\"label\":\"Lock or object\",\"format\":\"string\"},"
    "{\"key\":\"holder\",\"label\":\"Held by\",\"format\":\"unique-string\"},"
    "{\"key\":\"releaser\",\"label\":\"Released by\",\"format\":\"unique-string\"},"
    "{\"key\":\"waker\",\"label\":\"Woken by\",\"format\":\"unique-string\"},"
    "{\"key\":\"request\",\"label\":\"Request\",\"format\":\"string\"},"
    "{\"key\":\"note\",\"label\":\"Note\",\"format\":\"string\"}]}]";

static void put_category(struct smk_out *out, unsigned number)
{
    smk_out_format(out, "%s{\"name\":\"%s\",\"color\":\"%s\",\"subcategories\":[\"Other\"]}", number ? "," : "",
                   categories[number].name, categories[number].color);
}

/* A time of day in ms with its decimals, by whole numbers. */
static void put_start(struct firefox *to, const smk_trace_info *info)
{
    uint64_t ns = to->first + (uint64_t)info->realtime_offset;
    smk_out_format(&to->exporter->out, ",\"startTime\":%llu.%06llu", (unsigned long long)(ns / 1000000),
                   (unsigned long long)(ns % 1000000));
}

static void put_note(struct firefox *to)
{
    char note[128];
    if (!to->left_out)
        return;
    snprintf(note, sizeof(note), "%llu left out: markers shorter than %llu ns, and what was beyond the limits",
             (unsigned long long)to->left_out, (unsigned long long)to->least);
    smk_out_text(&to->exporter->out, ",\"extra\":[{\"label\":\"stallmark\",\"entries\":[{\"label\":\"Left out\","
                                     "\"format\":\"string\",\"value\":");
    smk_out_json(&to->exporter->out, note);
    smk_out_text(&to->exporter->out, "}]}]");
}

static void put_meta(struct firefox *to)
{
    struct smk_out *out = &to->exporter->out;
    const smk_trace_info *info = smk_trace_get_info(to->exporter->trace);
    const smk_process_info *process = smk_trace_process_at(to->exporter->trace, 0);
    struct smk_export_text text;
    uint64_t period = smk_aggregate_period(to->exporter);
    smk_out_format(out, "{\"meta\":{\"version\":%d,\"preprocessedProfileVersion\":%d,\"interval\":%llu.%06llu",
                   GECKO_VERSION, PROFILE_VERSION, (unsigned long long)(period / 1000000),
                   (unsigned long long)(period % 1000000));
    put_start(to, info);
    smk_out_text(out, ",\"processType\":0,\"stackwalk\":1,\"debug\":false,\"symbolicated\":true,\"product\":");
    smk_out_json(out, process ? smk_export_clean(&text, smk_program_of(process)) : "");
    smk_out_text(out, ",\"importedFrom\":\"stallmark\",\"oscpu\":\"Linux\",\"platform\":\"Linux\","
                      "\"usesOnlyOneStackType\":true,"
                      "\"doesNotUseFrameImplementation\":true,\"sourceCodeIsNotOnSearchfox\":true,"
                      "\"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\",\"threadCPUDelta\":\"ns\"},"
                      "\"categories\":[");
    for (unsigned i = 0; i < FC_COUNT; i++)
        put_category(out, i);
    smk_out_text(out, "],");
    smk_out_text(out, schema);
    put_note(to);
    smk_out_text(out, "},\n");
}

void firefox_put_head(struct firefox *to) { put_meta(to); }

/* ---- the end -------------------------------------------------------------------------------------------- */

static void put_module(struct firefox *to, const smk_module_info *info, bool first)
{
    struct smk_out *out = &to->exporter->out;
    struct smk_export_text path;
    char build_id[SMK_BUILD_ID_TEXT];
    smk_build_id_text(build_id, info);
    smk_export_clean(&path, info->path);
    const char *name = path.text;
    for (const char *at = path.text; *at; at++)
        if (*at == '/')
            name = at + 1;
    smk_out_text(out, first ? "\n{\"arch\":\"\",\"name\":" : ",\n{\"arch\":\"\",\"name\":");
    smk_out_json(out, name);
    smk_out_text(out, ",\"path\":");
    smk_out_json(out, path.text);
    smk_out_text(out, ",\"debugName\":");
    smk_out_json(out, name);
    smk_out_text(out, ",\"debugPath\":");
    smk_out_json(out, path.text);
    smk_out_format(out, ",\"breakpadId\":\"\",\"codeId\":\"%s\"}", build_id);
}

/* By number, as firefox_module gave them: they are known when all threads are written. */
static void put_modules(struct firefox *to)
{
    smk_out_text(&to->exporter->out, "\"libs\":[");
    for (uint32_t number = 0; number < to->module_count; number++)
        for (size_t i = 0;; i++) {
            const smk_module_info *info = smk_trace_module_at(to->exporter->trace, i);
            if (!info)
                break;
            if (smk_map_get(&to->modules, smk_map_pair(info->process + 1, info->id)) != number)
                continue;
            put_module(to, info, number == 0);
            break;
        }
    smk_out_text(&to->exporter->out, "],\n");
}

uint32_t firefox_module(struct firefox *to, const struct smk_export_frame *frame)
{
    const smk_module_info *info = smk_trace_process_module(to->exporter->trace, frame->process, frame->pc);
    if (!info)
        return SMK_MAP_NONE;
    uint64_t key = smk_map_pair(frame->process + 1, info->id);
    uint32_t number = smk_map_get(&to->modules, key);
    if (number != SMK_MAP_NONE)
        return number;
    if (!smk_map_put(&to->modules, &to->exporter->mem, key, to->module_count))
        return SMK_MAP_NONE;
    return to->module_count++;
}

/* The first of the process's threads. */
static uint32_t main_thread(const struct firefox *to, uint32_t process)
{
    for (uint32_t i = 0; i < to->thread_count; i++)
        if (to->threads[i].process == process)
            return i;
    return 0;
}

/* Values of counters are differences, added up by the reader. */
static void put_counter(struct firefox *to, uint32_t number, uint32_t first, uint32_t end)
{
    struct smk_out *out = &to->exporter->out;
    const struct firefox_counter *counter = &to->counters[number];
    smk_out_text(out, "{\"name\":");
    smk_out_json(out, to->texts[counter->name].text);
    smk_out_format(out, ",\"category\":\"counter\",\"description\":\"\",\"pid\":\"%u\",\"mainThreadIndex\":%u,"
                        "\"samples\":{\"time\":[",
                   smk_export_pid(to->exporter, counter->process), main_thread(to, counter->process));
    for (uint32_t i = first; i < end; i++) {
        smk_out_text(out, i > first ? "," : "");
        firefox_ms(to, to->counts[i].time);
    }
    smk_out_text(out, "],\"count\":[");
    for (uint32_t i = first; i < end; i++) {
        uint64_t before = i > first ? (uint64_t)to->counts[i - 1].value : 0;
        smk_out_format(out, "%s%lld", i > first ? "," : "", (long long)((uint64_t)to->counts[i].value - before));
    }
    smk_out_format(out, "],\"length\":%u}}", end - first);
}

static void put_counters(struct firefox *to)
{
    uint32_t at = 0;
    bool any = false;
    smk_out_text(&to->exporter->out, "\"counters\":[");
    for (uint32_t i = 0; i < to->counter_count; i++) {
        uint32_t end = at;
        while (end < to->count_count && to->counts[end].counter == i)
            end++;
        if (end > at && to->thread_count > 0) {
            smk_out_text(&to->exporter->out, any ? ",\n" : "\n");
            put_counter(to, i, at, end);
            any = true;
        }
        at = end;
    }
    smk_out_text(&to->exporter->out, "],\n");
}

void firefox_put_tail(struct firefox *to)
{
    struct smk_out *out = &to->exporter->out;
    put_modules(to);
    put_counters(to);
    smk_out_text(out, "\"pages\":[],\"shared\":{\"stringArray\":[");
    for (uint32_t i = 0; i < to->text_count; i++) {
        smk_out_text(out, i ? "," : "");
        smk_out_json(out, to->texts[i].text);
    }
    smk_out_text(out, "]}}\n");
}
