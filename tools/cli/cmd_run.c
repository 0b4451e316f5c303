/* stallmark run: a command with the agent in it. */
#define _GNU_SOURCE /* AT_EACCESS */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_options.h"
#include "base/places.h"
#include "cli.h"
#include "listen.h"
#include "preload.h"
#include "watch.h"

extern const struct smk_command smk_cmd_run;

struct run_options {
    const char *listen, *recorder, *config;
    bool follow_exec, watch, quiet;
};

/* The agent loads it when it starts its HTTP front, and does not start at all where it cannot. */
static const char *why_no_http(void)
{
    void *library = dlopen("libcivetweb.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return dlerror();
    dlclose(library);
    return NULL;
}

/* Across the exec that the command is begun with. What it executes itself, with --follow-exec, binds its own. */
static void hand_on(int fd, bool follow_exec)
{
    char number[16];
    if (fd < 0)
        return;
    if (follow_exec) {
        close(fd);
        return;
    }
    fcntl(fd, F_SETFD, 0);
    snprintf(number, sizeof(number), "%d", fd);
    smk_preload_set("LISTEN_FD", number);
}

/* The address that the command will have; an address that others can reach is only for those who know a
 * token. */
static int choose_address(const struct smk_agent_answers *answers, bool follow_exec, struct smk_listen *listen)
{
    const char *wanted = answers->listen[0] ? answers->listen : NULL;
    const char *why = wanted && strcmp(wanted, "none") == 0 ? NULL : why_no_http();
    if (why && wanted)
        return smk_cli_fail("the HTTP front needs libcivetweb (Debian: apt install libcivetweb1): %s", why);
    if (why) {
        smk_cli_note("no HTTP front: %s; Debian: apt install libcivetweb1", why);
        wanted = "none";
    }
    int status = smk_listen_choose(wanted, listen);
    if (status)
        return status;
    if (!listen->loopback && !answers->token)
        return smk_cli_fail("%s can be reached from other machines, which needs a token: put one into a "
                            "file of mode 0600 and name it in STALLMARK_TOKEN_FILE",
                            listen->address);
    smk_preload_set("LISTEN", listen->address[0] ? listen->address : "none");
    if (!wanted || strcmp(wanted, listen->address) != 0)
        smk_preload_set("LISTEN_NEXT", "on"); /* nobody asked for this very port */
    if (!listen->loopback)
        smk_preload_set("ALLOW_REMOTE", "on");
    hand_on(listen->fd, follow_exec);
    return 0;
}

/* Where the agent will put its socket; "" when nowhere. */
static void find_socket(const struct smk_agent_answers *answers, char *path, size_t size)
{
    char place[SMK_PLACE_SIZE];
    path[0] = '\0';
    if (answers->socket[0]) {
        snprintf(path, size, "%s", strcmp(answers->socket, "off") ? answers->socket : "");
        return;
    }
    for (unsigned n = 0; n < SMK_PLACES; n++) {
        if (!smk_place_of_sockets(n, geteuid(), getenv("XDG_RUNTIME_DIR"), place))
            continue;
        int fd = smk_place_open(place, geteuid(), true);
        if (fd < 0)
            continue;
        bool writable = faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0; /* root's are there for root alone */
        close(fd);
        if (!writable)
            continue;
        snprintf(path, size, "%s/%d.sock", place, getpid());
        return;
    }
}

static void announce(const struct smk_listen *listen, const char *socket)
{
    char text[512] = "";
    size_t used = 0;
    if (listen->address[0])
        used += (size_t)snprintf(text, sizeof(text), "http://%s/debug/ · ", listen->address);
    if (socket[0])
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s · ", socket);
    if (used < sizeof(text))
        snprintf(text + used, sizeof(text) - used, "stallmark capture %d", getpid());
    fputs("stallmark: ", stderr);
    smk_cli_puts(stderr, text);
    fputc('\n', stderr);
}

/* The agent's options as flags become variables, which is how the agent gets them. */
static int set_variables(const struct run_options *options)
{
    char absolute[PATH_MAX];
    int status = options->recorder ? smk_agent_check_recorder(options->recorder) : 0;
    if (status)
        return status;
    if (options->config && !realpath(options->config, absolute))
        return smk_cli_fail("the config file '%s' cannot be read: %m", options->config);
    if (options->config)
        smk_preload_set("CONFIG", absolute);
    if (options->listen && !options->listen[0]) /* a variable that is empty is one that is not set */
        return smk_cli_fail("'' is no value for --listen; allowed is %s", SMK_LISTEN_ALLOWED);
    if (options->listen)
        smk_preload_set("LISTEN", options->listen);
    if (options->recorder)
        smk_preload_set("RECORDER", options->recorder);
    if (options->follow_exec)
        smk_preload_set("FOLLOW_EXEC", "on");
    return 0;
}

static int start(const struct run_options *options, char **command)
{
    struct smk_agent_answers answers;
    struct smk_preload preload;
    struct smk_listen listen;
    char socket[512];
    int status = set_variables(options);
    if (!status)
        status = smk_agent_options_check(&answers);
    if (!status)
        status = smk_preload_prepare(&preload, command);
    if (!status)
        status = choose_address(&answers, options->follow_exec, &listen);
    if (status)
        return status;
    if (options->watch && (status = smk_watch_begin(NULL)) != 0)
        return status;
    find_socket(&answers, socket, sizeof(socket));
    if (!options->quiet)
        announce(&listen, socket);
    if (!options->quiet && preload.shell_script && !options->follow_exec)
        smk_cli_note("%s is a shell's script: what it executes is traced with --follow-exec alone", command[0]);
    return smk_preload_exec(&preload);
}

static int run(int argc, char **argv)
{
    struct run_options set = {0};
    const struct smk_cli_option options[] = {
        {"listen", 0, SMK_CLI_TEXT, &set.listen, NULL},
        {"recorder", 0, SMK_CLI_TEXT, &set.recorder, NULL},
        {"config", 0, SMK_CLI_TEXT, &set.config, NULL},
        {"follow-exec", 0, SMK_CLI_FLAG, &set.follow_exec, NULL},
        {"watch", 0, SMK_CLI_FLAG, &set.watch, NULL},
        {"quiet", 'q', SMK_CLI_FLAG, &set.quiet, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    if (!smk_cli_parse_leading(&args, &smk_cmd_run, options, argc, argv))
        return args.exit_code;
    if (args.count == 0)
        return smk_cli_fail("a command is missing: stallmark run [OPTIONS] -- COMMAND…");
    return start(&set, args.operand);
}

const struct smk_command smk_cmd_run = {
    "run",
    "usage: stallmark run [OPTIONS] [--] COMMAND [ARGUMENTS]\n"
    "\n"
    "Runs COMMAND, and what it forks, with the agent in it: it can be armed by curl from then on. "
    "Same\n"
    "pid, signals and exit code; one line on stderr says where.\n"
    "\n"
    "  --listen ADDRESS:PORT  of the HTTP front; port 0: a free one; none: the unix socket alone\n"
    "                         (127.0.0.1:6060, or the next free port). An address that is not "
    "loopback\n"
    "                         needs a token, in the file that STALLMARK_TOKEN_FILE names\n"
    "  --recorder HOWMUCH     keep the last 10s, or 32MiB, or `10s,32MiB`, for `stallmark snapshot`; off;\n"
    "                         never: nor does a rule turn it on\n"
    "  --config FILE          of the agent: lines `name = value`\n"
    "  --follow-exec          stay also in the programs that COMMAND executes\n"
    "  --watch                a process beside it keeps what the flight recorder holds, and writes it to the\n"
    "                         captures when COMMAND is killed or crashes (the recorder is on then: 10s)\n"
    "  -q, --quiet            do not print the line\n"
    "\n"
    "A script is traced in its interpreter, and what it executes with --follow-exec alone. A server\n"
    "that forks workers has an agent in each that waits for anything, and the first of them has the\n"
    "port and arms them all; `stallmark ps` lists them.\n"
    "\n"
    "Every other option of the agent can be given as STALLMARK_<NAME> in the environment.\n"
    "\n"
    "Exits 2, with the reason, where the loader would ignore a preload or could not take it: a "
    "static\n"
    "program, Go, setuid, setgid, file capabilities, 32-bit, another machine, musl, an older "
    "glibc.\n",
    "run a command that can be armed by curl", run};
