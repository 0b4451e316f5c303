/* names.c: exporter.h's names, escaped and cut. */
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "export/exporter.h"

static const char ellipsis[] = "…";

const char *smk_export_clean(struct smk_export_text *to, const char *text)
{
    size_t len = text ? strlen(text) : 0, used = 0;
    size_t n = len ? smk_escape(to->text, sizeof(to->text) - sizeof(ellipsis), text, len, 0, &used) : 0;
    if (used < len) {
        memcpy(to->text + n, ellipsis, sizeof(ellipsis) - 1);
        n += sizeof(ellipsis) - 1;
    }
    to->text[n] = '\0';
    return to->text;
}

const char *smk_export_string(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t string)
{
    return smk_export_clean(to, string ? smk_trace_string(exporter->trace, string) : NULL);
}

const char *smk_export_thread(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t serial)
{
    char name[SMK_NAME_MAX];
    smk_plain_name_of_thread(name, exporter->trace, serial);
    return smk_export_clean(to, name);
}

const char *smk_export_process(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t process)
{
    char name[SMK_NAME_MAX];
    smk_name_of_process(name, exporter->trace, process);
    return smk_export_clean(to, name);
}

const char *smk_export_site(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t site)
{
    char name[SMK_NAME_MAX];
    smk_name_of_site(name, exporter->trace, site);
    return smk_export_clean(to, name);
}

const char *smk_export_route(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t route)
{
    char name[SMK_NAME_MAX] = "unknown route";
    if (route)
        smk_name_of_route(name, exporter->trace, route);
    return smk_export_clean(to, name);
}

uint32_t smk_export_pid(const struct smk_exporter *exporter, uint32_t process)
{
    const smk_process_info *info = smk_trace_process_at(exporter->trace, process);
    return info ? info->pid : 0;
}

uint32_t smk_export_tid_of(const struct smk_exporter *exporter, uint32_t serial)
{
    const smk_thread_info *info = smk_trace_thread(exporter->trace, serial);
    return info ? info->tid : 0;
}

const char *smk_export_tid(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t process, uint32_t tid,
                           uint64_t time)
{
    const smk_thread_info *info = tid ? smk_trace_process_tid(exporter->trace, process, tid, time) : NULL;
    char name[SMK_NAME_MAX] = "";
    if (tid && info && info->name && info->name[0])
        snprintf(name, sizeof(name), "%.400s/%u", info->name, tid);
    else if (tid)
        snprintf(name, sizeof(name), "%u", tid);
    return smk_export_clean(to, name);
}

/* ---- locks ---------------------------------------------------------------------------------------------- */

static const char *keep_name(struct smk_exporter *exporter, uint32_t index, const char *name)
{
    size_t len = strlen(name) + 1;
    if (!smk_mem_grow(&exporter->mem, &exporter->lock_names, &exporter->lock_name_capacity, index + 1u))
        return "";
    char *copy = smk_mem_new(&exporter->mem, len);
    if (!copy)
        return "";
    memcpy(copy, name, len);
    exporter->lock_names[index] = copy;
    return copy;
}

/* The name of what is at an address, as it was when the wait began; made when it is first asked for. */
static const char *lock_name(struct smk_exporter *exporter, uint32_t process, uint64_t address, uint64_t time,
                             uint32_t stack)
{
    struct smk_locks *locks = &exporter->locks;
    bool is_new = smk_map_get(&locks->by_address, smk_map_own(process, address)) == SMK_MAP_NONE;
    if (!address || (is_new && locks->count >= SMK_EXPORT_LOCKS_MAX))
        return "";
    uint32_t index = smk_locks_index(locks, &exporter->mem, process, address, time);
    if (index == SMK_MAP_NONE)
        return "";
    if (index < exporter->lock_name_capacity && exporter->lock_names[index])
        return exporter->lock_names[index];
    char name[SMK_NAME_MAX];
    if (!locks->array[index].first_stack)
        locks->array[index].first_stack = stack;
    smk_name_of_lock(name, &exporter->symbols, &locks->array[index]);
    return keep_name(exporter, index, name);
}

