#include "analysis/module_files.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

enum place { OWN, BY_BUILD_ID, BESIDE, BESIDE_IN_DEBUG, BELOW_DEBUG, IN_USERS_DEBUGLINK, IN_USERS_OWN_NAME };

/* In the order in which they are tried; `users`: below the user's directory, which may be none. */
static const struct {
    enum place place;
    bool users;
} places[] = {
    {OWN, false},
    {BY_BUILD_ID, true},
    {IN_USERS_DEBUGLINK, true},
    {IN_USERS_OWN_NAME, true},
    {BELOW_DEBUG, true},
    {BY_BUILD_ID, false},
    {BESIDE, false},
    {BESIDE_IN_DEBUG, false},
    {BELOW_DEBUG, false},
};

void smk_build_id_text(char text[SMK_BUILD_ID_TEXT], const smk_module_info *module)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = module->build_id_len < (SMK_BUILD_ID_TEXT - 1) / 2 ? module->build_id_len : 0;
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[module->build_id[i] >> 4];
        text[2 * i + 1] = digits[module->build_id[i] & 15];
    }
    text[2 * len] = '\0';
}

/* The kernel's word for a file that was unlinked or replaced: the one that is there now may be the same
 * one, installed again. */
static size_t path_length(const char *path)
{
    static const char deleted[] = " (deleted)";
    size_t len = strlen(path), tail = sizeof(deleted) - 1;
    return len > tail && strcmp(path + len - tail, deleted) == 0 ? len - tail : len;
}

static int by_build_id(const smk_module_info *module, const char *root, char path[SMK_MODULE_PATH_MAX])
{
    char id[SMK_BUILD_ID_TEXT];
    smk_build_id_text(id, module);
    if (strlen(id) < 4)
        return 0;
    return snprintf(path, SMK_MODULE_PATH_MAX, "%s/.build-id/%.2s/%s.debug", root, id, id + 2);
}

bool smk_module_path(const struct smk_module_search *search, unsigned number, char path[SMK_MODULE_PATH_MAX])
{
    const char *own = search->module->path ? search->module->path : "";
    const char *link = search->debuglink ? search->debuglink : "";
    path[0] = '\0';
    if (number >= SMK_ARRAY_LEN(places))
        return false;
    const char *root = places[number].users ? search->debug_dir : SMK_DEBUG_DIR;
    enum place place = places[number].place;
    bool by_link = place != OWN && place != BY_BUILD_ID && place != IN_USERS_OWN_NAME;
    if (own[0] != '/' || !root || (by_link && !link[0]))
        return true;
    int len = (int)path_length(own), directory = (int)(strrchr(own, '/') - own), n = 0;
    switch (place) {
    case OWN:
        n = snprintf(path, SMK_MODULE_PATH_MAX, "%.*s", len, own);
        break;
    case BY_BUILD_ID:
        n = by_build_id(search->module, root, path);
        break;
    case BESIDE:
        n = snprintf(path, SMK_MODULE_PATH_MAX, "%.*s/%s", directory, own, link);
        break;
    case BESIDE_IN_DEBUG:
        n = snprintf(path, SMK_MODULE_PATH_MAX, "%.*s/.debug/%s", directory, own, link);
        break;
    case BELOW_DEBUG:
        n = snprintf(path, SMK_MODULE_PATH_MAX, "%s%.*s/%s", root, directory, own, link);
        break;
    case IN_USERS_DEBUGLINK:
        n = snprintf(path, SMK_MODULE_PATH_MAX, "%s/%s", root, link);
        break;
    case IN_USERS_OWN_NAME:
        n = snprintf(path, SMK_MODULE_PATH_MAX, "%s/%.*s", root, len - directory - 1, own + directory + 1);
        break;
    }
    if (n < 0 || n >= SMK_MODULE_PATH_MAX)
        path[0] = '\0';
    return true;
}
