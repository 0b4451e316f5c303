/* stallmark: dispatch only. The table of commands is made by CMake out of the files cmd_*.c. */
#include <string.h>

#include "cli.h"
#include "stallmark/version.h"

#define SMK_COMMAND(name) extern const struct smk_command smk_cmd_##name;
#include "commands.inc"
#undef SMK_COMMAND

static const struct smk_command *const commands[] = {
#define SMK_COMMAND(name) &smk_cmd_##name,
#include "commands.inc"
#undef SMK_COMMAND
    NULL,
};

static const struct smk_command *find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int help(void)
{
    puts("usage: stallmark COMMAND [ARGUMENTS]\n"
         "       stallmark COMMAND --help\n"
         "       stallmark --version\n");
    for (size_t i = 0; commands[i]; i++)
        printf("  %-11s %s\n", commands[i]->name, commands[i]->summary);
    return SMK_EXIT_FINE;
}

static int unknown(const char *name)
{
    char list[512];
    size_t used = 0;
    list[0] = '\0';
    for (size_t i = 0; commands[i]; i++) {
        int n = snprintf(list + used, sizeof(list) - used, "%s, ", commands[i]->name);
        if (n < 0 || (size_t)n >= sizeof(list) - used)
            break;
        used += (size_t)n;
    }
    return smk_cli_fail("unknown command '%s'; allowed are %shelp, --help, --version", name, list);
}

/* The exit code, or 2 when what was printed did not get there (a full disk). */
static int finish(int exit_code)
{
    smk_cli_progress_end();
    if ((fflush(stdout) != 0 || ferror(stdout)) && exit_code == SMK_EXIT_FINE)
        return smk_cli_fail("standard output could not be written");
    return exit_code;
}

static int dispatch(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name)
        return smk_cli_fail("a command is missing; `stallmark --help` lists them");
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("stallmark %s\n", SMK_VERSION_STRING);
        return SMK_EXIT_FINE;
    }
    bool wants_help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
                      strcmp(name, "help") == 0;
    if (wants_help && argc == 2)
        return help();
    const struct smk_command *command = find(wants_help ? argv[2] : name);
    if (!command)
        return unknown(wants_help ? argv[2] : name);
    if (wants_help) {
        fputs(command->usage, stdout);
        return SMK_EXIT_FINE;
    }
    smk_cli_set_command(command->name);
    return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv) { return finish(dispatch(argc, argv)); }
