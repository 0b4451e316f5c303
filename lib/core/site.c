#include "core/site.h"

#include <string.h>

#include "core/intern.h"

struct entry {
    uint32_t line;
    char text[3 * (SMK_NAME_LEN_MAX + 1)];
};

static char *add(char *to, const char *text)
{
    size_t len = text ? strnlen(text, SMK_NAME_LEN_MAX) : 0;
    if (len)
        memcpy(to, text, len);
    to[len] = '\0';
    return to + len + 1;
}

/* The end of a path says more than its beginning. */
static const char *tail(const char *path)
{
    size_t len = path ? strlen(path) : 0;
    return len > SMK_NAME_LEN_MAX ? path + (len - SMK_NAME_LEN_MAX) : path;
}

uint32_t smk_site_register(smk_site *site)
{
    struct entry entry = {.line = site->line};
    char *end = add(add(add(entry.text, site->name), tail(site->file)), site->function);
    uint32_t id = smk_intern(&smk_sites, &entry, (uint32_t)(end - (char *)&entry));
    if (id == 0)
        id = SMK_SITE_FULL;
    smk_store_relaxed(&site->id, id); /* whoever races with us stores the same */
    return id;
}

bool smk_site_get(uint32_t id, struct smk_site_view *view)
{
    uint32_t len;
    const char *bytes = smk_intern_get(&smk_sites, id, &len);
    if (!bytes)
        return false;
    memcpy(&view->line, bytes, sizeof view->line);
    view->name = bytes + sizeof view->line;
    view->file = view->name + strlen(view->name) + 1;
    view->function = view->file + strlen(view->file) + 1;
    return true;
}

uint32_t smk_string_id(const char *name)
{
    return name ? smk_intern(&smk_strings, name, (uint32_t)strnlen(name, SMK_NAME_LEN_MAX)) : 0;
}
