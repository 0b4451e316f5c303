#include "export/exporter.h"

#include <string.h>

#include "base/errors.h"

int smk_exporter_init(struct smk_exporter *exporter, smk_trace *trace, const struct smk_export_options *options,
                      smk_export_put put, void *arg)
{
    *exporter = (struct smk_exporter){.trace = trace, .options = options};
    smk_mem_init(&exporter->mem, options->resize, options->resize_arg, options->max_memory);
    smk_symbols_init(&exporter->symbols, &exporter->mem, trace, options->lines, options->no_symbols);
    exporter->symbols.debug_dir = options->debug_dir;
    return smk_out_init(&exporter->out, &exporter->mem, put, arg) ? 0 : smk_mem_failed(&exporter->mem);
}

void smk_exporter_free(struct smk_exporter *exporter)
{
    struct smk_mem *mem = &exporter->mem;
    for (uint32_t i = 0; i < exporter->lock_name_capacity; i++)
        if (exporter->lock_names[i])
            smk_mem_free(mem, exporter->lock_names[i], strlen(exporter->lock_names[i]) + 1);
    smk_mem_free(mem, exporter->lock_names, exporter->lock_name_capacity * sizeof(*exporter->lock_names));
    smk_locks_free(&exporter->locks, mem);
    smk_symbols_free(&exporter->symbols);
    smk_out_free(&exporter->out, mem);
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

void smk_export_event(struct smk_exporter *exporter, const smk_event *event)
{
    if (event->id != SMK_EV_LOCK_NAME && event->id != SMK_EV_LOCK_EPOCH)
        return;
    uint64_t address = event->arg_count > 1 ? event->args[1] : 0;
    if (exporter->locks.count >= SMK_EXPORT_LOCKS_MAX)
        return;
    if (event->id == SMK_EV_LOCK_NAME)
        smk_locks_name(&exporter->locks, &exporter->mem, event->process, address, event->time,
                       (uint32_t)event->args[0]);
    else
        smk_locks_epoch(&exporter->locks, &exporter->mem, event->process, address, event->time);
}

/* What the calls get is a structure of the format that begins with its exporter. */
static struct smk_exporter *exporter_of(void *arg) { return *(struct smk_exporter **)arg; }

static bool go_on(void *arg, uint64_t time)
{
    (void)time;
    struct smk_exporter *exporter = exporter_of(arg);
    return exporter->out.result == 0 && exporter->mem.failure == 0;
}

/* Names and epochs of locks alone. */
static void event_of_locks(void *arg, const smk_event *event, uint64_t request)
{
    (void)request;
    smk_export_event(exporter_of(arg), event);
}

int smk_export_timeline(struct smk_exporter *exporter, const struct smk_timeline_calls *calls, void *arg)
{
    struct smk_timeline_calls all = *calls;
    const struct smk_export_options *from = exporter->options;
    struct smk_timeline_options options = {.resize = from->resize,
                                           .resize_arg = from->resize_arg,
                                           .max_memory = from->max_memory,
                                           .process = exporter->process,
                                           .progress = from->progress,
                                           .progress_arg = from->progress_arg};
    if (!all.event)
        all.event = event_of_locks;
    all.go_on = go_on;
    int result = smk_timeline_run(exporter->trace, &options, &all, arg);
    return result != 0 ? result : smk_mem_failed(&exporter->mem);
}

int smk_export(smk_trace *trace, const struct smk_export_format *format, const struct smk_export_options *options,
               smk_export_put put, void *arg)
{
    struct smk_exporter exporter;
    int result = smk_exporter_init(&exporter, trace, options, put, arg);
    if (result == 0)
        result = format->run(&exporter);
    smk_out_flush(&exporter.out);
    if (result == 0)
        result = smk_mem_failed(&exporter.mem);
    if (exporter.out.result != 0)
        result = smk_fail(SMK_E_IO, "what was to be written was not taken");
    smk_exporter_free(&exporter);
    return result;
}

/* ---- what there is -------------------------------------------------------------------------------------- */

#define FORMATS(X) X(perfetto) X(csv) X(folded) X(folded_cpu) X(pprof_block) \
    X(pprof_mutex) X(pprof_cpu) X(chrome) X(otlp) X(go) X(firefox) X(ctf)

#define X(name) extern const struct smk_export_format smk_export_##name;
FORMATS(X)
#undef X

const struct smk_export_format *smk_export_format_at(size_t number)
{
    static const struct smk_export_format *const formats[] = {
#define X(name) &smk_export_##name,
        FORMATS(X)
#undef X
    };
    return number < SMK_ARRAY_LEN(formats) ? formats[number] : NULL;
}
