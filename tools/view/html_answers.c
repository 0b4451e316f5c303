#include "html_answers.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define WRAPPING 8u /* "name":"text", and a line end */

void smk_web_base64(char *to, const uint8_t *from, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)from[i] << 16 | (i + 1 < len ? (uint32_t)from[i + 1] << 8 : 0) |
                        (i + 2 < len ? from[i + 2] : 0);
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
        *to++ = i + 2 < len ? digits[bits & 63] : '=';
    }
    *to = '\0';
}

/* As gzip makes it; the caller frees it. NULL: there is no memory. */
static uint8_t *pack(const void *data, size_t len, size_t *packed_len)
{
    z_stream stream = {.next_in = (Bytef *)data, .avail_in = (uInt)len};
    if (len > UINT32_MAX / 2 || deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    size_t room = deflateBound(&stream, (uLong)len);
    uint8_t *packed = malloc(room);
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    int rc = packed ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
    *packed_len = room - stream.avail_out;
    deflateEnd(&stream);
    if (rc == Z_STREAM_END)
        return packed;
    free(packed);
    return NULL;
}

static bool keep(struct smk_web_answers *answers, const char *name, char *text, size_t len)
{
    if (answers->count == answers->capacity) {
        uint32_t capacity = answers->capacity ? answers->capacity * 2 : 256;
        void *array = realloc(answers->array, capacity * sizeof(*answers->array));
        if (!array)
            return false;
        answers->array = array;
        answers->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy)
        return false;
    answers->array[answers->count++] = (struct smk_web_packed){copy, text, len};
    answers->used += len + strlen(name) + WRAPPING;
    return true;
}

bool smk_web_answers_add(struct smk_web_answers *answers, const char *name, const void *data, size_t len)
{
    size_t packed_len;
    uint8_t *packed = pack(data, len, &packed_len);
    size_t text_len = packed ? 4 * ((packed_len + 2) / 3) : 0;
    bool fits = packed && answers->used + text_len + strlen(name) + WRAPPING <= answers->max;
    char *text = fits ? malloc(text_len + 1) : NULL;
    if (text)
        smk_web_base64(text, packed, packed_len);
    bool kept = text && keep(answers, name, text, text_len);
    if (!kept)
        free(text);
    answers->no_memory = answers->no_memory || !packed || (fits && !kept);
    free(packed);
    return kept;
}

void smk_web_answers_cut(struct smk_web_answers *answers, uint32_t count)
{
    while (answers->count > count) {
        struct smk_web_packed *last = &answers->array[--answers->count];
        answers->used -= last->len + strlen(last->name) + WRAPPING;
        free(last->name);
        free(last->text);
    }
}

void smk_web_answers_free(struct smk_web_answers *answers)
{
    smk_web_answers_cut(answers, 0);
    free(answers->array);
    *answers = (struct smk_web_answers){0};
}
