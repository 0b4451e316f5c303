/* request_text.c: a view of a request in words. */
#include "analysis/request_view_state.h"

#include <stdio.h>
#include <string.h>

#define NAME_WIDTH  26u
#define NS_END      42u
#define MILLE_END   50u
#define DETAIL      53u
#define DETAIL_ROOM 54u
#define NORMAL_END  118u
#define MORE_END    130u
#define SHOWN       3u
#define SAMPLED_NS  20000000u /* on a CPU for so long a thread is sampled, as a rule */
#define CHAIN_MILLE 20u /* of its root: below that a link is not shown */
#define CHAIN_SHOWN 4u

/* ---- a part --------------------------------------------------------------------------------------------- */

struct detail {
    char text[SMK_NAME_MAX];
    size_t len;
};

static void append(struct detail *detail, const char *between, const char *text)
{
    int n = snprintf(detail->text + detail->len, sizeof(detail->text) - detail->len, "%s%s",
                     detail->len ? between : "", text);
    detail->len = smk_min_u64(detail->len + (n > 0 ? (size_t)n : 0), sizeof(detail->text) - 1);
}

/* "users 14.0 ms"; the time only where there are several, or it is not all. */
static void append_detail(struct smk_request_view *view, struct detail *to, const struct smk_time_part *part,
                          const struct smk_time_detail *detail, const char *between)
{
    char name[SMK_NAME_MAX], text[SMK_NAME_MAX + SMK_UNIT_MAX + 8], ns[SMK_UNIT_MAX];
    const char *string;
    switch (detail->type) {
    case SMK_DETAIL_REGION:
    case SMK_DETAIL_SITE:
        smk_name_of_site(name, view->trace, detail->id);
        break;
    case SMK_DETAIL_THREAD:
        smk_name_of_thread(name, view->trace, detail->id);
        break;
    case SMK_DETAIL_WHY:
        snprintf(name, sizeof(name), "%s", smk_why_text((enum smk_why)detail->id));
        break;
    default:
        string = detail->id ? smk_trace_string(view->trace, detail->id) : NULL;
        snprintf(name, sizeof(name), "%s", string && string[0] ? string : "a call");
    }
    if (part->detail_count > 1 || detail->ns < part->ns - part->ns / 20)
        snprintf(text, sizeof(text), "%.200s %s", name, smk_words_ns(ns, detail->ns));
    else
        snprintf(text, sizeof(text), "%.200s", name);
    append(to, between, text);
}

/* "render_cart 2 of 3 samples": where samples say it, which for a short request they rarely do. */
static void on_cpu(struct smk_request_view *view, struct detail *to, const struct smk_time_part *part)
{
    char name[SMK_NAME_MAX], text[SMK_NAME_MAX + 64];
    if (!view->samples && !part->detail_count && part->ns > SAMPLED_NS)
        append(to, "", "no sample lies in it: where is not known");
    for (uint32_t i = 0; i < view->function_count; i++) {
        smk_place_text(name, &view->symbols, view->functions[i].stack);
        snprintf(text, sizeof(text), "%.200s %u of %u sample%s", name[0] ? name : "unknown", view->functions[i].count,
                 view->samples, view->samples == 1 ? "" : "s");
        append(to, ", ", text);
    }
    for (uint32_t i = 0; i < part->detail_count && i < SHOWN; i++)
        append_detail(view, to, part, &part->details[i], ", ");
}

/* What the holders did most of that time: "disk 80.7 ms". */
static void they_did(struct smk_request_view *view, struct detail *to, uint32_t holder)
{
    static const char *const says[] = {"", "", "on a CPU", "without a CPU", "", "", ""};
    char text[SMK_NAME_MAX], ns[SMK_UNIT_MAX];
    uint32_t child = smk_chain_child(&view->chain, holder, 0);
    const struct smk_chain_node *node = child == UINT32_MAX ? NULL : &view->chain.nodes[child];
    if (!node || node->ns < view->chain.nodes[holder].ns / 4)
        return;
    snprintf(text, sizeof(text), ", %s %s",
             node->kind == SMK_CHAIN_WAIT ? smk_wait_kind_name(node->wait) : says[node->kind],
             smk_words_ns(ns, node->ns));
    append(to, "", text);
}

