/* perfetto_packet.c: packets, events, tracks. */
#include "export/perfetto.h"

#include <string.h>

#define SEQUENCE     1u
#define NAMES_MAX    262144u /* of more names each event carries its own */
#define FLAG_CLEARED 1u
#define FLAG_NEEDED  2u

void perfetto_packet(struct perfetto *to, uint64_t time)
{
    smk_proto_begin(&to->proto, PF_TRACE_PACKET);
    smk_proto_number(&to->proto, PF_PACKET_TIMESTAMP, time);
    smk_proto_number(&to->proto, PF_PACKET_SEQUENCE, SEQUENCE);
    smk_proto_number(&to->proto, PF_PACKET_FLAGS, FLAG_NEEDED);
}

void perfetto_packet_end(struct perfetto *to)
{
    smk_proto_end(&to->proto);
    smk_proto_flush(&to->proto, &to->exporter->out);
}

static void put_clock(struct smk_proto *proto, unsigned clock, uint64_t time)
{
    smk_proto_begin(proto, 1);
    smk_proto_number(proto, 1, clock);
    smk_proto_number(proto, 2, time);
    smk_proto_end(proto);
}

/* Times are CLOCK_MONOTONIC, which the snapshots make the trace's own clock. */
static void put_clocks(struct perfetto *to)
{
    struct smk_proto *proto = &to->proto;
    smk_clock_info pair;
    for (size_t i = 0; smk_trace_clock_at(to->exporter->trace, i, &pair); i++) {
        smk_proto_begin(proto, PF_TRACE_PACKET);
        smk_proto_number(proto, PF_PACKET_SEQUENCE, SEQUENCE);
        smk_proto_begin(proto, PF_PACKET_CLOCK_SNAPSHOT);
        put_clock(proto, PF_CLOCK_MONOTONIC, pair.monotonic);
        put_clock(proto, PF_CLOCK_REALTIME, pair.realtime);
        smk_proto_number(proto, 2, PF_CLOCK_MONOTONIC);
        smk_proto_end(proto);
        perfetto_packet_end(to);
    }
}

void perfetto_head(struct perfetto *to)
{
    struct smk_proto *proto = &to->proto;
    put_clocks(to);
    smk_proto_begin(proto, PF_TRACE_PACKET);
    smk_proto_number(proto, PF_PACKET_SEQUENCE, SEQUENCE);
    smk_proto_number(proto, PF_PACKET_FLAGS, FLAG_CLEARED | FLAG_NEEDED);
    smk_proto_begin(proto, PF_PACKET_DEFAULTS);
    smk_proto_number(proto, PF_PACKET_CLOCK, PF_CLOCK_MONOTONIC);
    smk_proto_end(proto);
    perfetto_packet_end(to);
}

/* ---- names ---------------------------------------------------------------------------------------------- */

static bool keep_name(struct perfetto *to, uint64_t hash, const char *name)
{
    struct smk_mem *mem = &to->exporter->mem;
    size_t len = strlen(name) + 1;
    char *copy = NULL;
    if (!smk_mem_grow(mem, &to->name_texts, &to->name_capacity, to->name_count + 1u) ||
        !(copy = smk_mem_new(mem, len)) || !smk_map_put(&to->names, mem, hash, to->name_count)) {
        smk_mem_free(mem, copy, len);
        return false;
    }
    memcpy(copy, name, len);
    to->name_texts[to->name_count++] = copy;
    return true;
}

/* Its iid; 0: it is to be written out. */
static uint32_t intern_name(struct perfetto *to, const char *name)
{
    uint64_t hash = smk_hash_bytes(name, strlen(name));
    uint32_t index = smk_map_get(&to->names, hash);
    if (index != SMK_MAP_NONE)
        return strcmp(to->name_texts[index], name) == 0 ? index + 1 : 0;
    if (to->name_count >= NAMES_MAX || !keep_name(to, hash, name))
        return 0;
    smk_proto_begin(&to->proto, PF_TRACE_PACKET);
    smk_proto_number(&to->proto, PF_PACKET_SEQUENCE, SEQUENCE);
    smk_proto_number(&to->proto, PF_PACKET_FLAGS, FLAG_NEEDED);
    smk_proto_begin(&to->proto, PF_PACKET_INTERNED);
    smk_proto_begin(&to->proto, 2);
    smk_proto_number(&to->proto, 1, to->name_count);
    smk_proto_text(&to->proto, 2, name);
    smk_proto_end(&to->proto);
    smk_proto_end(&to->proto);
    perfetto_packet_end(to);
    return to->name_count;
}

/* ---- events --------------------------------------------------------------------------------------------- */

void perfetto_event(struct perfetto *to, unsigned type, uint64_t time, uint64_t track, const char *category,
                    const char *name)
{
    uint32_t iid = name ? intern_name(to, name) : 0;
    perfetto_packet(to, time);
    smk_proto_begin(&to->proto, PF_PACKET_TRACK_EVENT);
    smk_proto_number(&to->proto, PF_EVENT_TYPE, type);
    smk_proto_number(&to->proto, PF_EVENT_TRACK, track);
    if (category)
        smk_proto_text(&to->proto, PF_EVENT_CATEGORY, category);
    if (iid)
        smk_proto_number(&to->proto, PF_EVENT_NAME_IID, iid);
    else if (name)
        smk_proto_text(&to->proto, PF_EVENT_NAME, name);
}

void perfetto_event_end(struct perfetto *to)
{
    smk_proto_end(&to->proto);
    perfetto_packet_end(to);
}

