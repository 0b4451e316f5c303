/* json.h: writes JSON into memory of the agent's heap.
 *
 *     struct smk_json json = {0};
 *     smk_json_begin(&json, NULL, '{');
 *     smk_json_text(&json, "id", id);
 *     smk_json_end(&json, '}');
 *     char *text = smk_json_take(&json, &len);
 *
 * Why our own: the libraries for it have one allocator for the whole process, which is the host's. Errors
 * stay: smk_json_take then returns NULL. `key` is NULL inside an array. Strings are escaped, and what is
 * not UTF-8 in them becomes U+FFFD.
 */
#ifndef SMK_AGENT_JSON_H
#define SMK_AGENT_JSON_H

#include "base/compiler.h"

#define SMK_JSON_DEPTH 16

struct smk_json {
    char *data;
    size_t len, room;
    unsigned depth;
    bool failed;
    bool some[SMK_JSON_DEPTH]; /* something stands at this depth already */
};

void smk_json_begin(struct smk_json *json, const char *key, char open);
void smk_json_end(struct smk_json *json, char close);
/* text NULL: null */
void smk_json_text(struct smk_json *json, const char *key, const char *text);
void smk_json_number(struct smk_json *json, const char *key, uint64_t number);
void smk_json_flag(struct smk_json *json, const char *key, bool flag);
/* RFC 3339 with milliseconds, "2026-11-23T10:15:00.118Z"; 0: null */
void smk_json_time(struct smk_json *json, const char *key, uint64_t unix_ns);

/* The text, ended by a line feed and NUL; the caller's to free. NULL: there was no memory. */
char *smk_json_take(struct smk_json *json, size_t *len);
void smk_json_drop(struct smk_json *json);

#define SMK_TIME_TEXT 32
void smk_time_format(uint64_t unix_ns, char text[SMK_TIME_TEXT]);

#endif
