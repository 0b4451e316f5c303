/* json.h: writes JSON. Keys are ours, strings are somebody else's: what base/escape.h escapes stands
 * there as its text, "\\x1b", so that whoever prints the value is as safe. Times are integers, ns.
 *
 * One thread at a time.
 */
#ifndef SMK_ANALYSIS_JSON_H
#define SMK_ANALYSIS_JSON_H

#include "analysis/words.h"

struct smk_json_text {
    struct smk_words words;
    unsigned depth;
    bool first; /* nothing in the innermost object or array yet */
};

void smk_put_json_init(struct smk_json_text *json, smk_report_put put, void *arg);
int smk_put_json_finish(struct smk_json_text *json);

/* `key` NULL in arrays and at the top. */
void smk_put_json_object(struct smk_json_text *json, const char *key);
void smk_put_json_object_end(struct smk_json_text *json);
void smk_put_json_array(struct smk_json_text *json, const char *key);
void smk_put_json_array_end(struct smk_json_text *json);
void smk_put_json_string(struct smk_json_text *json, const char *key, const char *value); /* NULL: null */
void smk_put_json_number(struct smk_json_text *json, const char *key, uint64_t value);
void smk_put_json_signed(struct smk_json_text *json, const char *key, int64_t value);
void smk_put_json_bool(struct smk_json_text *json, const char *key, bool value);
/* Thousandths as a decimal fraction: 813 is 0.813. */
void smk_put_json_mille(struct smk_json_text *json, const char *key, uint32_t mille);

#endif
