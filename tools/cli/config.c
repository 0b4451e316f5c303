#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "cli.h"

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t len = strlen(text);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\r'))
        text[--len] = '\0';
    return text;
}

/* Takes a line apart in place. False: it is neither `name = value` nor blank nor a comment. */
static bool take_line(struct smk_config *config, char *line)
{
    char *equals = strchr(line, '=');
    char *name = trim(line);
    if (*name == '\0' || *name == '#')
        return true;
    if (!equals || equals == name || config->count == SMK_CONFIG_LINES)
        return false;
    *equals = '\0';
    config->entry[config->count].name = trim(name);
    config->entry[config->count++].value = trim(equals + 1);
    return true;
}

int smk_config_read(struct smk_config *config, const char *path)
{
    config->count = 0;
    if (!path)
        return 0;
    int len = smk_sys_slurp(path, config->text, sizeof(config->text));
    if (len < 0)
        return smk_cli_fail("the config file '%s' cannot be read: %s", path, strerror(-len));
    unsigned number = 1;
    char *next;
    for (char *line = config->text; line; line = next, number++) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!take_line(config, line))
            return smk_cli_fail(
                "%s:%u: '%s' is no line of a config file; allowed are name = value and "
                "# comments",
                path, number, line);
    }
    return 0;
}

const char *smk_config_get(const struct smk_config *config, const char *name)
{
    char variable[64] = "STALLMARK_";
    for (size_t i = 0, n = strlen(variable); name[i] && n + 1 < sizeof(variable); i++)
        variable[n++] = (char)toupper((unsigned char)name[i]);
    const char *set = getenv(variable);
    if (set && set[0])
        return set;
    for (unsigned i = config->count; i > 0; i--)
        if (strcmp(config->entry[i - 1].name, name) == 0)
            return config->entry[i - 1].value;
    return NULL;
}
