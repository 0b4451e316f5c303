/* query.h: the parameters of a question, read strictly: one that is not known, comes twice, or is out of range is
 * refused with what would have been allowed. */
#ifndef SMK_TOOLS_VIEW_QUERY_H
#define SMK_TOOLS_VIEW_QUERY_H

#include "reply.h"

#define SMK_WEB_LIST_MAX 256u
#define SMK_WEB_TEXT_MAX 512u

enum smk_web_type {
    SMK_WEB_NUMBER, /* uint64_t *: decimal, from `least` to `most` (0: without end); what stands behind a decimal point
                     * is dropped */
    SMK_WEB_TEXT,   /* char[SMK_WEB_TEXT_MAX]: UTF-8 as it came, decoded */
    SMK_WEB_LIST,   /* struct smk_web_list *: numbers of 32 bits with commas */
    SMK_WEB_WORD,   /* unsigned *: which of the words in `allowed`, "off|on", counted from 0 */
};

struct smk_web_list {
    uint32_t count, array[SMK_WEB_LIST_MAX];
};

struct smk_web_parameter {
    const char *name;
    enum smk_web_type type;
    void *value;   /* as it was where the parameter is not there */
    bool wanted;   /* it must be there */
    uint64_t least, most;
    const char *allowed; /* of SMK_WEB_WORD */
    bool *given;   /* may be NULL */
};

#define SMK_WEB_PARAMETERS_END {NULL, SMK_WEB_NUMBER, NULL, false, 0, 0, NULL, NULL}

/* `query` is what stands behind the '?', or NULL. False: the reply says what is wrong. */
bool smk_web_query_read(struct smk_web_reply *reply, const char *query, const struct smk_web_parameter *parameters);

#endif
