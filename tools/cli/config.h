/* config.h: what the agent in a program will be told by the environment and by its config file, as far
 * as the command line has to know it. */
#ifndef SMK_TOOLS_CONFIG_H
#define SMK_TOOLS_CONFIG_H

#include "base/compiler.h"

enum { SMK_CONFIG_SIZE = 65536, SMK_CONFIG_LINES = 256 };

struct smk_config {
    char text[SMK_CONFIG_SIZE]; /* of the file, cut into the strings below */
    struct {
        const char *name, *value;
    } entry[SMK_CONFIG_LINES];
    unsigned count;
};

/* `path` NULL: no file. 0, or SMK_EXIT_USAGE, said: it cannot be read, or a line is not `name = value`. */
int smk_config_read(struct smk_config *config, const char *path);

/* The value of STALLMARK_<NAME> or else of the file's last `name = value`; NULL: neither has it. */
const char *smk_config_get(const struct smk_config *config, const char *name);

#endif
