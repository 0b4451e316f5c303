/* report_finding_peer.c: a peer that requests wait for, in words and in JSON. */
#include "analysis/json.h"
#include "analysis/report_state.h"

static const struct smk_peer *peer_of(const struct smk_report *report, const struct smk_finding *finding)
{
    return &report->peers.array[finding->peer];
}

static const char *name_of(const struct smk_report *report, const struct smk_peer *peer)
{
    const char *name = smk_trace_string(report->trace, peer->what);
    return name ? name : "an unknown peer";
}

void smk_report_peer_text(const struct smk_report *report, struct smk_words *words, const struct smk_finding *finding)
{
    const struct smk_peer *peer = peer_of(report, finding);
    const struct smk_route *route = &report->latency.routes[peer->route];
    char a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX], d[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = smk_report_own_place(report, peer->stack, &stack, &frame);
    smk_words_name_cut(words, name_of(report, peer), 30);
    smk_report_slow_text(report, words, finding, NULL);
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "%s of %s requests waited for its answer, %s on average, ",
                  smk_words_count(a, peer->requests), smk_words_count(b, route->latency.count + route->running),
                  smk_words_ns(c, peer->ns / peer->requests));
    smk_words_say(words, "%s at most, %s together.\n", smk_words_ns(a, peer->max_ns), smk_words_ns(d, peer->ns));
    smk_report_label_text(words, "Read in");
    if (place)
        smk_report_place_text(report, words, place);
    else
        smk_words_say(words, "a place unknown (no stack was taken)");
    smk_words_to(words, SMK_FINDING_NOTE);
    smk_words_say(words, "from ");
    smk_words_name_cut(words, name_of(report, peer), 48);
    smk_words_say(words, "\n");
    if (place)
        smk_report_callers_text(report, words, SMK_FINDING_LABEL + 2, stack, frame);
    smk_report_label_text(words, "Longest");
    smk_words_say(words, "from %s, %s, in request %llu\n",
                  smk_words_clock(a, smk_report_unix(report, peer->max_begin)), smk_words_ns(b, peer->max_ns),
                  (unsigned long long)smk_map_own(peer->process, peer->max_request));
    smk_report_label_text(words, "Look at");
    smk_words_say(words, "what it does meanwhile (a trace of it, if it is yours), and whether each request has to "
                         "ask it\n");
}

void smk_report_peer_json(const struct smk_report *report, struct smk_json_text *json,
                          const struct smk_finding *finding)
{
    const struct smk_peer *peer = peer_of(report, finding);
    char date[SMK_UNIT_MAX];
    smk_put_json_string(json, "certainty", smk_report_incomplete(report) ? "at least" : "exact");
    smk_put_json_number(json, "cost_ns", finding->cost);
    smk_put_json_string(json, "peer", smk_trace_string(report->trace, peer->what));
    smk_put_json_number(json, "requests", peer->requests);
    smk_put_json_number(json, "mean_ns", peer->ns / peer->requests);
    smk_put_json_number(json, "max_ns", peer->max_ns);
    smk_put_json_string(json, "max_from", smk_words_date(date, smk_report_unix(report, peer->max_begin)));
    smk_report_shares_json(json, report, finding);
    smk_report_own_place_json(json, report, peer->stack);
    smk_report_stack_json(json, "stack", report, peer->stack);
}
