/* stallmark capture: a timed capture, armed, waited for and brought home. */
#include <string.h>

#include "cli.h"
#include "take.h"
#include "trace_symbolize.h"

extern const struct smk_command smk_cmd_capture;
extern const struct smk_command smk_cmd_report;
extern const struct smk_command smk_cmd_view;

struct capture_options {
    struct smk_take take;
    bool report, view, no_symbols;
};

/* Another command about the file. */
static int go_on(const struct smk_command *command, char *path)
{
    char *arguments[] = {(char *)command->name, (char *)"--", path, NULL};
    smk_cli_note("saved %s", path);
    smk_cli_set_command(command->name);
    return command->run(3, arguments);
}

static int show(const struct capture_options *options, char *path)
{
    if (!options->no_symbols)
        smk_cli_bake(path);
    if (options->report)
        return go_on(&smk_cmd_report, path);
    if (options->view)
        return go_on(&smk_cmd_view, path);
    smk_cli_puts(stdout, path);
    putchar('\n');
    return SMK_EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct capture_options set = {0};
    const struct smk_cli_option options[] = {
        {"duration", 0, SMK_CLI_TEXT, &set.take.duration, NULL},
        {"output", 'o', SMK_CLI_TEXT, &set.take.output, NULL},
        {"report", 0, SMK_CLI_FLAG, &set.report, NULL},
        {"view", 0, SMK_CLI_FLAG, &set.view, NULL},
        {"no-symbols", 0, SMK_CLI_FLAG, &set.no_symbols, NULL},
        {"tree", 0, SMK_CLI_FLAG, &set.take.tree, NULL},
        {"dryrun", 0, SMK_CLI_FLAG, &set.take.dryrun, NULL},
        {"categories", 0, SMK_CLI_TEXT, &set.take.categories, NULL},
        {"max-bytes", 0, SMK_CLI_TEXT, &set.take.max_bytes, NULL},
        {"name", 0, SMK_CLI_TEXT, &set.take.name, NULL},
        {"token-file", 0, SMK_CLI_TEXT, &set.take.token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    if (!smk_target_parse(&args, &smk_cmd_capture, options, argc, argv))
        return args.exit_code;
    if (set.report && set.view)
        return smk_cli_fail("--report and --view are two ends of it; allowed is one of them");
    char path[PATH_MAX];
    int status = smk_take_capture(&set.take, args.operand[0], path);
    return status || set.take.dryrun ? status : show(&set, path);
}

const struct smk_command smk_cmd_capture = {
    "capture",
    "usage: stallmark capture TARGET [OPTIONS]\n"
    "\n"
    "Arms the tracer in a running program for a while and brings the trace home; prints where it "
    "is.\n"
    "Ctrl-C ends it early and keeps what there is. TARGET is a pid, the path of a unix socket, or "
    "an\n"
    "URL.\n"
    "\n"
    "  --duration TIME     how long, as 500ms or 1m30s (5s)\n"
    "  -o, --output FILE   where to, replacing what is there (<id>.stall in the current "
    "directory)\n"
    "  --tree              with a pid: its whole family of forked processes in one file, not it alone\n"
    "  --dryrun            record nothing that is kept: say what events, bytes and cost to expect\n"
    "  --report            print the report of it\n"
    "  --view              show it in the browser (stallmark view)\n"
    "  --no-symbols        leave the trace as it came: without the names that this machine's files have\n"
    "                      (stallmark symbolize)\n"
    "  --categories LIST   what is recorded: names with commas, +x, -x, all, default (default)\n"
    "  --max-bytes SIZE    of the trace, as 64MiB (256MiB)\n"
    "  --name TEXT         kept in the trace\n"
    "  --token-file FILE   the token that the agent wants (the file that STALLMARK_TOKEN_FILE "
    "names)\n",
    "arm a running program for a while and bring the trace home", run};
