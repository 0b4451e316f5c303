/* csv.c: one table for all: a row for each span, wait, region, request, handoff, unlock, sample, counter, gap.
 *
 * RFC 4180 with a header. Which columns a row has depends on `what`; the others are empty. A text that a spreadsheet
 * would take for a formula (it begins with =, +, -, @, a tab) has an apostrophe in front.
 */
#include <string.h>

#include "export/exporter.h"

static const char header[] = "what,from_ns,to_ns,ns,process,pid,thread,tid,thread_name,name,state,kind,call,object,"
                             "holder,releaser,waker,request,status,cpu,value,file,line,function,notes\r\n";

struct row {
    uint64_t from, to;
    uint32_t process, thread; /* thread 0: none */
    const char *what, *name, *state, *kind, *call, *notes; /* NULL: empty */
    uint64_t object, request;
    const char *holder, *releaser, *waker;
    bool has_status, has_cpu, has_value;
    uint32_t status, cpu, line, stack;
    int64_t value;
    const char *file;
};

struct csv {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
};

/* ---- fields --------------------------------------------------------------------------------------------- */

static void put_text(struct smk_out *out, const char *text)
{
    smk_out_bytes(out, ",", 1);
    if (!text || !text[0])
        return;
    bool formula = strchr("=+-@\t", text[0]) != NULL;
    if (!strpbrk(text, ",\"\r\n") && !formula) {
        smk_out_text(out, text);
        return;
    }
    smk_out_text(out, formula ? "\"'" : "\"");
    for (size_t n; (n = strcspn(text, "\"")), text[n]; text += n + 1) {
        smk_out_bytes(out, text, n);
        smk_out_bytes(out, "\"\"", 2);
    }
    smk_out_text(out, text);
    smk_out_bytes(out, "\"", 1);
}

static void put_number(struct smk_out *out, bool there, uint64_t number)
{
    smk_out_bytes(out, ",", 1);
    if (there)
        smk_out_number(out, number);
}

static void put_row(struct smk_exporter *exporter, const struct row *row)
{
    struct smk_out *out = &exporter->out;
    struct smk_export_text name, function;
    smk_out_text(out, row->what);
    put_number(out, true, row->from);
    put_number(out, true, row->to);
    put_number(out, true, row->to - row->from);
    put_number(out, true, row->process);
    put_number(out, true, smk_export_pid(exporter, row->process));
    put_number(out, row->thread, row->thread);
    put_number(out, row->thread, smk_export_tid_of(exporter, row->thread));
    put_text(out, row->thread ? smk_export_thread(exporter, &name, row->thread) : NULL);
    put_text(out, row->name);
    put_text(out, row->state);
    put_text(out, row->kind);
    put_text(out, row->call);
    smk_out_bytes(out, ",", 1);
    if (row->object)
        smk_out_format(out, "0x%llx", (unsigned long long)row->object);
    put_text(out, row->holder);
    put_text(out, row->releaser);
    put_text(out, row->waker);
    put_number(out, row->request, row->request);
    put_number(out, row->has_status, row->status);
    put_number(out, row->has_cpu, row->cpu);
    smk_out_bytes(out, ",", 1);
    if (row->has_value)
        smk_out_format(out, "%lld", (long long)row->value);
    put_text(out, row->file);
    put_number(out, row->line, row->line);
    put_text(out, smk_export_function(exporter, &function, row->stack));
    put_text(out, row->notes);
    smk_out_bytes(out, "\r\n", 2);
}

static struct smk_exporter *exporter_of(void *arg) { return ((struct csv *)arg)->exporter; }

/* ---- rows ----------------------------------------------------------------------------------------------- */

static const char *notes_of_span(const struct smk_span *span)
{
    if (span->flags & SMK_SPAN_OR_RUNNABLE)
        return "or runnable";
    if (span->flags & SMK_SPAN_WHOLE_CALL)
        return "the whole call";
    return span->flags & SMK_SPAN_IN_GAP ? "something was not recorded" : NULL;
}