/* "held by worker-3 and 5 more, disk 80.7 ms". */
static void held_by(struct smk_request_view *view, struct detail *to, const struct smk_time_part *part)
{
    char name[SMK_NAME_MAX], text[SMK_NAME_MAX];
    const struct smk_chain_node *nodes = view->chain.nodes;
    for (uint32_t i = 0; i < view->chain.count; i++) {
        uint32_t child = nodes[i].parent == SMK_CHAIN_ROOTS && nodes[i].lock == part->lock
                             ? smk_chain_child(&view->chain, i, 0)
                             : UINT32_MAX;
        if (child == UINT32_MAX || nodes[child].kind != SMK_CHAIN_HOLDER || nodes[child].thread_count == 0)
            continue;
        const struct smk_chain_node *node = &nodes[child];
        smk_name_of_thread(name, view->trace, node->threads[0]);
        snprintf(text, sizeof(text), "held by %.60s", name);
        append(to, "", text);
        if (node->thread_count > 1) {
            snprintf(text, sizeof(text), " and %u%s more", node->thread_count - 1,
                     node->thread_count == SMK_CHAIN_THREADS ? " or" : "");
            append(to, "", text);
        }
        they_did(view, to, child);
        return;
    }
}

static void make_detail(struct smk_request_view *view, struct detail *to, const struct smk_time_part *part)
{
    const char *between = "";
    to->text[0] = '\0';
    to->len = 0;
    switch (part->kind) {
    case SMK_TIME_CPU:
        on_cpu(view, to, part);
        return;
    case SMK_TIME_LOCK:
        held_by(view, to, part);
        return;
    case SMK_TIME_OUTSIDE:
        append(to, "", "for a peer: its thread had nothing to do, ");
        break;
    case SMK_TIME_LOOP:
        append(to, "", "busy with other work: ");
        break;
    default:
        between = ", ";
    }
    for (uint32_t i = 0; i < part->detail_count && i < SHOWN; i++, between = ", ")
        append_detail(view, to, part, &part->details[i], between);
    if (part->ahead) {
        char text[32];
        snprintf(text, sizeof(text), ", %u ahead", part->ahead);
        append(to, "", text);
    }
}

static void part_name(struct smk_request_view *view, char name[2 * SMK_NAME_MAX], const struct smk_time_part *part)
{
    char lock[SMK_NAME_MAX];
    const char *text = smk_time_text((enum smk_time_kind)part->kind);
    if (part->kind == SMK_TIME_LOCK && part->lock != SMK_MAP_NONE) {
        smk_name_of_lock(lock, &view->symbols, &view->pick.locks.array[part->lock]);
        snprintf(name, 2 * SMK_NAME_MAX, "%s %s", text, lock);
    } else {
        snprintf(name, 2 * SMK_NAME_MAX, "%s%s", text, part->kind == SMK_TIME_LOCK ? "s, others" : "");
    }
}

static uint32_t mille_of(uint64_t ns, uint64_t all)
{
    return all ? (uint32_t)((double)ns * 1000 / (double)all + 0.5) : 0;
}

static void say_more(struct smk_words *words, int64_t more)
{
    char text[SMK_UNIT_MAX], signed_text[SMK_UNIT_MAX + 2];
    uint64_t size = more < 0 ? (uint64_t)-more : (uint64_t)more;
    snprintf(signed_text, sizeof(signed_text), "%s%s", more < 0 ? "-" : "+", smk_words_ns(text, size));
    smk_words_right(words, MORE_END, signed_text);
}

