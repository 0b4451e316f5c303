#include "analysis/say.h"

#include <stdio.h>
#include <string.h>

#include "analysis/json.h"

/* ---- places --------------------------------------------------------------------------------------------- */

static const smk_stack_info *stack_of(const struct smk_symbols *symbols, uint32_t id)
{
    const smk_stack_info *stack = id ? smk_trace_stack(symbols->trace, id) : NULL;
    return stack && stack->depth ? stack : NULL;
}

static void say_frame(struct smk_words *words, const struct smk_place *place)
{
    smk_words_name_cut(words, place->function, 60);
    if (place->file) {
        smk_words_say(words, " ");
        smk_words_name_cut(words, place->file, 40);
        smk_words_say(words, ":%u", place->line);
    }
}

bool smk_say_place(struct smk_words *words, struct smk_symbols *symbols, uint32_t id)
{
    const struct smk_place *place = smk_symbols_stack_place(symbols, id);
    if (place)
        say_frame(words, place);
    return place != NULL;
}

/* What libc starts threads and programs with says nothing of them. */
static bool is_start(const struct smk_place *place)
{
    static const char *const names[] = {"start_thread", "clone", "clone3", "__clone3", "__GI___clone3", "__clone",
                                        "__libc_start_call_main", "_start"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(names); i++)
        if (strcmp(place->function, names[i]) == 0)
            return true;
    return strncmp(place->function, "__libc_start_main", 17) == 0;
}

void smk_say_stack(struct smk_words *words, struct smk_symbols *symbols, uint32_t id, unsigned most)
{
    const smk_stack_info *stack = stack_of(symbols, id);
    unsigned said = 0;
    if (!stack)
        return;
    for (uint32_t i = smk_symbols_stack_frame(symbols, stack); i < stack->depth && said < most; i++) {
        const struct smk_place *place = smk_symbols_frame(symbols, stack, i);
        if (!place || (said && (!place->named || place->ours || is_start(place))))
            break;
        smk_words_say(words, "%s", said ? " ← " : "");
        say_frame(words, place);
        said++;
    }
}

void smk_place_text(char text[SMK_NAME_MAX], struct smk_symbols *symbols, uint32_t id)
{
    const struct smk_place *place = smk_symbols_stack_place(symbols, id);
    text[0] = '\0';
    if (place && place->file)
        snprintf(text, SMK_NAME_MAX, "%.200s %.100s:%u", place->function, place->file, place->line);
    else if (place)
        snprintf(text, SMK_NAME_MAX, "%.300s", place->function);
}

/* ---- names ---------------------------------------------------------------------------------------------- */

void smk_say_thread(struct smk_words *words, smk_trace *trace, uint32_t serial)
{
    char name[SMK_NAME_MAX];
    smk_name_of_thread(name, trace, serial);
    smk_words_name_cut(words, name, 32);
}

void smk_say_route(struct smk_words *words, smk_trace *trace, uint32_t route)
{
    char name[SMK_NAME_MAX];
    smk_name_of_route(name, trace, route);
    smk_words_name_cut(words, route ? name : "(route not known)", 60);
}

static void lock_text(char text[SMK_NAME_MAX], struct smk_symbols *symbols, struct smk_locks *locks,
                      const struct smk_span_wait *wait)
{
    uint32_t index = wait->object
                         ? smk_locks_index(locks, symbols->mem, wait->process, wait->object, wait->from)
                         : SMK_MAP_NONE;
    if (index != SMK_MAP_NONE)
        smk_name_of_lock(text, symbols, &locks->array[index]);
    else
        snprintf(text, SMK_NAME_MAX, "a lock");
}