static void on_span(void *arg, const struct smk_span *span)
{
    bool waits = span->state == SMK_SPAN_WAITING || span->state == SMK_SPAN_IDLE;
    put_row(exporter_of(arg), &(struct row){.what = "span",
                                            .from = span->from,
                                            .to = span->to,
                                            .process = span->process,
                                            .thread = span->thread,
                                            .state = smk_span_state_name((enum smk_span_state)span->state),
                                            .kind = waits && span->kind ? smk_wait_kind_name(span->kind) : NULL,
                                            .request = span->request,
                                            .has_cpu = span->cpu != SMK_CPU_NONE,
                                            .cpu = span->cpu,
                                            .notes = notes_of_span(span)});
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    struct smk_exporter *exporter = exporter_of(arg);
    struct smk_export_text name, call, what, holder, releaser, waker;
    put_row(exporter, &(struct row){.what = "wait",
                                    .from = wait->from,
                                    .to = wait->to,
                                    .process = wait->process,
                                    .thread = wait->thread,
                                    .name = smk_export_wait(exporter, &name, wait),
                                    .kind = smk_wait_kind_name(wait->kind),
                                    .call = smk_export_string(exporter, &call, wait->call),
                                    .object = wait->object,
                                    .holder =
                                        smk_export_tid(exporter, &holder, wait->process, wait->holder, wait->from),
                                    .releaser =
                                        smk_export_tid(exporter, &releaser, wait->process, wait->releaser, wait->to),
                                    .waker = smk_export_tid(exporter, &waker, wait->process, wait->waker, wait->to),
                                    .request = wait->request,
                                    .has_value = wait->result != 0,
                                    .value = wait->result,
                                    .file = smk_export_string(exporter, &what, wait->what),
                                    .stack = wait->stack,
                                    .notes = wait->open ? "not ended" : wait->idle ? "for work" : NULL});
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    struct smk_exporter *exporter = exporter_of(arg);
    struct smk_export_text name, file;
    const smk_site_info *site = smk_trace_site(exporter->trace, region->site);
    put_row(exporter, &(struct row){.what = region->of_request ? "request_region" : "region",
                                    .from = region->from,
                                    .to = region->to,
                                    .process = region->process,
                                    .thread = region->thread,
                                    .name = smk_export_site(exporter, &name, region->site),
                                    .request = region->request,
                                    .has_value = !region->of_request,
                                    .value = region->depth,
                                    .file = smk_export_clean(&file, site ? site->file : NULL),
                                    .line = site ? site->line : 0,
                                    .notes = region->open           ? "not ended"
                                             : region->begin_unseen ? "began before"
                                                                    : NULL});
}

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct smk_exporter *exporter = exporter_of(arg);
    struct smk_export_text name;
    put_row(exporter, &(struct row){.what = "request",
                                    .from = request->from,
                                    .to = request->to,
                                    .process = request->process,
                                    .thread = request->last_thread,
                                    .name = smk_export_route(exporter, &name, request->route),
                                    .request = request->id,
                                    .has_status = true,
                                    .status = request->status,
                                    .has_value = true,
                                    .value = (int64_t)(request->read - request->from),
                                    .notes = request->open           ? "not ended"
                                             : request->begin_unseen ? "began before"
                                                                     : NULL});
}

static void on_handoff(void *arg, const struct smk_span_handoff *handoff)
{
    struct smk_exporter *exporter = exporter_of(arg);
    struct smk_export_text name, giver;
    put_row(exporter, &(struct row){.what = "handoff",
                                    .from = handoff->from,
                                    .to = handoff->to,
                                    .process = handoff->process,
                                    .thread = handoff->thread,
                                    .name = smk_export_site(exporter, &name, handoff->site),
                                    .waker = smk_export_tid(exporter, &giver, handoff->process, handoff->giver,
                                                            handoff->from),
                                    .request = handoff->request});
}

static void on_release(void *arg, const struct smk_span_release *release)
{
    struct smk_exporter *exporter = exporter_of(arg);
    struct smk_export_text name, call;
    put_row(exporter, &(struct row){.what = release->wake ? "wake" : "unlock",
                                    .from = release->from,
                                    .to = release->to,
                                    .process = release->process,
                                    .thread = release->thread,
                                    .name = smk_export_release(exporter, &name, release),
                                    .call = smk_export_string(exporter, &call, release->call),
                                    .object = release->object,
                                    .has_value = release->wake || release->held,
                                    .value = release->wake ? (int64_t)release->waiters : (int64_t)release->held,
                                    .stack = release->stack});
}

static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    put_row(exporter_of(arg), &(struct row){.what = "sample",
                                            .from = sample->time,
                                            .to = sample->time,
                                            .process = sample->process,
                                            .thread = sample->thread,
                                            .request = sample->request,
                                            .has_cpu = true,
                                            .cpu = sample->cpu,
                                            .stack = sample->stack});
}

static void on_counter(void *arg, const struct smk_span_counter *counter)
{
    struct smk_exporter *exporter = exporter_of(arg);
    struct smk_export_text name;
    put_row(exporter, &(struct row){.what = "counter",
                                    .from = counter->time,
                                    .to = counter->time,
                                    .process = counter->process,
                                    .thread = counter->site ? counter->thread : 0,
                                    .name = counter->site ? smk_export_site(exporter, &name, counter->site)
                                                          : smk_export_string(exporter, &name, counter->name),
                                    .has_value = true,
                                    .value = counter->value});
}

static void on_gap(void *arg, const smk_gap *gap)
{
    struct smk_export_text why;
    put_row(exporter_of(arg), &(struct row){.what = "gap",
                                            .from = gap->from,
                                            .to = gap->to,
                                            .process = gap->process,
                                            .name = smk_category_name(gap->category),
                                            .notes = smk_export_clean(&why, gap->reason)});
}

static int run(struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .wait = on_wait,
                                                    .region = on_region,
                                                    .request = on_request,
                                                    .handoff = on_handoff,
                                                    .sample = on_sample,
                                                    .counter = on_counter,
                                                    .release = on_release,
                                                    .gap = on_gap};
    struct csv csv = {.exporter = exporter};
    smk_out_text(&exporter->out, header);
    return smk_export_timeline(exporter, &calls, &csv);
}

const struct smk_export_format smk_export_csv = {"csv", "one table: a row for each span, wait, region, request …", run};
