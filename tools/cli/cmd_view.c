/* stallmark view: traces in the browser, from a server of this machine alone that ends with the command. */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "page.h"
#include "server.h"
#include "web.h"

#include "browser.h"
#include "cli.h"
#include "take.h"
#include "trace_open.h"
#include "trace_symbolize.h"

extern const struct smk_command smk_cmd_view;

struct view_command {
    struct smk_take take; /* of a running program */
    struct smk_web_options options;
    const char *http;
    bool no_browser;
    uint64_t max_processes;
};

/* ---- the server ----------------------------------------------------------------------------------------- */

/* Ctrl-C, kill, and a terminal that goes away. Blocked before any other thread is there, and waited for by this one. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void say_where(const char *url, bool opened)
{
    puts(url);
    fflush(stdout);
    smk_cli_note("%s; Ctrl-C ends it", opened ? "the browser was told to open it" : "open it in a browser");
}

/* Until the command is to end; says meanwhile, once, that the next time will take as long. */
static void wait_for_end(const sigset_t *set, struct smk_view *view)
{
    const struct timespec now_and_then = {.tv_nsec = 200000000};
    struct smk_view_progress progress;
    int signal = 0;
    smk_view_get_progress(view, &progress);
    while (signal <= 0 && progress.phase < SMK_VIEW_READY && !progress.not_kept[0]) {
        signal = sigtimedwait(set, NULL, &now_and_then);
        smk_view_get_progress(view, &progress);
    }
    if (progress.not_kept[0])
        smk_cli_note("%s. What is worked out lies elsewhere while this runs", progress.not_kept);
    if (signal <= 0)
        sigwait(set, &signal);
}

static int serve(const struct view_command *command, struct smk_web *web)
{
    struct smk_web_server server = {.listen = command->http, .answer = smk_web_answer, .arg = web};
    struct smk_browser browser = {""};
    char url[160];
    sigset_t set;
    block_signals(&set);
    if (smk_web_server_start(&server) < 0)
        return smk_cli_fail("%s", smk_last_error());
    snprintf(url, sizeof(url), "http://%s/#token=%s", server.address, server.token);
    say_where(url, !command->no_browser && smk_browser_open(&browser, url));
    wait_for_end(&set, web->view);
    smk_web_stop(web);
    smk_web_server_stop(&server);
    smk_browser_end(&browser);
    return SMK_EXIT_FINE;
}

/* Said now, and not when the page asks. */
static int try_before(const struct view_command *command)
{
    const char *before = command->options.before;
    smk_trace *trace;
    if (!before)
        return 0;
    int status = smk_cli_open_trace(&trace, (char *const *)&before, 1, false, command->max_processes);
    if (!status)
        smk_trace_close(trace);
    return status;
}

static int view(const struct view_command *command)
{
    struct smk_web *web;
    sigset_t set;
    int status = try_before(command);
    if (status)
        return status;
    block_signals(&set); /* the view has a thread of its own */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk */
    int rc = smk_web_open(&web, &command->options);
    if (rc < 0)
        return smk_cli_fail("%s", smk_last_error());
    status = serve(command, web);
    smk_web_close(web);
    return status;
}

/* ---- what is shown -------------------------------------------------------------------------------------- */

/* A pid, a socket or an URL, and not the name of a file. */
static bool is_target(const char *operand)
{
    struct stat status;
    if (stat(operand, &status) == 0)
        return S_ISSOCK(status.st_mode);
    return strncmp(operand, "http://", 7) == 0 || operand[strspn(operand, "0123456789")] == '\0';
}

static int view_target(struct view_command *command, const char *target)
{
    static char path[PATH_MAX];
    const char *const paths[] = {path};
    int status = smk_take_capture(&command->take, target, path);
    if (status)
        return status;
    if (!command->options.no_symbols)
        smk_cli_bake(path);
    smk_cli_note("saved %s", path);
    command->options.paths = paths;
    command->options.count = 1;
    return view(command);
}

