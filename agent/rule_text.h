/* rule_text.h: what the routes and the metrics of rules share. */
#ifndef SMK_AGENT_RULE_TEXT_H
#define SMK_AGENT_RULE_TEXT_H

#include "exchange.h"
#include "text.h"

/* The figures of rules as Prometheus wants them; `data` is the caller's to free. rule_metrics.c. */
void smk_rules_metrics(struct smk_text *text);

/* Answers with it. */
void smk_rule_text_answer(struct smk_exchange *exchange, struct smk_text *text);

#endif
