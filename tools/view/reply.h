/* reply.h: an answer in the making: a status, a type, bytes. It knows nothing of HTTP: the same answers lie in a page
 * that `stallmark export --format html` wrote.
 *
 * Memory that is short is remembered and makes it a 500 in the end. One thread at a time.
 */
#ifndef SMK_TOOLS_VIEW_REPLY_H
#define SMK_TOOLS_VIEW_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/json.h"
#include "base/compiler.h"

struct smk_web_reply {
    int status;       /* 0: not decided yet */
    const char *type; /* static */
    char *data;
    size_t len, capacity;
    bool no_memory;
};

#define SMK_WEB_JSON "application/json"
#define SMK_WEB_BYTES "application/octet-stream"

void smk_web_reply_init(struct smk_web_reply *reply);
void smk_web_reply_free(struct smk_web_reply *reply);

/* Behind what is there. An smk_report_put, whose argument is the reply: always 0. */
int smk_web_put(void *reply, const char *data, size_t len);

/* Begins a JSON answer with status 200. Pairs with smk_web_end. */
void smk_web_begin(struct smk_web_reply *reply, struct smk_json_text *json);
void smk_web_end(struct smk_web_reply *reply, struct smk_json_text *json);

/* {"error": "…"} instead of whatever was there. Always false. */
bool smk_web_refuse(struct smk_web_reply *reply, int status, const char *format, ...) SMK_PRINTF(3, 4);
/* The same out of smk_last_error(): 404 for what is not there, 400 for what is wrong, else 500. */
bool smk_web_refuse_last(struct smk_web_reply *reply, int error);

/* ---- what JSON needs beside analysis/json.h ------------------------------------------------------------- */

void smk_web_null(struct smk_json_text *json, const char *key);
/* A number that a browser would round: as a string of digits. */
void smk_web_id(struct smk_json_text *json, const char *key, uint64_t value);

#endif
