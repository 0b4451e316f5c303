/* A report's words about memory: who asked for large blocks, what stopped threads, page faults, and how large
 * the process was. */
#include "analysis/json.h"
#include "analysis/report_state.h"
#include "analysis/wait_functions.h"

#include "format/events.h"

#define WIDTH  40u /* of the names of calls and functions */
#define COLUMN 11u
#define US     1000u
#define MERGED_MAX 256u /* stacks that are looked at for their function: those with most bytes */

/* ---- who ------------------------------------------------------------------------------------------------ */

static void say_place(const struct smk_report *report, struct smk_words *words, uint32_t stack, unsigned width)
{
    const struct smk_place *place = smk_symbols_own_place(report->symbols, stack);
    smk_words_name_cut(words, place ? place->function : "an unknown function", width);
}

static void put_place(const struct smk_report *report, struct smk_json_text *json, uint32_t stack)
{
    const struct smk_place *place = smk_symbols_own_place(report->symbols, stack);
    smk_put_json_string(json, "function", place ? place->function : NULL);
    smk_put_json_string(json, "file", place ? place->file : NULL);
    if (place && place->file)
        smk_put_json_number(json, "line", place->line);
}

/* One function may ask from several places of it, and be called from many: for a reader that is one. */
static bool is_same(const struct smk_report *report, const struct smk_alloc_sum *a, const struct smk_alloc_sum *b)
{
    const struct smk_place *x = smk_symbols_own_place(report->symbols, a->stack);
    const struct smk_place *y = smk_symbols_own_place(report->symbols, b->stack);
    return a->call == b->call && x && y && x->function_id == y->function_id;
}

static void merge(struct smk_alloc_sum *into, const struct smk_alloc_sum *sum)
{
    into->count += sum->count;
    into->bytes += sum->bytes;
    into->largest = smk_max_u64(into->largest, sum->largest);
    into->ns += sum->ns;
    into->longest = smk_max_u64(into->longest, sum->longest);
    into->ended += sum->ended;
    into->lived += sum->lived;
}

void smk_report_memory_conclude(struct smk_report *report)
{
    struct smk_memory *memory = &report->memory;
    uint32_t kept = 0;
    smk_memory_sort(memory);
    for (uint32_t i = 0; i < memory->alloc_count; i++) {
        uint32_t into = 0;
        while (into < kept && (i >= MERGED_MAX || !is_same(report, &memory->allocs[into], &memory->allocs[i])))
            into = i >= MERGED_MAX ? kept : into + 1;
        if (into < kept)
            merge(&memory->allocs[into], &memory->allocs[i]);
        else
            memory->allocs[kept++] = memory->allocs[i];
    }
    memory->alloc_count = kept;
    smk_memory_sort(memory);
}

/* ---- text ----------------------------------------------------------------------------------------------- */

static void right(struct smk_words *words, unsigned column, const char *text)
{
    smk_words_right(words, WIDTH + COLUMN * (column + 1), text);
}

static void say_alloc(const struct smk_report *report, struct smk_words *words, const struct smk_alloc_sum *sum)
{
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    smk_name_of_call(name, report->trace, sum->call);
    smk_words_name_cut(words, name, 16);
    smk_words_say(words, " in ");
    say_place(report, words, sum->stack, WIDTH - 22);
    right(words, 0, smk_words_count(text, sum->count));
    right(words, 1, smk_words_bytes(text, sum->bytes));
    right(words, 2, smk_words_bytes(text, sum->largest));
    right(words, 3, smk_words_ns(text, sum->ns));
    right(words, 4, sum->ended ? smk_words_ns(text, sum->lived / sum->ended) : "-");
    right(words, 5, smk_words_count(text, sum->count - sum->ended));
    smk_words_say(words, "\n");
}

static void say_allocs(const struct smk_report *report, struct smk_words *words)
{
    static const char *const names[] = {"blocks", "bytes", "largest", "calls", "lived", "not freed"};
    const struct smk_memory *memory = &report->memory;
    if (memory->alloc_count == 0)
        return;
    smk_words_say(words, "\nlarge blocks");
    for (unsigned i = 0; i < SMK_ARRAY_LEN(names); i++)
        right(words, i, names[i]);
    smk_words_say(words, "\n");
    for (uint32_t i = 0; i < memory->alloc_count && i < report->top; i++)
        say_alloc(report, words, &memory->allocs[i]);
    if (memory->alloc_count > report->top)
        smk_words_say(words, "and %u other places\n", memory->alloc_count - report->top);
}