void smk_wait_text(char text[SMK_NAME_MAX], struct smk_symbols *symbols, struct smk_locks *locks,
                   const struct smk_span_wait *wait)
{
    char call[SMK_NAME_MAX];
    const char *what = wait->what ? smk_trace_string(symbols->trace, wait->what) : NULL;
    struct smk_object object;
    if (wait->kind == SMK_WAIT_LOCK) {
        lock_text(text, symbols, locks, wait);
        return;
    }
    if (wait->site) {
        smk_name_of_site(text, symbols->trace, wait->site);
        return;
    }
    if (wait->event == SMK_EV_MAJOR_FAULT)
        snprintf(call, sizeof(call), "page fault");
    else if (wait->call)
        smk_name_of_call(call, symbols->trace, wait->call);
    else
        snprintf(call, sizeof(call), "%s", smk_wait_kind_name(wait->kind));
    if (what && what[0])
        snprintf(text, SMK_NAME_MAX, "%.100s %.380s", call, what);
    else if (wait->kind == SMK_WAIT_COND && smk_symbols_object(symbols, wait->process, wait->object, &object) &&
             !object.offset)
        snprintf(text, SMK_NAME_MAX, "%.100s %.380s", call, object.name);
    else if (wait->fd >= 0)
        snprintf(text, SMK_NAME_MAX, "%.100s of descriptor %d", call, wait->fd);
    else
        snprintf(text, SMK_NAME_MAX, "%.100s", call);
}

int64_t smk_unix_of(smk_trace *trace, uint32_t process, uint64_t time)
{
    const smk_process_info *info = smk_trace_process_at(trace, process);
    return (int64_t)time + (info ? info->realtime_offset : 0);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

void smk_put_json_stack(struct smk_json_text *json, struct smk_symbols *symbols, const char *key, uint32_t id)
{
    const smk_stack_info *stack = stack_of(symbols, id);
    if (!stack) {
        smk_put_json_string(json, key, NULL);
        return;
    }
    smk_put_json_array(json, key);
    for (uint32_t i = 0; i < stack->depth; i++) {
        const struct smk_place *place = smk_symbols_frame(symbols, stack, i);
        if (!place)
            break;
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "function", place->function);
        smk_put_json_string(json, "module", place->module);
        smk_put_json_string(json, "file", place->file);
        smk_put_json_number(json, "line", place->line);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

void smk_put_json_thread(struct smk_json_text *json, smk_trace *trace, const char *key, uint32_t serial)
{
    char name[SMK_NAME_MAX];
    const smk_thread_info *info = smk_trace_thread(trace, serial);
    if (serial == 0) {
        smk_put_json_string(json, key, NULL);
        return;
    }
    smk_plain_name_of_thread(name, trace, serial);
    smk_put_json_object(json, key);
    smk_put_json_number(json, "serial", serial);
    smk_put_json_number(json, "tid", info ? info->tid : 0);
    smk_put_json_string(json, "name", name);
    smk_put_json_object_end(json);
}

static void put_tid(struct smk_json_text *json, struct smk_symbols *symbols, const char *key,
                    const struct smk_span_wait *wait, uint32_t tid)
{
    const smk_thread_info *info = tid ? smk_trace_process_tid(symbols->trace, wait->process, tid, wait->to) : NULL;
    smk_put_json_thread(json, symbols->trace, key, info ? info->serial : 0);
}

void smk_put_json_wait(struct smk_json_text *json, struct smk_symbols *symbols, struct smk_locks *locks,
                       const char *key, const struct smk_span_wait *wait)
{
    char text[SMK_NAME_MAX];
    smk_put_json_object(json, key);
    smk_wait_text(text, symbols, locks, wait);
    smk_put_json_string(json, "kind", smk_wait_kind_name(wait->kind));
    smk_put_json_string(json, "for", text);
    smk_put_json_number(json, "from_ns", wait->from);
    smk_put_json_number(json, "to_ns", wait->to);
    smk_put_json_bool(json, "open", wait->open);
    smk_put_json_string(json, "call", wait->call ? smk_trace_string(symbols->trace, wait->call) : NULL);
    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)wait->object);
    smk_put_json_string(json, "object", wait->object ? text : NULL);
    smk_put_json_string(json, "peer_or_file", wait->what ? smk_trace_string(symbols->trace, wait->what) : NULL);
    put_tid(json, symbols, "holder", wait, wait->holder);
    put_tid(json, symbols, "releaser", wait, wait->releaser);
    put_tid(json, symbols, "waker", wait, wait->waker);
    smk_put_json_stack(json, symbols, "stack", wait->stack);
    smk_put_json_object_end(json);
}
