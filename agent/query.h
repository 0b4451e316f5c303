/* query.h: what stands behind the question mark, against the table of a route's parameters.
 *
 * Every name must be in the table, at most once; values are percent-decoded strictly, and no control
 * byte is let through. Wrong ones are SMK_E_INVALID with what is allowed. '+' stays '+': categories need
 * it, and nothing needs a space.
 */
#ifndef SMK_AGENT_QUERY_H
#define SMK_AGENT_QUERY_H

#include "base/compiler.h"

#define SMK_QUERY_MAX  12
#define SMK_QUERY_TEXT 1024

struct smk_parameter {
    const char *name; /* NULL: the end of the table */
    const char *what;
};

struct smk_query {
    uint32_t count;
    struct {
        const struct smk_parameter *parameter;
        const char *value; /* ended by NUL */
    } entries[SMK_QUERY_MAX];
    char text[SMK_QUERY_TEXT];
};

/* raw NULL: nothing. */
int smk_query_parse(struct smk_query *query, const char *raw, const struct smk_parameter *allowed);

/* NULL: not given. */
const char *smk_query_get(const struct smk_query *query, const char *name);

/* The value in its range; as it was where the parameter was not given. */
int smk_query_time(const struct smk_query *query, const char *name, uint64_t least, uint64_t most, uint64_t *ns);
int smk_query_bytes(const struct smk_query *query, const char *name, uint64_t least, uint64_t most,
                    uint64_t *bytes);
int smk_query_count(const struct smk_query *query, const char *name, uint64_t least, uint64_t most,
                    uint64_t *count);
int smk_query_flag(const struct smk_query *query, const char *name, bool *flag);

#endif
