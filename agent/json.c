#include "json.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "heap.h"

static void put(struct smk_json *json, const char *text, size_t len)
{
    if (json->failed)
        return;
    if (json->len + len + 2 > json->room) { /* 2: line feed and NUL of the end */
        size_t room = (json->len + len + 2) * 2;
        char *data = smk_heap_realloc(json->data, room < 512 ? 512 : room);
        if (!data) {
            json->failed = true;
            return;
        }
        json->data = data;
        json->room = room < 512 ? 512 : room;
    }
    memcpy(json->data + json->len, text, len);
    json->len += len;
}

/* Bytes of the UTF-8 character at `p`, 0 when it is none: overlong forms and surrogates are none. */
static size_t utf8_length(const unsigned char *p)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (len < 2)
        return len;
    uint32_t code = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) /* a NUL too */
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    return code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : len;
}

static void put_character(struct smk_json *json, const char *p, size_t len)
{
    char escape[8];
    unsigned char c = (unsigned char)*p;
    if (len == 0) {
        put(json, "\\ufffd", 6);
    } else if (c == '"' || c == '\\') {
        escape[0] = '\\';
        escape[1] = (char)c;
        put(json, escape, 2);
    } else if (c < ' ' || c == 0x7f || c == '<' || c == '>' || c == '&') {
        put(json, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", c));
    } else {
        put(json, p, len);
    }
}

static void put_string(struct smk_json *json, const char *text)
{
    put(json, "\"", 1);
    while (*text) {
        size_t len = utf8_length((const unsigned char *)text);
        put_character(json, text, len);
        text += len ? len : 1;
    }
    put(json, "\"", 1);
}

/* What stands before a value. */
static void lead(struct smk_json *json, const char *key)
{
    if (json->some[json->depth])
        put(json, ",", 1);
    json->some[json->depth] = true;
    if (key) {
        put_string(json, key);
        put(json, ":", 1);
    }
}

void smk_json_begin(struct smk_json *json, const char *key, char open)
{
    lead(json, key);
    put(json, &open, 1);
    if (json->depth + 1 < SMK_JSON_DEPTH)
        json->some[++json->depth] = false;
    else
        json->failed = true;
}

void smk_json_end(struct smk_json *json, char close)
{
    put(json, &close, 1);
    if (json->depth > 0)
        json->depth--;
}

void smk_json_text(struct smk_json *json, const char *key, const char *text)
{
    lead(json, key);
    if (text)
        put_string(json, text);
    else
        put(json, "null", 4);
}

void smk_json_number(struct smk_json *json, const char *key, uint64_t number)
{
    char text[24];
    lead(json, key);
    put(json, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)number));
}

void smk_json_flag(struct smk_json *json, const char *key, bool flag)
{
    lead(json, key);
    put(json, flag ? "true" : "false", flag ? 4 : 5);
}

void smk_time_format(uint64_t unix_ns, char text[SMK_TIME_TEXT])
{
    struct smk_civil utc = smk_civil_from_unix((int64_t)(unix_ns / 1000000000u));
    snprintf(text, SMK_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)utc.year % 10000u,
             (unsigned)utc.month % 100u, (unsigned)utc.day % 100u, (unsigned)utc.hour % 100u,
             (unsigned)utc.minute % 100u, (unsigned)utc.second % 100u, (unsigned)(unix_ns / 1000000u % 1000u));
}

void smk_json_time(struct smk_json *json, const char *key, uint64_t unix_ns)
{
    char text[SMK_TIME_TEXT];
    if (unix_ns)
        smk_time_format(unix_ns, text);
    smk_json_text(json, key, unix_ns ? text : NULL);
}

char *smk_json_take(struct smk_json *json, size_t *len)
{
    put(json, "\n", 1);
    if (json->failed) {
        smk_json_drop(json);
        return NULL;
    }
    json->data[json->len] = '\0';
    char *data = json->data;
    *len = json->len;
    *json = (struct smk_json){0};
    return data;
}

void smk_json_drop(struct smk_json *json)
{
    smk_heap_free(json->data);
    *json = (struct smk_json){.failed = true};
}
