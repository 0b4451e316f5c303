/* categories.c: lists of categories as text: "default,-net,+alloc". */
#include <string.h>

#include "base/errors.h"
#include "core/capture.h"
#include "format/events.h"

static int unknown(const char *text, size_t len)
{
    char all[200];
    smk_categories_format(SMK_CAT_ALL, all, sizeof all);
    return smk_fail(SMK_E_INVALID, "unknown category \"%.*s\": all, default, or %s, with + or - before a name",
                    (int)(len > 40 ? 40 : len), text, all);
}

/* The set that a word stands for; 0: none. */
static uint32_t meaning(const char *word, size_t len)
{
    if (len == 3 && memcmp(word, "all", 3) == 0)
        return SMK_CAT_ALL;
    if (len == 7 && memcmp(word, "default", 7) == 0)
        return smk_categories_timed();
    return smk_category_by_name(word, len);
}

int smk_categories_parse(const char *text, size_t len, uint32_t *categories)
{
    uint32_t set = 0;
    bool any = false;
    const char *end = text + len;
    do {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;
        char sign = text < stop && (*text == '+' || *text == '-' || *text == ' ') ? *text++ : 0;
        uint32_t bits = meaning(text, (size_t)(stop - text));
        if (!bits)
            return unknown(text, (size_t)(stop - text));
        if (!any && sign) /* a list that begins with a sign changes the default */
            set = smk_categories_timed();
        set = sign == '-' ? set & ~bits : set | bits;
        any = true;
        text = stop + 1;
    } while (text <= end);
    if (set == 0)
        return smk_fail(SMK_E_INVALID, "no category is left: name at least one");
    *categories = set;
    return 0;
}

void smk_categories_format(uint32_t categories, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned bit = 0; bit < SMK_CATEGORY_COUNT; bit++) {
        const char *name = (categories >> bit & 1) ? smk_category_name(1u << bit) : NULL;
        size_t len = name ? strlen(name) : 0;
        if (!name || used + len + 2 > size)
            continue;
        if (used)
            text[used++] = ',';
        memcpy(text + used, name, len + 1);
        used += len;
    }
}