/* Whatever else threads waited for more. */
static void say_pauses(const struct smk_report *report, struct smk_words *words)
{
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    uint32_t shown = 0;
    for (uint32_t i = 0; report->calls_by_total && i < report->locks.others.sum_count && shown < report->top; i++) {
        const struct smk_call_sum *sum = report->calls_by_total[i];
        if (sum->kind != SMK_WAIT_MEMORY)
            continue;
        smk_name_of_call(name, report->trace, sum->call);
        smk_words_say(words, shown++ == 0 ? "memory pauses: " : ", ");
        smk_words_name_cut(words, name, 16);
        smk_words_say(words, " %s x", smk_words_count(text, sum->count));
        smk_words_say(words, " %s", smk_words_ns(text, sum->ns));
        smk_words_say(words, " (at most %s)", smk_words_ns(text, sum->max));
    }
    if (shown > 0)
        smk_words_say(words, "\n");
}

static void say_faults(const struct smk_report *report, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    const struct smk_memory *memory = &report->memory;
    struct smk_counter_sum minor, major;
    bool minors = smk_memory_counter(memory, report->trace, "minor_faults", &minor) > 0;
    bool majors = smk_memory_counter(memory, report->trace, "major_faults", &major) > 0;
    if (!minors && !majors && memory->major_faults == 0)
        return;
    smk_words_say(words, "page faults:");
    if (minors)
        smk_words_say(words, " %s minor,", smk_words_count(text, (uint64_t)(minor.last - minor.first)));
    if (majors)
        smk_words_say(words, " %s major", smk_words_count(text, (uint64_t)(major.last - major.first)));
    if (memory->major_faults > 0)
        smk_words_say(words, "; %s major ones seen", smk_words_count(text, memory->major_faults));
    for (uint32_t i = 0; i < memory->fault_count && i < 3; i++) {
        smk_words_say(words, i ? ", " : ", in ");
        say_place(report, words, memory->faults[i].stack, 32);
        smk_words_say(words, " %s", smk_words_count(text, memory->faults[i].count));
    }
    smk_words_say(words, "\n");
}

/* Of several processes the least and the most were not had at one moment, and are not said. */
static void say_resident(struct smk_words *words, const struct smk_counter_sum *rss, uint32_t processes)
{
    char text[SMK_UNIT_MAX];
    if (processes > 1)
        smk_words_say(words, "%u processes, ", processes);
    smk_words_say(words, "resident memory: %s at first,", smk_words_bytes(text, (uint64_t)rss->first));
    smk_words_say(words, " %s at last", smk_words_bytes(text, (uint64_t)rss->last));
    if (processes == 1) {
        smk_words_say(words, ", %s at least,", smk_words_bytes(text, (uint64_t)rss->least));
        smk_words_say(words, " %s at most", smk_words_bytes(text, (uint64_t)rss->most));
    }
}

static void say_process(const struct smk_report *report, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    const struct smk_memory *memory = &report->memory;
    struct smk_counter_sum rss, user, system;
    uint32_t resident = smk_memory_counter(memory, report->trace, "rss_bytes", &rss);
    bool used = smk_memory_counter(memory, report->trace, "user_us", &user) > 0 &&
                smk_memory_counter(memory, report->trace, "system_us", &system) > 0;
    if (resident > 0)
        say_resident(words, &rss, resident);
    if (used) {
        smk_words_say(words, "; CPU %s user,", smk_words_ns(text, (uint64_t)(user.last - user.first) * US));
        smk_words_say(words, " %s system", smk_words_ns(text, (uint64_t)(system.last - system.first) * US));
    }
    if (resident > 0 || used)
        smk_words_say(words, "\n");
}

/* Of slow requests, since the others are not asked for. */
static void say_costs(const struct smk_report *report, struct smk_words *words)
{
    char text[SMK_UNIT_MAX], name[SMK_NAME_MAX];
    const struct smk_memory *memory = &report->memory;
    for (uint32_t i = 0; i < memory->cost_count && i < report->top; i++) {
        const struct smk_cost_sum *cost = &memory->costs[i];
        smk_name_of_route(name, report->trace, report->latency.routes[cost->route].route);
        smk_words_say(words, "%s", i == 0 ? "slow requests, mean: " : "                     ");
        smk_words_name_cut(words, name, WIDTH - 12);
        smk_words_say(words, "  %s minor faults", smk_words_count(text, cost->minor / cost->requests));
        smk_words_say(words, " (%s at most),", smk_words_count(text, cost->most_minor));
        smk_words_say(words, " %s user,", smk_words_ns(text, cost->user / cost->requests));
        smk_words_say(words, " %s system", smk_words_ns(text, cost->system / cost->requests));
        smk_words_say(words, " (%s)\n", cost->bounds ? "estimated, at most" : "exact");
    }
}

