#include "rule_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "heap.h"

static void append(struct smk_rule_words *text, const char *data, size_t len)
{
    if (text->len + len > text->room && !text->failed) {
        size_t room = 2 * (text->len + len) + 1024;
        char *more = smk_heap_realloc(text->data, room);
        text->failed = !more;
        if (more) {
            text->data = more;
            text->room = room;
        }
    }
    if (text->failed)
        return;
    memcpy(text->data + text->len, data, len);
    text->len += len;
}

void smk_rule_say(struct smk_rule_words *text, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0)
        append(text, line, smk_min_u64((uint64_t)n, sizeof line - 1));
}

void smk_rule_say_escaped(struct smk_rule_words *text, const char *words)
{
    char line[512];
    size_t len = strlen(words), used = 0;
    for (size_t at = 0; at < len; at += used) {
        size_t n = smk_escape(line, sizeof line, words + at, len - at, 0, &used);
        append(text, line, n);
        if (used == 0)
            break;
    }
}

void smk_rule_words_answer(struct smk_exchange *exchange, struct smk_rule_words *text)
{
    if (text->failed) {
        smk_heap_free(text->data);
        text->data = NULL;
    }
    smk_answer_memory(&exchange->answer, 200, "text/plain; charset=utf-8", text->data, text->len);
    smk_exchange_answer(exchange);
}
