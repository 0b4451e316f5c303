/* html_answers.h: the answers of an exported page: each packed and in base64, by its name, within a bound. */
#ifndef SMK_TOOLS_VIEW_HTML_ANSWERS_H
#define SMK_TOOLS_VIEW_HTML_ANSWERS_H

#include "reply.h"

struct smk_web_packed {
    char *name, *text; /* text: base64 */
    size_t len;
};

struct smk_web_answers {
    struct smk_web_packed *array;
    uint32_t count, capacity;
    uint64_t used, max; /* bytes that they take in the page */
    bool no_memory;
};

/* False, and it is not there: it does not fit, or there is no memory. */
bool smk_web_answers_add(struct smk_web_answers *answers, const char *name, const void *data, size_t len);
/* Takes the last ones away again, until there are `count`. */
void smk_web_answers_cut(struct smk_web_answers *answers, uint32_t count);
void smk_web_answers_free(struct smk_web_answers *answers);

/* Base64 of `len` bytes, with a NUL: 4 * ((len + 2) / 3) + 1 bytes. */
void smk_web_base64(char *to, const uint8_t *from, size_t len);

#endif
