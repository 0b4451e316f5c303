/* report_place.c: places in words and in JSON: a function, its file and line, what it was inlined into, who
 * called it. */
#include "analysis/json.h"
#include "analysis/report_state.h"

#define CALLERS 2u

const struct smk_place *smk_report_own_place(const struct smk_report *report, uint32_t id, const smk_stack_info **stack,
                                             uint32_t *frame)
{
    *stack = id ? smk_trace_stack(report->trace, id) : NULL;
    if (!*stack || (*stack)->depth == 0)
        return NULL;
    *frame = smk_symbols_stack_frame(report->symbols, *stack);
    return smk_symbols_frame(report->symbols, *stack, *frame);
}

/* ---- text ----------------------------------------------------------------------------------------------- */

/* " (inlined into handle, main_loop)"; of more than two the last, which the code is in. */
void smk_report_outer_text(const struct smk_report *report, struct smk_words *words, const struct smk_place *place)
{
    for (uint32_t i = 0; i < place->outer_count; i++) {
        bool passed = i > 0 && i + 1 < place->outer_count;
        if (!passed) {
            smk_words_say(words, i == 0 ? " (inlined into " : i > 1 ? " … " : ", ");
            smk_words_name_cut(words, smk_symbols_outer(report->symbols, place, i)->function, 48);
        }
    }
    if (place->outer_count)
        smk_words_say(words, ")");
}

void smk_report_place_text(const struct smk_report *report, struct smk_words *words, const struct smk_place *place)
{
    smk_words_name_cut(words, place->function, 48);
    smk_report_outer_text(report, words, place);
    if (place->file) {
        smk_words_say(words, " ");
        smk_words_name_cut(words, place->file, 32);
        smk_words_say(words, ":%u", place->line);
    }
}

/* "← work_cart http.c:35 ← worker_main pool.c:46" below a function. */
void smk_report_callers_text(const struct smk_report *report, struct smk_words *words, unsigned column,
                             const smk_stack_info *stack, uint32_t frame)
{
    uint32_t said = 0;
    for (uint32_t i = frame + 1; i < stack->depth && said < CALLERS; i++) {
        const struct smk_place *place = smk_symbols_frame(report->symbols, stack, i);
        if (!place || !place->named)
            break;
        if (said++ == 0)
            smk_words_to(words, column);
        else
            smk_words_say(words, " ");
        smk_words_say(words, "← ");
        smk_report_place_text(report, words, place);
    }
    if (said)
        smk_words_say(words, "\n");
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void put_outer(struct smk_json_text *json, const struct smk_report *report, const struct smk_place *place)
{
    if (place->outer_count == 0)
        return;
    smk_put_json_array(json, "inlined_into");
    for (uint32_t i = 0; i < place->outer_count; i++) {
        const struct smk_place_frame *outer = smk_symbols_outer(report->symbols, place, i);
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "function", outer->function);
        smk_put_json_string(json, "file", outer->file);
        if (outer->file)
            smk_put_json_number(json, "line", outer->line);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_place(struct smk_json_text *json, const struct smk_report *report, const struct smk_place *place)
{
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "function", place->function);
    smk_put_json_string(json, "module", place->module);
    smk_put_json_string(json, "file", place->file);
    if (place->file)
        smk_put_json_number(json, "line", place->line);
    put_outer(json, report, place);
    smk_put_json_object_end(json);
}

void smk_report_stack_json(struct smk_json_text *json, const char *key, const struct smk_report *report, uint32_t id)
{
    smk_put_json_array(json, key);
    const smk_stack_info *stack = id ? smk_trace_stack(report->trace, id) : NULL;
    for (uint32_t i = 0; stack && i < stack->depth; i++) {
        const struct smk_place *place = smk_symbols_frame(report->symbols, stack, i);
        if (place)
            put_place(json, report, place);
    }
    smk_put_json_array_end(json);
}

void smk_report_own_place_json(struct smk_json_text *json, const struct smk_report *report, uint32_t id)
{
    const struct smk_place *place = smk_symbols_stack_place(report->symbols, id);
    smk_put_json_string(json, "function", place ? place->function : NULL);
    smk_put_json_string(json, "file", place ? place->file : NULL);
    if (place && place->file)
        smk_put_json_number(json, "line", place->line);
}