void smk_report_memory_text(const struct smk_report *report, struct smk_words *words)
{
    say_allocs(report, words);
    if (report->memory.alloc_count == 0 && (report->memory.counter_count || report->memory.fault_count))
        smk_words_say(words, "\n");
    say_pauses(report, words);
    say_faults(report, words);
    say_process(report, words);
    say_costs(report, words);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void put_allocs(const struct smk_report *report, struct smk_json_text *json)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "large_blocks");
    for (uint32_t i = 0; i < report->memory.alloc_count && i < 100; i++) {
        const struct smk_alloc_sum *sum = &report->memory.allocs[i];
        smk_put_json_object(json, NULL);
        smk_name_of_call(name, report->trace, sum->call);
        smk_put_json_string(json, "call", name);
        put_place(report, json, sum->stack);
        smk_put_json_number(json, "count", sum->count);
        smk_put_json_number(json, "bytes", sum->bytes);
        smk_put_json_number(json, "largest_bytes", sum->largest);
        smk_put_json_number(json, "ns", sum->ns);
        smk_put_json_number(json, "longest_ns", sum->longest);
        smk_put_json_number(json, "ended", sum->ended);
        if (sum->ended)
            smk_put_json_number(json, "mean_lived_ns", sum->lived / sum->ended);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

/* The stack of the function that waited most in a call; 0: none is known. */
static uint32_t waited_in(const struct smk_report *report, const struct smk_call_sum *sum)
{
    struct smk_wait_function most;
    const struct smk_call_waits *waits = &report->locks.others;
    uint32_t number = (uint32_t)(sum - waits->sums);
    return smk_wait_functions(waits, report->symbols, number, false, &most, 1) ? most.stack : 0;
}

static void put_pauses(const struct smk_report *report, struct smk_json_text *json)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "pauses");
    for (uint32_t i = 0; report->calls_by_total && i < report->locks.others.sum_count; i++) {
        const struct smk_call_sum *sum = report->calls_by_total[i];
        if (sum->kind != SMK_WAIT_MEMORY)
            continue;
        smk_put_json_object(json, NULL);
        smk_name_of_call(name, report->trace, sum->call);
        smk_put_json_string(json, "call", name);
        put_place(report, json, waited_in(report, sum));
        smk_put_json_number(json, "count", sum->count);
        smk_put_json_number(json, "ns", sum->ns);
        smk_put_json_number(json, "max_ns", sum->max);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_faults(const struct smk_report *report, struct smk_json_text *json)
{
    smk_put_json_number(json, "major_faults_seen", report->memory.major_faults);
    smk_put_json_array(json, "major_faults");
    for (uint32_t i = 0; i < report->memory.fault_count && i < 100; i++) {
        smk_put_json_object(json, NULL);
        put_place(report, json, report->memory.faults[i].stack);
        smk_put_json_number(json, "count", report->memory.faults[i].count);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

/* Figures of a process are not below 0. */
static void put_counters(const struct smk_report *report, struct smk_json_text *json)
{
    smk_put_json_array(json, "process");
    for (uint32_t i = 0; i < report->memory.counter_count; i++) {
        const struct smk_counter_sum *sum = &report->memory.counters[i];
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "name", smk_trace_string(report->trace, sum->name));
        smk_put_json_number(json, "process", sum->process);
        smk_put_json_number(json, "first", (uint64_t)sum->first);
        smk_put_json_number(json, "last", (uint64_t)sum->last);
        smk_put_json_number(json, "min", (uint64_t)sum->least);
        smk_put_json_number(json, "max", (uint64_t)sum->most);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_costs(const struct smk_report *report, struct smk_json_text *json)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "slow_requests");
    for (uint32_t i = 0; i < report->memory.cost_count; i++) {
        const struct smk_cost_sum *cost = &report->memory.costs[i];
        smk_put_json_object(json, NULL);
        smk_name_of_route(name, report->trace, report->latency.routes[cost->route].route);
        smk_put_json_string(json, "route", name);
        smk_put_json_number(json, "requests", cost->requests);
        smk_put_json_string(json, "certainty", cost->bounds ? "at most" : "exact");
        smk_put_json_number(json, "minor_faults", cost->minor);
        smk_put_json_number(json, "major_faults", cost->major);
        smk_put_json_number(json, "system_ns", cost->system);
        smk_put_json_number(json, "user_ns", cost->user);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

void smk_report_memory_json(const struct smk_report *report, struct smk_json_text *json)
{
    smk_put_json_object(json, "memory");
    smk_put_json_number(json, "large_block_count", report->memory.blocks);
    smk_put_json_number(json, "large_block_bytes", report->memory.bytes);
    put_allocs(report, json);
    put_pauses(report, json);
    put_faults(report, json);
    put_counters(report, json);
    put_costs(report, json);
    smk_put_json_object_end(json);
}
