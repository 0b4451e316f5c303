#include "rule_text.h"


void smk_rule_text_answer(struct smk_exchange *exchange, struct smk_text *text)
{
    if (text->failed)
        smk_text_free(text);
    smk_answer_memory(&exchange->answer, 200, "text/plain; charset=utf-8", text->data, text->len);
    smk_exchange_answer(exchange);
}