void perfetto_slice_end(struct perfetto *to, uint64_t time, uint64_t track)
{
    perfetto_event(to, PF_SLICE_END, time, track, NULL, NULL);
    perfetto_event_end(to);
}

static void begin_annotation(struct perfetto *to, const char *key)
{
    smk_proto_begin(&to->proto, PF_EVENT_ANNOTATION);
    smk_proto_text(&to->proto, 10, key);
}

void perfetto_text(struct perfetto *to, const char *key, const char *value)
{
    if (!value[0])
        return;
    begin_annotation(to, key);
    smk_proto_text(&to->proto, 6, value);
    smk_proto_end(&to->proto);
}

void perfetto_number(struct perfetto *to, const char *key, uint64_t value)
{
    begin_annotation(to, key);
    smk_proto_number(&to->proto, 3, value);
    smk_proto_end(&to->proto);
}

void perfetto_signed(struct perfetto *to, const char *key, int64_t value)
{
    begin_annotation(to, key);
    smk_proto_signed(&to->proto, 4, value);
    smk_proto_end(&to->proto);
}

void perfetto_pointer(struct perfetto *to, const char *key, uint64_t value)
{
    begin_annotation(to, key);
    smk_proto_number(&to->proto, 7, value);
    smk_proto_end(&to->proto);
}

/* ---- tracks --------------------------------------------------------------------------------------------- */

static void begin_track(struct perfetto *to, uint64_t track, uint64_t parent, const char *name)
{
    smk_proto_begin(&to->proto, PF_TRACE_PACKET);
    smk_proto_number(&to->proto, PF_PACKET_SEQUENCE, SEQUENCE);
    smk_proto_begin(&to->proto, PF_PACKET_TRACK);
    smk_proto_number(&to->proto, 1, track);
    if (parent)
        smk_proto_number(&to->proto, 5, parent);
    if (name)
        smk_proto_text(&to->proto, 2, name);
}

static void end_track(struct perfetto *to)
{
    smk_proto_end(&to->proto);
    perfetto_packet_end(to);
}

void perfetto_track_named(struct perfetto *to, uint64_t track, uint64_t parent, const char *name, const char *unit)
{
    begin_track(to, track, parent, name);
    if (unit) {
        smk_proto_begin(&to->proto, 8);
        smk_proto_text(&to->proto, 6, unit);
        smk_proto_end(&to->proto);
    }
    end_track(to);
}

/* A process is Perfetto's by its pid, so of two captures of one only the first is. */
static bool has_own_pid(const struct smk_exporter *exporter, const smk_process_info *info)
{
    for (uint32_t i = 0; i < info->process; i++)
        if (smk_export_pid(exporter, i) == info->pid)
            return false;
    return info->pid != 0 && info->pid <= INT32_MAX && !info->by_realtime;
}

struct perfetto_process *perfetto_process_of(struct perfetto *to, uint32_t process)
{
    struct smk_export_text name;
    struct perfetto_process *state = &to->processes[process];
    const smk_process_info *info = smk_trace_process_at(to->exporter->trace, process);
    if (state->told || !info)
        return state;
    state->told = true;
    state->own_pid = has_own_pid(to->exporter, info);
    smk_export_process(to->exporter, &name, process);
    begin_track(to, perfetto_track(PT_PROCESS, process, 0), 0, state->own_pid ? NULL : name.text);
    if (state->own_pid) {
        smk_proto_begin(&to->proto, 3);
        smk_proto_number(&to->proto, 1, info->pid);
        smk_proto_text(&to->proto, 6, smk_export_clean(&name, smk_program_of(info)));
        smk_proto_end(&to->proto);
    }
    end_track(to);
    return state;
}

static void tell_thread(struct perfetto *to, const struct perfetto_thread *thread)
{
    struct smk_export_text name;
    smk_export_thread(to->exporter, &name, thread->serial);
    begin_track(to, perfetto_track(PT_THREAD, 0, thread->serial), perfetto_track(PT_PROCESS, thread->process, 0),
                thread->own_tid ? NULL : name.text);
    if (thread->own_tid) {
        smk_proto_begin(&to->proto, 4);
        smk_proto_number(&to->proto, 1, smk_export_pid(to->exporter, thread->process));
        smk_proto_number(&to->proto, 2, thread->tid);
        smk_proto_text(&to->proto, 5, name.text);
        smk_proto_end(&to->proto);
    }
    end_track(to);
}

struct perfetto_thread *perfetto_thread_of(struct perfetto *to, uint32_t serial, uint32_t process)
{
    struct smk_mem *mem = &to->exporter->mem;
    uint32_t index = smk_map_get(&to->by_serial, serial);
    if (index != SMK_MAP_NONE)
        return &to->threads[index];
    bool own_pid = perfetto_process_of(to, process)->own_pid;
    index = to->thread_count;
    if (!smk_mem_grow(mem, &to->threads, &to->thread_capacity, index + 1u) ||
        !smk_map_put(&to->by_serial, mem, serial, index))
        return NULL;
    struct perfetto_thread *thread = &to->threads[to->thread_count++];
    *thread = (struct perfetto_thread){.serial = serial, .process = process};
    thread->tid = smk_export_tid_of(to->exporter, serial);
    thread->own_tid = own_pid && thread->tid != 0 && thread->tid <= INT32_MAX &&
                      smk_map_get(&to->by_tid, thread->tid) == SMK_MAP_NONE;
    if (thread->own_tid)
        smk_map_put(&to->by_tid, mem, thread->tid, index);
    tell_thread(to, thread);
    return thread;
}
