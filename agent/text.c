#include "text.h"

#include <string.h>

#include "base/errors.h"
#include "heap.h"

int smk_text_put(void *arg, const char *bytes, size_t len)
{
    struct smk_text *text = arg;
    if (text->len + len > SMK_TEXT_MAX)
        return smk_fail(SMK_E_LIMIT, "the answer is longer than 16 MiB");
    if (text->len + len > text->room) {
        size_t room = 2 * (text->len + len);
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

void smk_text_free(struct smk_text *text)
{
    smk_heap_free(text->data);
    *text = (struct smk_text){0};
}
