/* threads_json.c: threads and the modules that their frames are in, as JSON: what `stallmark` reads back, with files
 * and lines of its own (tools/cli/live_json.h). */
#include <stdio.h>
#include <string.h>

#include "threads_view.h"

static void put_hex(struct smk_json *json, const char *key, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)number);
    smk_json_text(json, key, text);
}

static void put_frames(struct smk_json *json, const struct smk_live_thread *thread)
{
    smk_json_begin(json, "stack", '[');
    for (uint32_t i = 0; i < thread->frame_count; i++) {
        const struct smk_live_frame *frame = &thread->frames[i];
        smk_json_begin(json, NULL, '{');
        put_hex(json, "pc", frame->pc);
        smk_json_text(json, "function", frame->function);
        smk_json_text(json, "module", frame->module);
        if (frame->module[0])
            put_hex(json, "offset", frame->offset);
        smk_json_end(json, '}');
    }
    smk_json_end(json, ']');
}

static void put_wait(struct smk_json *json, const struct smk_live *live, const struct smk_live_thread *thread)
{
    smk_json_begin(json, "wait", '{');
    smk_json_text(json, "kind", thread->kind);
    smk_json_text(json, "call", thread->call[0] ? thread->call : NULL);
    smk_json_text(json, "object", thread->object[0] ? thread->object : NULL);
    if (thread->address)
        put_hex(json, "address", thread->address);
    if (thread->holder) {
        smk_json_number(json, "holder", thread->holder);
        smk_json_text(json, "holder_name", thread->next == SMK_LIVE_NONE ? NULL : live->threads[thread->next].name);
    }
    smk_json_text(json, "since", thread->since);
    if (strcmp(thread->since, "unknown") != 0)
        smk_json_number(json, "ns", thread->waited_ns);
    smk_json_end(json, '}');
}

static void put_thread(struct smk_json *json, const struct smk_live *live, const struct smk_live_thread *thread)
{
    smk_json_begin(json, NULL, '{');
    smk_json_text(json, "name", thread->name);
    smk_json_number(json, "tid", thread->tid);
    smk_json_text(json, "state", thread->state);
    if (thread->kind[0])
        put_wait(json, live, thread);
    if (thread->circle)
        smk_json_number(json, "deadlock", thread->circle);
    if (thread->request) {
        smk_json_number(json, "request", thread->request);
        smk_json_text(json, "route", thread->route);
        smk_json_number(json, "request_ns", thread->request_ns);
    }
    put_frames(json, thread);
    smk_json_flag(json, "stack_cut", thread->cut);
    smk_json_text(json, "stack_unknown", thread->stack_why[0] ? thread->stack_why : NULL);
    smk_json_end(json, '}');
}

/* Those that a frame is in: what resolves an offset. */
static void put_modules(struct smk_json *json, const struct smk_threads_view *view)
{
    char id[2 * sizeof view->modules->build_id + 1];
    smk_json_begin(json, "modules", '[');
    for (uint32_t i = 0; i < view->module_count; i++) {
        const struct smk_view_module *module = &view->modules[i];
        if (!module->used)
            continue;
        for (uint32_t k = 0; k < module->build_id_len; k++)
            snprintf(id + 2 * k, 3, "%02x", module->build_id[k]);
        id[2 * module->build_id_len] = '\0';
        smk_json_begin(json, NULL, '{');
        smk_json_text(json, "path", module->path);
        smk_json_text(json, "build_id", id);
        put_hex(json, "start", module->start);
        put_hex(json, "end", module->end);
        put_hex(json, "bias", module->bias);
        smk_json_end(json, '}');
    }
    smk_json_end(json, ']');
}

void smk_threads_put(struct smk_json *json, const struct smk_threads_view *view, const bool *wanted)
{
    smk_json_begin(json, "threads", '[');
    for (uint32_t i = 0; i < view->live.count; i++)
        if (!wanted || wanted[i])
            put_thread(json, &view->live, &view->live.threads[i]);
    smk_json_end(json, ']');
    put_modules(json, view);
}