static void say_figures(struct smk_request_view *view, struct smk_words *words, uint64_t ns, bool estimated)
{
    char text[SMK_UNIT_MAX], about[SMK_UNIT_MAX + 4];
    snprintf(about, sizeof(about), "%s%s", estimated ? "~" : "", smk_words_ns(text, ns));
    smk_words_right(words, NS_END, about);
    smk_words_right(words, MILLE_END, smk_words_mille(text, mille_of(ns, view->request.total)));
}

static void say_part(struct smk_request_view *view, struct smk_words *words, const struct smk_time_part *part,
                     bool most)
{
    char name[2 * SMK_NAME_MAX], text[SMK_UNIT_MAX];
    struct detail detail;
    uint64_t normal;
    int64_t more = smk_request_view_more(view, part, &normal);
    part_name(view, name, part);
    smk_words_to(words, 2);
    smk_words_name_cut(words, name, NAME_WIDTH);
    say_figures(view, words, part->ns, part->estimated > 0);
    make_detail(view, &detail, part);
    if (detail.len) {
        smk_words_to(words, DETAIL);
        smk_words_name_cut(words, detail.text, DETAIL_ROOM);
    }
    if (view->has_normal) {
        smk_words_right(words, NORMAL_END, smk_words_ns(text, normal));
        say_more(words, more);
        smk_words_say(words, "%s", most ? "  ←" : "");
    }
    smk_words_say(words, "\n");
}

/* Parts that the normal one alone has. */
static void say_missing(struct smk_request_view *view, struct smk_words *words)
{
    char name[2 * SMK_NAME_MAX], text[SMK_UNIT_MAX];
    for (uint32_t i = 0; view->has_normal && i < view->normal.part_count; i++) {
        const struct smk_time_part *part = &view->normal.parts[i];
        if (smk_request_part(&view->request, part->kind, part->lock) || part->ns < view->normal.total / 100)
            continue;
        part_name(view, name, part);
        smk_words_to(words, 2);
        smk_words_name_cut(words, name, NAME_WIDTH);
        say_figures(view, words, 0, false);
        smk_words_right(words, NORMAL_END, smk_words_ns(text, part->ns));
        say_more(words, -(int64_t)part->ns);
        smk_words_say(words, "\n");
    }
}

static void say_parts(struct smk_request_view *view, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    uint64_t normal;
    int64_t most = 0;
    uint32_t at = UINT32_MAX;
    for (uint32_t i = 0; view->has_normal && i < view->request.part_count; i++) {
        int64_t more = smk_request_view_more(view, &view->request.parts[i], &normal);
        if (more > most) {
            most = more;
            at = i;
        }
    }
    for (uint32_t i = 0; i < view->request.part_count; i++)
        say_part(view, words, &view->request.parts[i], i == at);
    say_missing(view, words);
    smk_words_right(words, NS_END, smk_words_ns(text, view->request.total));
    smk_words_right(words, MILLE_END, smk_words_mille(text, 1000));
    if (view->has_normal) {
        smk_words_right(words, NORMAL_END, smk_words_ns(text, view->normal.total));
        say_more(words, (int64_t)view->request.total - (int64_t)view->normal.total);
    }
    smk_words_say(words, "\n");
}

/* ---- head and foot -------------------------------------------------------------------------------------- */

static void say_head(struct smk_request_view *view, struct smk_words *words)
{
    const struct smk_span_request *request = &view->request.request;
    char text[SMK_UNIT_MAX];
    smk_words_say(words, "%llu  ", (unsigned long long)request->id);
    smk_say_route(words, view->trace, request->route);
    if (request->open)
        smk_words_say(words, "  still running");
    else if (request->status)
        smk_words_say(words, "  %u", request->status);
    smk_words_say(words, "  %s%s   ", request->begin_unseen ? "at least " : "",
                  smk_words_ns(text, view->request.total));
    smk_say_thread(words, view->trace, request->last_thread);
    smk_words_say(words, ", %s", smk_words_clock(text, smk_unix_of(view->trace, request->process, request->from)));
    if (view->has_normal) {
        char beside[100], id[SMK_UNIT_MAX];
        snprintf(id, sizeof(id), "%llu", (unsigned long long)view->normal.request.id);
        snprintf(beside, sizeof(beside), "a normal one: %s, %s", id, smk_words_ns(text, view->normal.total));
        smk_words_right(words, NORMAL_END, beside);
        smk_words_right(words, MORE_END, "more by");
    }
    smk_words_say(words, "\n");
}

