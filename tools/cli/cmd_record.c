/* stallmark record: a command traced from its start to its exit, without HTTP. */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "preload.h"
#include "watch.h"

extern const struct smk_command smk_cmd_record;

/* The program may change its directory before it ends, so the path becomes an absolute one. */
static int absolute_path(const char *output, char path[PATH_MAX])
{
    char parent[PATH_MAX], real[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(output, '/');
    const char *name = slash ? slash + 1 : output;
    if (stat(output, &st) == 0 && !S_ISREG(st.st_mode))
        return smk_cli_fail("'%s' is no regular file", output);
    if (!name[0] ||
        (size_t)snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - output) : 1,
                         slash ? output : ".") >= sizeof(parent))
        return smk_cli_fail("'%s' is no file name", output);
    if (!parent[0])
        snprintf(parent, sizeof(parent), "/");
    if (!realpath(parent, real) || access(real, W_OK | X_OK) != 0)
        return smk_cli_fail("the directory '%s' cannot be written to: %s", parent, strerror(errno));
    if ((size_t)snprintf(path, PATH_MAX, "%s/%s", strcmp(real, "/") ? real : "", name) >= PATH_MAX)
        return smk_cli_fail("'%s' is too long", output);
    return 0;
}

static int run(int argc, char **argv)
{
    const char *output = NULL;
    char path[PATH_MAX], crash[PATH_MAX + 16];
    bool watch = false;
    const struct smk_cli_option options[] = {{"output", 'o', SMK_CLI_TEXT, &output, NULL},
                                             {"watch", 0, SMK_CLI_FLAG, &watch, NULL},
                                             SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse_leading(&args, &smk_cmd_record, options, argc, argv))
        return args.exit_code;
    if (!output)
        return smk_cli_fail("where to is missing: stallmark record -o FILE -- COMMAND…");
    if (args.count == 0)
        return smk_cli_fail("a command is missing: stallmark record -o FILE -- COMMAND…");
    struct smk_preload preload;
    int status = absolute_path(output, path);
    if (!status)
        status = smk_preload_prepare(&preload, args.operand);
    if (status)
        return status;
    snprintf(crash, sizeof(crash), "%s.crash", path);
    if (watch && (status = smk_watch_begin(crash)) != 0)
        return status;
    if (preload.shell_script)
        smk_cli_note("%s is a shell's script: what it executes is not recorded", args.operand[0]);
    smk_preload_set("RECORD", path);
    return smk_preload_exec(&preload);
}

const struct smk_command smk_cmd_record = {
    "record",
    "usage: stallmark record -o FILE [--] COMMAND [ARGUMENTS]\n"
    "\n"
    "Runs COMMAND with the tracer in it, from its start to its exit; no port, no socket. Same "
    "pid,\n"
    "signals and exit code. FILE is written while COMMAND runs, and whatever there is of it can be "
    "read;\n"
    "a FILE that is there is replaced. What COMMAND forks or executes is not recorded: where it\n"
    "executes another program in its place, FILE ends there.\n"
    "\n"
    "  -o, --output FILE  where to\n"
    "  --watch            a process beside it writes FILE.crash when COMMAND is killed or crashes: what its buffer\n"
    "                     held, to the last event\n"
    "\n"
    "Exits 2, with the reason, where the loader would ignore a preload; see `stallmark run "
    "--help`.\n",
    "trace a command from start to exit", run};