/* Conditions, semaphores and the like: what the program or its symbols call them, else nothing. */
static const char *condition_name(struct smk_exporter *exporter, char name[SMK_NAME_MAX], uint32_t process,
                                  uint64_t address)
{
    struct smk_object object;
    const char *given = smk_trace_process_lock_name(exporter->trace, process, address);
    if (given && given[0])
        snprintf(name, SMK_NAME_MAX, "%s", given);
    else if (!smk_symbols_object(&exporter->symbols, process, address, &object))
        name[0] = '\0';
    else if (object.offset)
        snprintf(name, SMK_NAME_MAX, "%.480s+0x%llx", object.name, (unsigned long long)object.offset);
    else
        snprintf(name, SMK_NAME_MAX, "%.480s", object.name);
    return name;
}

const char *smk_export_object(struct smk_exporter *exporter, struct smk_export_text *to,
                              const struct smk_span_wait *wait)
{
    char name[SMK_NAME_MAX];
    if (wait->kind == SMK_WAIT_LOCK && !wait->site)
        return smk_export_clean(to, lock_name(exporter, wait->process, wait->object, wait->from, wait->stack));
    if (wait->kind == SMK_WAIT_COND && wait->object)
        return smk_export_clean(to, condition_name(exporter, name, wait->process, wait->object));
    return smk_export_clean(to, NULL);
}

const char *smk_export_wait(struct smk_exporter *exporter, struct smk_export_text *to,
                            const struct smk_span_wait *wait)
{
    struct smk_export_text what;
    const char *kind = smk_wait_kind_name(wait->kind);
    if (wait->site)
        smk_export_site(exporter, &what, wait->site);
    else if (!smk_export_object(exporter, &what, wait)[0])
        smk_export_string(exporter, &what, wait->call);
    snprintf(to->text, sizeof(to->text), "%s%s%.1000s", kind, what.text[0] ? " " : "", what.text);
    return to->text;
}

const char *smk_export_release(struct smk_exporter *exporter, struct smk_export_text *to,
                               const struct smk_span_release *release)
{
    struct smk_export_text what;
    char name[SMK_NAME_MAX];
    if (release->wake) {
        smk_export_clean(&what, condition_name(exporter, name, release->process, release->object));
        smk_export_string(exporter, to, release->call);
        if (!to->text[0])
            smk_export_clean(to, "wake");
    } else {
        smk_export_clean(&what, lock_name(exporter, release->process, release->object, release->from, release->stack));
        smk_export_clean(to, "unlock");
    }
    size_t len = strlen(to->text);
    if (what.text[0] && len < 200)
        snprintf(to->text + len, sizeof(to->text) - len, " %.800s", what.text);
    return to->text;
}

/* ---- stacks --------------------------------------------------------------------------------------------- */

static bool each_of_place(struct smk_exporter *exporter, const struct smk_place *place, struct smk_export_frame *frame,
                          bool (*each)(void *arg, const struct smk_export_frame *frame), void *arg)
{
    const struct smk_place_frame *inlined;
    uint32_t number = 0;
    for (; (inlined = smk_symbols_inlined(&exporter->symbols, place, number)) != NULL; number++) {
        frame->function = inlined->function;
        frame->file = inlined->file_path ? inlined->file_path : inlined->file ? inlined->file : "";
        frame->line = inlined->line;
        frame->inlined = number + 1 < place->frame_count;
        if (!each(arg, frame))
            return false;
    }
    if (number > 0)
        return true;
    frame->function = place->function;
    frame->file = "";
    frame->line = 0;
    frame->inlined = false;
    return each(arg, frame);
}

void smk_export_stack(struct smk_exporter *exporter, uint32_t stack,
                      bool (*each)(void *arg, const struct smk_export_frame *frame), void *arg)
{
    const smk_stack_info *info = stack ? smk_trace_stack(exporter->trace, stack) : NULL;
    for (uint32_t i = 0; info && i < info->depth; i++) {
        const struct smk_place *place = smk_symbols_frame(&exporter->symbols, info, i);
        if (!place)
            return;
        struct smk_export_frame frame = {.module = place->module, .process = info->process, .pc = info->pcs[i]};
        if (!each_of_place(exporter, place, &frame, each, arg))
            return;
    }
}

const char *smk_export_function(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t number)
{
    const struct smk_place *place = smk_symbols_own_place(&exporter->symbols, number);
    return smk_export_clean(to, place ? place->function : NULL);
}
