/* stallmark report: what the trace says, in words or as JSON. */
#include <string.h>

#include "analysis/findings.h"
#include "analysis/report.h"
#include "cli.h"
#include "lines/lines.h"
#include "stallmark/reader.h"
#include "trace_open.h"

extern const struct smk_command smk_cmd_report;

#define TOP_MAX 100u

struct report_command {
    bool json, no_symbols;
    const char *debug_dir;
    const char *fail_on;
    uint32_t fail_kinds; /* bits */
    uint64_t top, max_processes;
};

static bool show_progress(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    smk_cli_progress("reading events", done, total);
    return true;
}

static int put(void *arg, const char *text, size_t len)
{
    return fwrite(text, 1, len, arg) == len ? 0 : 1;
}

static int print(const struct report_command *command, const struct smk_report *report)
{
    smk_cli_progress_end();
    int result = command->json ? smk_report_json(report, put, stdout)
                               : smk_report_text(report, put, stdout);
    if (result != 0)
        return smk_cli_fail("standard output could not be written");
    return smk_report_findings_of(report, command->fail_kinds) ? SMK_EXIT_FINDING : SMK_EXIT_FINE;
}

static int refuse_kind(const char *word, size_t len)
{
    char allowed[512] = "finding (any)";
    size_t at = strlen(allowed);
    for (unsigned kind = 0; kind < SMK_FINDING_KINDS && at + 40 < sizeof(allowed); kind++) {
        at += (size_t)snprintf(allowed + at, sizeof(allowed) - at, ", %s", smk_finding_kind_name(kind));
        for (char *c = allowed + at; c > allowed && c[-1] != ','; c--)
            if (*c == ' ' && c[-1] != ',')
                *c = '-';
    }
    return smk_cli_fail("'%.*s' is no kind of finding for --fail-on; allowed are, with commas: %s",
                        (int)smk_min_u64(len, 64), word, allowed);
}

/* "disk,sleep" to bits; 0, or the exit code for a word that is no kind. */
static int parse_kinds(struct report_command *command)
{
    const char *word = command->fail_on;
    while (word) {
        size_t len = strcspn(word, ",");
        enum smk_finding_kind kind = smk_finding_kind_of(word, len);
        if (len == 7 && strncmp(word, "finding", len) == 0)
            command->fail_kinds = UINT32_MAX;
        else if (kind != SMK_FINDING_KINDS)
            command->fail_kinds |= 1u << kind;
        else
            return refuse_kind(word, len);
        word = word[len] ? word + len + 1 : NULL;
    }
    return 0;
}

static int analyse(const struct report_command *command, smk_trace *trace, const char *path)
{
    struct smk_lines *lines = command->no_symbols ? NULL : smk_lines_new(command->debug_dir);
    struct smk_line_source source = smk_lines_source(lines);
    struct smk_report_options options = {
        .lines = lines ? &source : NULL,
        .debug_dir = command->debug_dir,
        .no_symbols = command->no_symbols,
        .top = (unsigned)command->top,
        .progress = show_progress,
    };
    struct smk_report *report;
    int exit_code;
    if (smk_report_make(&report, trace, &options) != 0) {
        exit_code = smk_cli_fail("%s: %s", path, smk_last_error());
        goto out;
    }
    exit_code = print(command, report);
    smk_report_free(report);
out:
    smk_lines_free(lines);
    return exit_code;
}

static int run(int argc, char **argv)
{
    struct report_command command = {.top = 5};
    const struct smk_cli_option options[] = {
        {"json", 0, SMK_CLI_FLAG, &command.json},
        {"fail-on", 0, SMK_CLI_TEXT, &command.fail_on},
        {"top", 0, SMK_CLI_COUNT, &command.top, "a number from 1 to 100"},
        {"debug-dir", 0, SMK_CLI_DIRECTORY, &command.debug_dir},
        {"no-symbols", 0, SMK_CLI_FLAG, &command.no_symbols},
        SMK_CLI_MAX_PROCESSES(&command.max_processes),
        SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_report, options, argc, argv))
        return args.exit_code;
    if (command.top > TOP_MAX)
        return smk_cli_fail("'%llu' is no value for --top; allowed is a number from 1 to %u",
                            (unsigned long long)command.top, TOP_MAX);
    int result = parse_kinds(&command);
    if (result != 0)
        return result;
    smk_trace *trace;
    result = smk_cli_open_trace(&trace, args.operand, args.count, false, command.max_processes);
    if (result != 0)
        return result;
    int exit_code = analyse(&command, trace, args.operand[0]);
    smk_trace_close(trace);
    return exit_code;
}

const struct smk_command smk_cmd_report = {
    "report",
    "usage: stallmark report FILE… [--json] [--top N] [--fail-on KIND,…] [--debug-dir DIR]\n"
    "                        [--no-symbols] [--max-processes N]\n"
    "\n"
    "Says what made the program slow: findings, most costly first, with who waited, who held the\n"
    "lock and in which function; then requests by route, the slowest with what they spent their time\n"
    "on, locks and regions. Several files are taken together: segments of a capture, captures of several\n"
    "processes, whose findings then say whose they are. C++ names are as the linker wrote them: `| c++filt`\n"
    "reads them. Times of day are UTC.\n"
    "\n"
    "Names are those that the trace has in it (`stallmark symbolize`), then those of the files that it\n"
    "names and of their debug files, if their build-ids are the same. What stays without a name is\n"
    "listed at the end.\n"
    "\n"
    "  --json             the same as JSON (docs/report-json.md)\n"
    "  --top N            slowest requests that are shown, 1 to 100; default 5; tables follow it\n"
    "  --fail-on KIND,…   exit code 1 when there is a finding of these kinds (lock-contention, disk, …:\n"
    "                     docs/findings.md; finding: any)\n"
    "  --debug-dir DIR    look here for debug files first (DIR/.build-id/…, or as /usr/lib/debug is laid out)\n"
    "  --no-symbols       open no file but the trace: addresses instead of what it does not name itself\n"
    "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    "findings, requests, locks and regions of a trace",
    run,
};
