/* folded.c: "kind;outermost;…;innermost;what 1234", a line for each different stack: what flame graphs are made of
 * (flamegraph.pl, speedscope, inferno). The number is ns: waited, or of CPU time.
 */
#include <string.h>

#include "export/aggregate.h"

#define FRAMES_MAX 1024u

struct line {
    struct smk_exporter *exporter;
    const char *functions[FRAMES_MAX]; /* innermost first; live as long as the symbols */
    uint32_t count;
};

/* A semicolon parts frames, so in a name it is a colon. */
static void put_frame(struct smk_out *out, const char *name)
{
    struct smk_export_text clean;
    smk_export_clean(&clean, name);
    for (char *at = clean.text; (at = strchr(at, ';')) != NULL; at++)
        *at = ':';
    smk_out_text(out, clean.text);
}

static bool each_frame(void *arg, const struct smk_export_frame *frame)
{
    struct line *line = arg;
    line->functions[line->count++] = frame->function;
    return line->count < FRAMES_MAX;
}

static void put_line(struct smk_exporter *exporter, const struct smk_aggregate_entry *entry)
{
    struct smk_out *out = &exporter->out;
    struct line line = {.exporter = exporter, .count = 0};
    smk_out_text(out, entry->kind ? smk_wait_kind_name(entry->kind) : "cpu");
    if (entry->for_work)
        smk_out_text(out, " (for work)");
    smk_export_stack(exporter, entry->stack, each_frame, &line);
    if (line.count == 0)
        smk_out_text(out, ";[no stack]");
    for (uint32_t i = line.count; i > 0; i--) {
        smk_out_text(out, ";");
        put_frame(out, line.functions[i - 1]);
    }
    if (entry->name[0]) {
        smk_out_text(out, ";");
        put_frame(out, entry->name);
    }
    smk_out_text(out, " ");
    smk_out_number(out, entry->ns);
    smk_out_text(out, "\n");
}

static int put_lines(struct smk_aggregate *aggregate, int result)
{
    for (uint32_t i = 0; result == 0 && i < aggregate->count; i++)
        put_line(aggregate->exporter, &aggregate->entries[i]);
    smk_aggregate_free(aggregate);
    return result;
}

static int run_waits(struct smk_exporter *exporter)
{
    struct smk_aggregate aggregate;
    int result = smk_aggregate_waits(&aggregate, exporter, true);
    return put_lines(&aggregate, result);
}

static int run_cpu(struct smk_exporter *exporter)
{
    struct smk_aggregate aggregate;
    int result = smk_aggregate_samples(&aggregate, exporter);
    return put_lines(&aggregate, result);
}

const struct smk_export_format smk_export_folded = {"folded", "stacks of waits by kind, in ns, for flame graphs",
                                                    run_waits};
const struct smk_export_format smk_export_folded_cpu = {"folded-cpu", "stacks of CPU samples, in ns, for flame graphs",
                                                        run_cpu};
