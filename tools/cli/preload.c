#include "preload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "elf_check.h"

#define LIBRARY "libstallmark-preload.so"

/* Beside the binary: <tree>/bin and <tree>/lib, as built and as installed. */
static const char *const places[] = {"/../lib/" LIBRARY, "/../" SMK_LIBDIR "/" LIBRARY,
                                     "/../lib/" SMK_ARCHITECTURE "/" LIBRARY, "/../lib64/" LIBRARY};

static bool read_own_place(char here[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", here, PATH_MAX - 1);
    if (len < 0)
        return false;
    here[len] = '\0';
    *strrchr(here, '/') = '\0';
    return true;
}

bool smk_preload_find(char library[PATH_MAX])
{
    char here[PATH_MAX], path[PATH_MAX + 128];
    if (!read_own_place(here))
        return false;
    for (size_t i = 0; i < SMK_ARRAY_LEN(places); i++) {
        snprintf(path, sizeof(path), "%s%s", here, places[i]);
        if (realpath(path, library) && access(library, R_OK) == 0)
            return true;
    }
    return false;
}

static int find_library(char library[PATH_MAX])
{
    char here[PATH_MAX];
    if (smk_preload_find(library))
        return 0;
    if (!read_own_place(here))
        return smk_cli_fail("/proc/self/exe cannot be read: %s", strerror(errno));
    return smk_cli_fail(LIBRARY
                        " is not beside this program; looked for as %s%s and below %s/../%s",
                        here, places[0], here, SMK_LIBDIR);
}

/* A script for `env NAME` is given to NAME here: env would be what the preload comes into, and NAME, which
 * env executes, is what is meant. */
static int resolve_env(struct smk_preload *preload)
{
    char interpreter[PATH_MAX];
    size_t count = 0;
    if (!smk_is_env_script(preload->program, preload->name, interpreter))
        return 0;
    while (preload->argv[count])
        count++;
    char **argv = calloc(count + 2, sizeof(*argv));
    char *script = strdup(preload->program);
    if (!argv || !script)
        return smk_cli_fail("not enough memory");
    argv[0] = preload->name;
    argv[1] = script; /* these live as long as the process does, which exec ends */
    memcpy(argv + 2, preload->argv + 1, (count - 1) * sizeof(*argv));
    preload->argv = argv;
    memcpy(preload->program, interpreter, sizeof(interpreter));
    return 0;
}

int smk_preload_prepare(struct smk_preload *preload, char **argv)
{
    char reason[PATH_MAX + 256];
    preload->argv = argv;
    int status = find_library(preload->library);
    if (status)
        return status;
    if (strpbrk(preload->library, ": "))
        return smk_cli_fail("%s: the loader takes no path with a blank or a colon in LD_PRELOAD; "
                            "install stallmark elsewhere",
                            preload->library);
    status = smk_find_program(argv[0], preload->program);
    if (status < 0)
        return smk_cli_fail("'%s' cannot be run: %s", argv[0],
                            status == -ENOENT ? "no such program" : strerror(-status));
    if (!smk_takes_preload(preload->program, preload->library, reason, sizeof(reason)))
        return smk_cli_fail("%s", reason);
    preload->shell_script = smk_is_shell_script(preload->program, preload->name);
    return resolve_env(preload);
}

void smk_preload_set(const char *name, const char *value)
{
    char full[64];
    snprintf(full, sizeof(full), "STALLMARK_%s", name);
    setenv(full, value, 1);
}

int smk_preload_exec(const struct smk_preload *preload)
{
    const char *own = getenv("LD_PRELOAD");
    size_t size = strlen(preload->library) + (own ? strlen(own) : 0) + 2;
    char *list = malloc(size);
    if (!list)
        return smk_cli_fail("not enough memory");
    snprintf(list, size, "%s%s%s", preload->library, own && own[0] ? ":" : "", own ? own : "");
    setenv("LD_PRELOAD", list, 1);
    free(list);
    execv(preload->program, preload->argv);
    if (errno == ENOEXEC) /* a script without its first line, which execvp gives to sh */
        execvp(preload->program, preload->argv);
    return smk_cli_fail("'%s' cannot be run: %s", preload->argv[0], strerror(errno));
}
