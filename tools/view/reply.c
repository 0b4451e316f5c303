#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void smk_web_reply_init(struct smk_web_reply *reply) { *reply = (struct smk_web_reply){.type = SMK_WEB_JSON}; }

void smk_web_reply_free(struct smk_web_reply *reply)
{
    free(reply->data);
    *reply = (struct smk_web_reply){0};
}

static bool grow(struct smk_web_reply *reply, size_t need)
{
    size_t capacity = reply->capacity ? reply->capacity : 4096;
    while (capacity < need)
        capacity += capacity / 2;
    char *data = capacity == reply->capacity ? reply->data : realloc(reply->data, capacity);
    if (!data) {
        reply->no_memory = true;
        return false;
    }
    reply->data = data;
    reply->capacity = capacity;
    return true;
}

int smk_web_put(void *arg, const char *data, size_t len)
{
    struct smk_web_reply *reply = arg;
    if (reply->no_memory || !grow(reply, reply->len + len + 1))
        return 0;
    memcpy(reply->data + reply->len, data, len);
    reply->len += len;
    reply->data[reply->len] = '\0';
    return 0;
}

void smk_web_begin(struct smk_web_reply *reply, struct smk_json_text *json)
{
    reply->status = 200;
    reply->type = SMK_WEB_JSON;
    smk_put_json_init(json, smk_web_put, reply);
    smk_put_json_object(json, NULL);
}

void smk_web_end(struct smk_web_reply *reply, struct smk_json_text *json)
{
    smk_put_json_object_end(json);
    smk_put_json_finish(json);
    if (reply->no_memory)
        smk_web_refuse(reply, 500, "there is no memory for the answer");
}

bool smk_web_refuse(struct smk_web_reply *reply, int status, const char *format, ...)
{
    char text[1024];
    struct smk_json_text json;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    reply->len = 0;
    reply->no_memory = false;
    smk_put_json_init(&json, smk_web_put, reply);
    smk_put_json_object(&json, NULL);
    smk_put_json_string(&json, "error", text);
    smk_put_json_object_end(&json);
    smk_put_json_finish(&json);
    reply->status = status;
    reply->type = SMK_WEB_JSON;
    return false;
}

bool smk_web_refuse_last(struct smk_web_reply *reply, int error)
{
    int status = error == SMK_E_NOTFOUND ? 404 : error == SMK_E_INVALID ? 400 : 500;
    return smk_web_refuse(reply, status, "%s", smk_last_error());
}

void smk_web_null(struct smk_json_text *json, const char *key) { smk_put_json_string(json, key, NULL); }

void smk_web_id(struct smk_json_text *json, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    smk_put_json_string(json, key, text);
}
