/* rule_text.h: an answer in plain text that grows; memory of the agent's heap. Errors stay until it is sent. */
#ifndef SMK_AGENT_RULE_TEXT_H
#define SMK_AGENT_RULE_TEXT_H

#include "exchange.h"

struct smk_rule_words {
    char *data;
    size_t len, room;
    bool failed;
};

/* At most 1,023 bytes at once. */
void smk_rule_say(struct smk_rule_words *text, const char *format, ...) SMK_PRINTF(2, 3);
/* What somebody else wrote: without control characters, and no line of its own. */
void smk_rule_say_escaped(struct smk_rule_words *text, const char *words);

/* The figures of rules as Prometheus wants them; `data` is the caller's to free. rule_metrics.c. */
void smk_rules_metrics(struct smk_rule_words *text);

/* Answers with it. */
void smk_rule_words_answer(struct smk_exchange *exchange, struct smk_rule_words *text);

#endif
