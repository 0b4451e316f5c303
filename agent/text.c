#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/escape.h"
#include "heap.h"

int smk_text_put(void *arg, const char *bytes, size_t len)
{
    struct smk_text *text = arg;
    if (text->len + len > SMK_ANSWER_TEXT_MAX)
        return smk_fail(SMK_E_LIMIT, "the answer is longer than 16 MiB");
    if (text->len + len > text->room) {
        size_t room = 2 * (text->len + len) + 1024;
        char *data = smk_heap_realloc(text->data, room);
        if (!data)
            return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
        text->data = data;
        text->room = room;
    }
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
    return 0;
}

void smk_text_add(struct smk_text *text, const char *bytes, size_t len)
{
    if (!text->failed)
        text->failed = smk_text_put(text, bytes, len) < 0;
}

void smk_text_say(struct smk_text *text, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0)
        smk_text_add(text, line, smk_min_u64((uint64_t)n, sizeof line - 1));
}

void smk_text_say_escaped(struct smk_text *text, const char *words)
{
    char line[512];
    size_t len = strlen(words), used = 0;
    for (size_t at = 0; at < len; at += used) {
        size_t n = smk_escape(line, sizeof line, words + at, len - at, 0, &used);
        smk_text_add(text, line, n);
        if (used == 0)
            break;
    }
}

void smk_text_metric(struct smk_text *text, const char *name, const char *type, const char *help)
{
    smk_text_say(text, "# HELP stallmark_%s %s\n# TYPE stallmark_%s %s\n", name, help, name, type);
}

void smk_text_free(struct smk_text *text)
{
    smk_heap_free(text->data);
    *text = (struct smk_text){0};
}