static int view_operands(struct view_command *command, const struct smk_cli_args *args)
{
    const struct smk_take *take = &command->take;
    if (args->count < 1)
        return smk_cli_fail("a trace file is missing, or a running program: a pid, a unix socket, an URL");
    if (args->count == 1 && is_target(args->operand[0]))
        return view_target(command, args->operand[0]);
    for (int i = 0; i < args->count; i++)
        if (is_target(args->operand[i]))
            return smk_cli_fail("'%s' is a running program; allowed is one of them alone, or files", args->operand[i]);
    if (take->duration || take->output || take->token_file)
        return smk_cli_fail("--duration, --output and --token-file are of a running program; allowed with a file is "
                            "none of them");
    command->options.paths = (const char *const *)args->operand;
    command->options.count = (size_t)args->count;
    return view(command);
}

static int run(int argc, char **argv)
{
    struct view_command command = {.http = "127.0.0.1:0"};
    const struct smk_cli_option options[] = {{"http", 0, SMK_CLI_TEXT, &command.http},
                                             {"no-browser", 0, SMK_CLI_FLAG, &command.no_browser},
                                             {"before", 0, SMK_CLI_TEXT, &command.options.before},
                                             {"duration", 0, SMK_CLI_TEXT, &command.take.duration},
                                             {"output", 'o', SMK_CLI_TEXT, &command.take.output},
                                             {"token-file", 0, SMK_CLI_TEXT, &command.take.token_file},
                                             {"debug-dir", 0, SMK_CLI_DIRECTORY, &command.options.debug_dir},
                                             {"no-symbols", 0, SMK_CLI_FLAG, &command.options.no_symbols},
                                             SMK_CLI_MAX_PROCESSES(&command.max_processes),
                                             SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_view, options, argc, argv))
        return args.exit_code;
    if (smk_page_missing())
        return smk_cli_fail("this stallmark has no viewer: %s; report, request and at say the same as text",
                            smk_page_missing());
    if (command.max_processes > 65535)
        return smk_cli_fail("'%llu' is no value for --max-processes; allowed is a number from 1 to 65535",
                            (unsigned long long)command.max_processes);
    if (smk_web_server_check(command.http) < 0)
        return smk_cli_fail("%s", smk_last_error());
    command.options.max_processes = (uint32_t)command.max_processes;
    return view_operands(&command, &args);
}

const struct smk_command smk_cmd_view = {
    "view",
    "usage: stallmark view FILE… [--before FILE] [OPTIONS]\n"
    "       stallmark view TARGET [--duration TIME] [-o FILE] [OPTIONS]\n"
    "\n"
    "Shows traces in the browser (docs/viewer.md): a timeline of threads and requests to click on, findings,\n"
    "where requests spent their time. Several files are taken together: segments of a capture, captures of\n"
    "several processes. Of a running program (a pid, the path of a unix socket, an URL) a capture is taken\n"
    "first, as `stallmark capture` does; of an URL that ends in /debug/traces/ID, that one.\n"
    "\n"
    "The address is printed. It is answered on this machine alone, to who has the token in it, until Ctrl-C, or\n"
    "until the terminal is closed. What was worked out is kept beside the file (FILE.view), so that it opens at\n"
    "once the next time.\n"
    "\n"
    "  --http ADDRESS     where it listens: 127.0.0.1 and a port (127.0.0.1:0, which takes a free one)\n"
    "  --no-browser       open none: print the address\n"
    "  --before FILE      an earlier trace of the program, to say what got better and worse\n"
    "  --duration TIME    of a running program: how long the capture is, as 500ms or 1m30s (5s)\n"
    "  -o, --output FILE  of a running program: where the capture is kept (<id>.stall in the current directory)\n"
    "  --token-file FILE  of a running program: the token that the agent wants\n"
    "  --debug-dir DIR    look here for debug files first (DIR/.build-id/…, or as /usr/lib/debug is laid out)\n"
    "  --no-symbols       open no file but the trace: addresses instead of what it does not name itself\n"
    "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    "a trace in the browser",
    run,
};
