/* text.h: an answer's text in the agent's heap, as it grows. */
#ifndef SMK_AGENT_TEXT_H
#define SMK_AGENT_TEXT_H

#include "base/compiler.h"

#define SMK_ANSWER_TEXT_MAX (UINT64_C(16) << 20)

/* {0} is empty. */
struct smk_text {
    char *data; /* the caller's to free; no NUL */
    size_t len, room;
    bool failed; /* something had no room: that and all behind it is left out; smk_text_put only says so */
};

/* As smk_report_put, arg: the text. SMK_E_NOMEM; SMK_E_LIMIT beyond SMK_ANSWER_TEXT_MAX. */
int smk_text_put(void *text, const char *bytes, size_t len);

/* For who looks at `failed` when all is said. */
void smk_text_add(struct smk_text *text, const char *bytes, size_t len);
/* At most 1,023 bytes at once. */
void smk_text_say(struct smk_text *text, const char *format, ...) SMK_PRINTF(2, 3);
/* What somebody else wrote: without control characters, and no line of its own. */
void smk_text_say_escaped(struct smk_text *text, const char *words);
/* The lines that Prometheus wants before a metric of ours. */
void smk_text_metric(struct smk_text *text, const char *name, const char *type, const char *help);

void smk_text_free(struct smk_text *text);

#endif
