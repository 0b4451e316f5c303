/* live_text.c: live.h's threads in words. */
#include <string.h>

#include "analysis/live.h"
#include "analysis/words.h"

#define CHAINS_MAX 50u
#define STEPS_MAX  16u /* of one chain or circle in words */
#define SHOWN      8u  /* frames of a stack */
#define NAME_WIDTH 20u
#define STATE_WIDTH 62u

static void say_name(struct smk_words *words, const struct smk_live_thread *thread)
{
    smk_words_name(words, thread->name[0] ? thread->name : "?");
    if (thread->same_name)
        smk_words_say(words, "/%u", thread->tid);
}

static void say_time(struct smk_words *words, const struct smk_live_thread *thread)
{
    char text[SMK_UNIT_MAX];
    if (strcmp(thread->since, "unknown") != 0)
        smk_words_say(words, " %s%s", strcmp(thread->since, "exact") == 0 ? "" : "~",
                      smk_words_ns(text, thread->waited_ns));
}

static bool is(const struct smk_live_thread *thread, const char *kind) { return strcmp(thread->kind, kind) == 0; }

/* The lock's name, the descriptor's; else its address. */
static void say_object(struct smk_words *words, const struct smk_live_thread *thread)
{
    if (thread->object[0])
        smk_words_name(words, thread->object);
    else if (thread->address)
        smk_words_say(words, "0x%llx", (unsigned long long)thread->address);
    else
        smk_words_say(words, "%s", is(thread, "lock") ? "a lock" : "something");
}

/* "(fdatasync audit.log)" */
static void say_call(struct smk_words *words, const struct smk_live_thread *thread)
{
    if (!thread->call[0] && !thread->object[0])
        return;
    smk_words_say(words, " (");
    smk_words_name(words, thread->call);
    smk_words_say(words, thread->call[0] && thread->object[0] ? " " : "");
    smk_words_name(words, thread->object);
    smk_words_say(words, ")");
}

/* What a thread at a chain's end does. */
static void say_doing(struct smk_words *words, const struct smk_live_thread *thread)
{
    static const struct {
        const char *kind, *words;
    } kinds[] = {{"net", "waits for the network"}, {"poll", "polls"},           {"disk", "waits for the disk"},
                 {"sleep", "sleeps"},              {"cond", "waits for a condition"},
                 {"memory", "waits for memory"},   {"join", "waits for an end"}, {"other", "waits"}};
    const char *doing = strcmp(thread->state, "running") == 0    ? "runs"
                        : strcmp(thread->state, "runnable") == 0 ? "is ready, and has no CPU"
                        : strcmp(thread->state, "stopped") == 0  ? "is stopped"
                        : strcmp(thread->state, "ended") == 0    ? "has ended"
                                                                 : NULL;
    if (doing) {
        smk_words_say(words, "%s", doing);
        return;
    }
    if (is(thread, "lock")) {
        smk_words_say(words, "waits for ");
        say_object(words, thread);
    }
    for (size_t i = 0; i < SMK_ARRAY_LEN(kinds); i++)
        if (is(thread, kinds[i].kind)) {
            smk_words_say(words, "%s", kinds[i].words);
            say_call(words, thread);
        }
    say_time(words, thread);
}

/* ---- who waits for whom ---------------------------------------------------------------------------------------- */

static void say_circle(struct smk_words *words, const struct smk_live *live, uint32_t first)
{
    uint32_t at = first, steps = 0;
    smk_words_say(words, "deadlock: ");
    say_name(words, &live->threads[at]);
    do {
        const struct smk_live_thread *thread = &live->threads[at];
        smk_words_say(words, " → ");
        if (is(thread, "join"))
            smk_words_say(words, "the end of ");
        else
            say_object(words, thread);
        at = thread->next;
        smk_words_say(words, "%s", is(thread, "join") ? "" : " (held by ");
        say_name(words, &live->threads[at]);
        smk_words_say(words, "%s", is(thread, "join") ? "" : ")");
    } while (at != first && ++steps < STEPS_MAX);
    smk_words_say(words, "%s\n", at == first ? "" : " → …");
}

static void say_circles(struct smk_words *words, const struct smk_live *live)
{
    for (uint32_t number = 1; number <= live->circles && number <= CHAINS_MAX; number++)
        for (uint32_t i = 0; i < live->count; i++)
            if (live->threads[i].circle == number) {
                say_circle(words, live, i);
                break;
            }
}

/* The first thread that waits for this one at this lock says it for all of them. */
static uint32_t waiters(const struct smk_live *live, uint32_t number, bool *first)
{
    const struct smk_live_thread *thread = &live->threads[number];
    uint32_t count = 0;
    *first = true;
    for (uint32_t i = 0; i < live->count; i++) {
        const struct smk_live_thread *other = &live->threads[i];
        if (other->next != thread->next || other->address != thread->address || !is(other, "lock") || other->circle)
            continue;
        *first &= count > 0 || i == number;
        count++;
    }
    return count;
}