static void say_rank(struct smk_request_view *view, struct smk_words *words)
{
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX];
    const struct smk_request_pick *pick = &view->pick;
    if (pick->of_route > 1)
        smk_words_say(words, "Of %s of its route number %s by time; half of them took up to %s.\n",
                      smk_words_count(a, pick->of_route), smk_words_count(b, pick->rank),
                      smk_words_ns(c, pick->median));
    else
        smk_words_say(words, "No other of its route is whole in the trace, so there is none to compare it with.\n");
    if (pick->same > 1)
        smk_words_say(words, "%llu processes have a request of this number; this is the slowest.\n",
                      (unsigned long long)pick->same);
    if (view->request.request.more)
        smk_words_say(words, "%u more came with it, and were answered with it.\n", view->request.request.more);
}

static void say_servers(struct smk_request_view *view, struct smk_words *words)
{
    char text[SMK_UNIT_MAX];
    const struct smk_request_parts *parts = &view->request;
    if (parts->server_count < 2)
        return;
    smk_words_say(words, "Served by ");
    for (uint32_t i = 0; i < parts->server_count && i < 2 * SHOWN; i++) {
        smk_words_say(words, "%s", i ? ", " : "");
        smk_say_thread(words, view->trace, parts->servers[i].thread);
        smk_words_say(words, " %s", smk_words_ns(text, parts->servers[i].ns));
    }
    if (parts->server_count > 2 * SHOWN)
        smk_words_say(words, " and %u more", parts->server_count - 2 * SHOWN + parts->servers_more);
    smk_words_say(words, ".\n");
}

static bool has_why(const struct smk_request_view *view, enum smk_why why)
{
    const struct smk_time_part *part = smk_request_part(&view->request, SMK_TIME_UNEXPLAINED, SMK_MAP_NONE);
    for (uint32_t i = 0; part && i < part->detail_count; i++)
        if (part->details[i].type == SMK_DETAIL_WHY && part->details[i].id == why)
            return true;
    return false;
}

static void say_certainty(struct smk_request_view *view, struct smk_words *words)
{
    const char *source = smk_request_view_source(view);
    char text[SMK_UNIT_MAX];
    if (view->request.estimated)
        smk_words_say(words, "~ CPU time is estimated from %s, which counts over 10 to 100 ms.\n", source);
    else if (has_why(view, SMK_WHY_NO_SOURCE) && strncmp(source, "perf", 4) != 0)
        smk_words_say(words, "CPU time is not known (scheduler source: %s): what is in no call is unexplained.\n"
                             "A timed capture where perf_event_open is allowed measures it.\n",
                      source[0] ? source : "none");
    else
        smk_words_say(words, "CPU time is measured (switch records); how long it was ready again after a wait is in "
                             "the wait.\n");
    if (view->index.refused)
        smk_words_say(words, "%s things that happened meanwhile had no room: the chain may lack links.\n",
                      smk_words_count(text, view->index.refused));
}

/* ---- the chain ------------------------------------------------------------------------------------------ */

static void say_threads(struct smk_request_view *view, struct smk_words *words, const struct smk_chain_node *node)
{
    for (uint32_t i = 0; i < node->thread_count && i < SHOWN; i++) {
        smk_words_say(words, "%s", i ? ", " : "");
        smk_say_thread(words, view->trace, node->threads[i]);
    }
    if (node->thread_count > SHOWN)
        smk_words_say(words, " and %s%u more", node->thread_count == SMK_CHAIN_THREADS ? "over " : "",
                      node->thread_count - SHOWN);
}

