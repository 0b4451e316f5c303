/* report_finding_sequence.c: waits in sequence that could overlap, in words and in JSON. */
#include "analysis/json.h"
#include "analysis/report_state.h"

static const struct smk_sequence *sequence_of(const struct smk_report *report, const struct smk_finding *finding)
{
    return &report->sequences.array[finding->sequence];
}

static void say_peer(const struct smk_report *report, struct smk_words *words, const struct smk_sequence_peer *peer,
                     bool first)
{
    char text[SMK_UNIT_MAX];
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = smk_report_own_place(report, peer->stack, &stack, &frame);
    const char *what = smk_trace_string(report->trace, peer->what);
    smk_report_label_text(words, first ? "Waiting in" : "");
    if (place)
        smk_report_place_text(report, words, place);
    else
        smk_words_say(words, "a place unknown (no stack was taken)");
    smk_words_to(words, SMK_FINDING_NOTE);
    smk_words_say(words, "%s on average, for ", smk_words_ns(text, peer->ns / peer->count));
    smk_words_name_cut(words, what ? what : "an unknown peer", 48);
    smk_words_say(words, "\n");
    if (first && place)
        smk_report_callers_text(report, words, SMK_FINDING_LABEL + 2, stack, frame);
}

void smk_report_sequence_text(const struct smk_report *report, struct smk_words *words,
                              const struct smk_finding *finding)
{
    const struct smk_sequence *sequence = sequence_of(report, finding);
    const struct smk_route *route = &report->latency.routes[sequence->route];
    char name[SMK_NAME_MAX], a[SMK_UNIT_MAX], b[SMK_UNIT_MAX], c[SMK_UNIT_MAX], d[SMK_UNIT_MAX];
    smk_name_of_route(name, report->trace, route->route);
    smk_words_name_cut(words, name, 36);
    smk_words_say(words, " waits for its peers in sequence");
    smk_words_to(words, SMK_FINDING_FIGURE);
    smk_words_say(words, "%s of its time",
                  smk_words_mille(a, smk_per_mille(sequence->gain, finding->shares[0].of)));
    smk_words_to(words, SMK_FINDING_CERTAINTY);
    smk_words_say(words, "estimated\n");
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "%s of %s requests waited for %s on average, one peer after the other; ",
                  smk_words_count(a, sequence->requests), smk_words_count(b, route->latency.count + route->running),
                  smk_words_ns(c, sequence->waited / sequence->requests));
    smk_words_say(words, "if independent, side by side\n");
    smk_words_to(words, SMK_FINDING_INDENT);
    smk_words_say(words, "they would take as long as the longest: at most %s less each, %s together.\n",
                  smk_words_ns(a, sequence->gain / sequence->requests), smk_words_ns(d, sequence->gain));
    for (uint32_t i = 0; i < sequence->peer_count; i++)
        say_peer(report, words, &sequence->peers[i], i == 0);
    smk_report_label_text(words, "Longest");
    smk_words_say(words, "from %s, %s, in request %llu\n",
                  smk_words_clock(a, smk_report_unix(report, sequence->max_begin)),
                  smk_words_ns(b, sequence->max_ns),
                  (unsigned long long)smk_map_own(sequence->process, sequence->max_request));
    smk_report_label_text(words, "Look at");
    smk_words_say(words, "whether a later question needs an earlier answer; if not, ask all, then wait for all\n");
}

void smk_report_sequence_json(const struct smk_report *report, struct smk_json_text *json,
                              const struct smk_finding *finding)
{
    const struct smk_sequence *sequence = sequence_of(report, finding);
    char date[SMK_UNIT_MAX];
    smk_put_json_string(json, "certainty", "estimated");
    smk_put_json_number(json, "cost_ns", finding->cost);
    smk_put_json_bool(json, "if_independent", true);
    smk_put_json_number(json, "requests", sequence->requests);
    smk_put_json_number(json, "waited_ns", sequence->waited);
    smk_report_shares_json(json, report, finding);
    smk_put_json_string(json, "max_from", smk_words_date(date, smk_report_unix(report, sequence->max_begin)));
    smk_put_json_number(json, "max_ns", sequence->max_ns);
    smk_put_json_array(json, "peers");
    for (uint32_t i = 0; i < sequence->peer_count; i++) {
        const struct smk_sequence_peer *peer = &sequence->peers[i];
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "peer", smk_trace_string(report->trace, peer->what));
        smk_report_own_place_json(json, report, peer->stack);
        smk_put_json_number(json, "ns", peer->ns);
        smk_put_json_number(json, "count", peer->count);
        smk_put_json_number(json, "max_ns", peer->longest);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}