static void say_chain(struct smk_words *words, const struct smk_live *live, uint32_t number, uint32_t count)
{
    const struct smk_live_thread *thread = &live->threads[number];
    say_name(words, thread);
    if (count > 1)
        smk_words_say(words, " and %u more wait for ", count - 1);
    else
        smk_words_say(words, " waits for ");
    say_object(words, thread);
    if (count == 1)
        say_time(words, thread);
    for (uint32_t steps = 0; thread->next != SMK_LIVE_NONE && steps < STEPS_MAX; steps++) {
        bool joins = is(thread, "join");
        thread = &live->threads[thread->next];
        smk_words_say(words, joins ? ", that of " : ", held by ");
        say_name(words, thread);
        smk_words_say(words, ", which ");
        if (thread->circle) {
            smk_words_say(words, "is in a deadlock");
            break;
        }
        say_doing(words, thread);
    }
    smk_words_say(words, "\n");
}

static void say_chains(struct smk_words *words, const struct smk_live *live)
{
    uint32_t said = 0;
    for (uint32_t i = 0; i < live->count; i++) {
        const struct smk_live_thread *thread = &live->threads[i];
        bool first = false;
        uint32_t count = 0;
        if (thread->next != SMK_LIVE_NONE && !thread->circle && is(thread, "lock"))
            count = waiters(live, i, &first);
        if (!first)
            continue;
        if (said++ == CHAINS_MAX) {
            smk_words_say(words, "… and more locks that are waited for\n");
            return;
        }
        say_chain(words, live, i, count);
    }
}

/* ---- one thread ------------------------------------------------------------------------------------------------ */

void smk_live_say_state(const struct smk_live *live, const struct smk_live_thread *thread, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    if (!thread->kind[0]) {
        smk_words_say(words, "%s", thread->state);
    } else {
        smk_words_say(words, "%s", thread->kind);
        if (is(thread, "lock") || is(thread, "cond")) {
            smk_words_say(words, " ");
            say_object(words, thread);
        } else if (thread->next == SMK_LIVE_NONE) {
            smk_words_say(words, "%s%s", thread->call[0] ? " " : "", thread->call);
            if (thread->object[0]) {
                smk_words_say(words, " ");
                smk_words_name_cut(words, thread->object, 40);
            }
        }
        if (thread->next != SMK_LIVE_NONE) {
            smk_words_say(words, is(thread, "join") ? " " : ", held by ");
            say_name(words, &live->threads[thread->next]);
        }
        say_time(words, thread);
        if (strcmp(thread->state, "waiting") != 0)
            smk_words_say(words, " (%s)", thread->state);
    }
    if (!thread->request)
        return;
    smk_words_say(words, "  in ");
    smk_words_name_cut(words, thread->route[0] ? thread->route : "a request", 40);
    if (thread->request_ns)
        smk_words_say(words, " %s", smk_words_ns(text, thread->request_ns));
}

static void say_frame(struct smk_words *words, const struct smk_live_frame *frame)
{
    if (frame->function)
        smk_words_name_cut(words, frame->function, 60);
    else if (frame->module[0])
        smk_words_name_cut(words, frame->module, 60);
    else
        smk_words_say(words, "0x%llx", (unsigned long long)frame->pc);
    if (!frame->function && frame->module[0])
        smk_words_say(words, "+0x%llx", (unsigned long long)frame->offset);
    if (frame->file) {
        smk_words_say(words, " ");
        smk_words_name(words, frame->file);
        smk_words_say(words, ":%u", frame->line);
    }
}

void smk_live_say_stack(const struct smk_live_thread *thread, unsigned max, struct smk_words *words)
{
    uint32_t own = smk_live_own_frame(thread), said = 0;
    if (own == thread->frame_count)
        own = 0; /* all of them are libraries': better than nothing */
    for (uint32_t i = own; i < thread->frame_count && said < max; i++) {
        if (i > own && thread->frames[i].ours)
            continue; /* where the C library called the program's function */
        smk_words_say(words, said++ ? " ← " : "");
        say_frame(words, &thread->frames[i]);
    }
    if (said == max || (thread->cut && said))
        smk_words_say(words, " ← …");
    if (!said && thread->stack_why[0]) {
        smk_words_say(words, "stack unknown (");
        smk_words_name(words, thread->stack_why);
        smk_words_say(words, ")");
    }
}

static void say_thread(struct smk_words *words, const struct smk_live *live, const struct smk_live_thread *thread)
{
    say_name(words, thread);
    smk_words_to(words, NAME_WIDTH);
    smk_live_say_state(live, thread, words);
    if (thread->frame_count || strncmp(thread->state, "runn", 4) != 0) {
        smk_words_to(words, STATE_WIDTH);
        smk_live_say_stack(thread, SHOWN, words);
    }
    smk_words_say(words, "\n");
}

static void say_head(struct smk_words *words, const struct smk_live *live)
{
    char clock[SMK_UNIT_MAX];
    uint32_t idle = 0, waiting = 0;
    for (uint32_t i = 0; i < live->count; i++) {
        idle += strcmp(live->threads[i].state, "idle") == 0;
        waiting += strcmp(live->threads[i].state, "waiting") == 0;
    }
    smk_words_name(words, live->program);
    smk_words_say(words, "[%llu]  %s  %u threads: %u waiting, %u idle\n", (unsigned long long)live->pid,
                  smk_words_clock(clock, live->unix_ns), live->total, waiting, idle);
    if (live->why[0]) {
        smk_words_say(words, "partial: ");
        smk_words_name(words, live->why);
        smk_words_say(words, "\n");
    }
}

int smk_live_text(const struct smk_live *live, smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    say_circles(&words, live);
    say_chains(&words, live);
    say_head(&words, live);
    for (uint32_t i = 0; i < live->count; i++)
        say_thread(&words, live, &live->threads[i]);
    return smk_words_flush(&words);
}