static void say_wait(struct smk_request_view *view, struct smk_words *words, const struct smk_chain_node *node)
{
    char text[SMK_NAME_MAX];
    if (node->wait == SMK_WAIT_NONE || (node->wait == SMK_WAIT_POLL && node->parent == SMK_CHAIN_ROOTS)) {
        smk_name_of_site(text, view->trace, node->site);
        smk_words_say(words, "%s", node->wait ? "its event loop" : "queue ");
        if (!node->wait)
            smk_words_name_cut(words, text, 60);
        return;
    }
    struct smk_span_wait wait = {.kind = node->wait, .call = node->call, .what = node->what, .site = node->site,
                                 .fd = -1};
    if (node->lock != SMK_MAP_NONE)
        smk_name_of_lock(text, &view->symbols, &view->pick.locks.array[node->lock]);
    else
        smk_wait_text(text, &view->symbols, &view->pick.locks, &wait);
    smk_words_say(words, "%s ", smk_wait_kind_name(node->wait));
    smk_words_name_cut(words, text, 80);
}

static void say_node(struct smk_request_view *view, struct smk_words *words, const struct smk_chain_node *node)
{
    static const char *const says[] = {"", "", "on a CPU", "ready, without a CPU",
                                       "nobody held it: from the last unlock until it ran", "", "not known by whom"};
    bool root = node->parent == SMK_CHAIN_ROOTS;
    switch (node->kind) {
    case SMK_CHAIN_WAIT:
        smk_words_say(words, root ? "it waited for " : node->idle ? "idle, to be woken: " : "waited for ");
        say_wait(view, words, node);
        break;
    case SMK_CHAIN_HOLDER:
        smk_words_say(words, node->inferred ? "held up by " : "held by ");
        say_threads(view, words, node);
        break;
    case SMK_CHAIN_CIRCLE:
        smk_words_say(words, "a circle: by ");
        say_threads(view, words, node);
        smk_words_say(words, ", who is further up");
        break;
    default:
        smk_words_say(words, "%s", says[node->kind]);
    }
    if (node->stack) {
        smk_words_say(words, " in ");
        smk_say_place(words, &view->symbols, node->stack);
    }
}

static void say_link(struct smk_request_view *view, struct smk_words *words, uint32_t number, uint64_t of)
{
    char text[SMK_UNIT_MAX];
    const struct smk_chain_node *node = &view->chain.nodes[number];
    smk_words_right(words, 12, smk_words_ns(text, node->ns));
    smk_words_to(words, 14 + 2 * node->depth);
    say_node(view, words, node);
    if (node->count > 1)
        smk_words_say(words, ", %s times", smk_words_count(text, node->count));
    smk_words_say(words, "\n");
    for (uint32_t i = 0; i < CHAIN_SHOWN; i++) {
        uint32_t child = smk_chain_child(&view->chain, number, i);
        if (child == UINT32_MAX || view->chain.nodes[child].ns < of / 1000 * CHAIN_MILLE)
            break;
        say_link(view, words, child, of);
    }
}

static void say_chain(struct smk_request_view *view, struct smk_words *words)
{
    uint32_t root = smk_chain_child(&view->chain, SMK_CHAIN_ROOTS, 0);
    if (root == UINT32_MAX)
        return;
    smk_words_say(words, "\nwho waited for whom\n");
    for (uint32_t i = 0; (root = smk_chain_child(&view->chain, SMK_CHAIN_ROOTS, i)) != UINT32_MAX; i++)
        say_link(view, words, root, view->chain.nodes[root].ns);
    if (view->chain.cut_short)
        smk_words_say(words, "There is more to it than was followed.\n");
}

int smk_request_view_text(struct smk_request_view *view, smk_report_put put, void *arg)
{
    struct smk_words words;
    smk_words_init(&words, put, arg);
    say_head(view, &words);
    say_parts(view, &words);
    say_chain(view, &words);
    smk_words_say(&words, "\n");
    say_rank(view, &words);
    say_servers(view, &words);
    say_certainty(view, &words);
    return smk_words_flush(&words);
}
