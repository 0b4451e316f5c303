/* text.h: an answer's text in the agent's heap, as it grows. */
#ifndef SMK_AGENT_TEXT_H
#define SMK_AGENT_TEXT_H

#include "base/compiler.h"

#define SMK_TEXT_MAX (UINT64_C(16) << 20)

/* {0} is empty. */
struct smk_text {
    char *data; /* the caller's to free; no NUL */
    size_t len, room;
};

/* As smk_report_put, arg: the text. SMK_E_NOMEM; SMK_E_LIMIT beyond SMK_TEXT_MAX. */
int smk_text_put(void *text, const char *bytes, size_t len);
void smk_text_free(struct smk_text *text);

#endif
