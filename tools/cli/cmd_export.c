/* stallmark export: a trace in the formats of other tools. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "duration.h"
#include "export/ctf.h"
#include "export/export.h"
#include "lines/lines.h"
#include "trace_html.h"
#include "trace_open.h"
#include "trace_sqlite.h"

extern const struct smk_command smk_cmd_export;

struct export_command {
    const char *format, *output, *debug_dir, *before;
    const char *max_bytes_text;
    bool no_symbols;
    uint64_t max_processes, max_bytes;
    const struct smk_cli_args *args;
};

static bool show_progress(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    smk_cli_progress("exporting", done, total);
    return true;
}

/* Why a file does not take what is written to it; 0: it did so far. */
static int write_failure;

static int put(void *arg, const void *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, arg) == len)
        return 0;
    write_failure = errno;
    return 1;
}

/* sqlite is the command line's own: it writes a file by itself. */
static const struct smk_export_format sqlite = {"sqlite", "", NULL};
/* And so is html, which has a view of the files, not one trace. */
static const struct smk_export_format html = {"html", "", NULL};

static const struct smk_export_format *format_at(size_t number)
{
    static const struct smk_export_format *const own[] = {&sqlite, &html};
    size_t others = 0;
    while (others <= number && smk_export_format_at(others))
        others++;
    if (number < others)
        return smk_export_format_at(number);
    return number - others < SMK_ARRAY_LEN(own) ? own[number - others] : NULL;
}

static const struct smk_export_format *find_format(const char *name)
{
    const struct smk_export_format *format;
    for (size_t i = 0; (format = format_at(i)) != NULL; i++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

/* "… is no value …; allowed are perfetto, csv". */
static int refuse_format(const char *name)
{
    char list[512];
    size_t used = 0;
    const struct smk_export_format *format;
    for (size_t i = 0; (format = format_at(i)) != NULL; i++) {
        int n = snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", format->name);
        if (n > 0 && (size_t)n < sizeof(list) - used)
            used += (size_t)n;
    }
    if (!name)
        return smk_cli_fail("--format is missing; allowed are %s", list);
    return smk_cli_fail("'%s' is no value for --format; allowed are %s", name, list);
}

static int export_page(const struct export_command *command, FILE *out)
{
    const struct smk_web_options options = {.paths = (const char *const *)command->args->operand,
                                            .count = (size_t)command->args->count,
                                            .before = command->before,
                                            .debug_dir = command->debug_dir,
                                            .no_symbols = command->no_symbols,
                                            .max_processes = (uint32_t)command->max_processes,
                                            .in_turn = true,
                                            .names_only = true};
    return smk_cli_export_html(&options, command->max_bytes, out);
}

/* `out` NULL: into a database of the output's name. */
static int export_into(const struct export_command *command, const struct smk_export_format *format,
                       smk_trace *trace, FILE *out)
{
    if (format == &html)
        return export_page(command, out);
    struct smk_lines *lines = command->no_symbols ? NULL : smk_lines_new(command->debug_dir);
    struct smk_line_source source = smk_lines_source(lines);
    struct smk_export_options options = {.lines = lines ? &source : NULL,
                                         .debug_dir = command->debug_dir,
                                         .no_symbols = command->no_symbols,
                                         .progress = show_progress};
    int result = out ? smk_export(trace, format, &options, put, out)
                     : smk_cli_export_sqlite(trace, &options, command->output);
    smk_lines_free(lines);
    return result;
}

static bool is_directory(const struct smk_export_format *format) { return strcmp(format->name, "ctf") == 0; }

static bool is_file(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool is_same_file(const char *path, const char *other)
{
    struct stat status, others;
    return path && stat(path, &status) == 0 && stat(other, &others) == 0 && status.st_dev == others.st_dev &&
           status.st_ino == others.st_ino;
}

static int fail_to_write(const char *output)
{
    return write_failure ? smk_cli_fail("%s could not be written: %s", output, strerror(write_failure))
                         : smk_cli_fail_last("%s", output);
}

/* A file that is not whole does not stay. */
static int export_to_file(const struct export_command *command, const struct smk_export_format *format,
                          smk_trace *trace)
{
    FILE *out = fopen(command->output, "wb");
    if (!out)
        return smk_cli_fail("%s: %s", command->output, strerror(errno));
    int result = export_into(command, format, trace, out);
    if (fclose(out) != 0 && result == 0)
        write_failure = errno;
    smk_cli_progress_end();
    if (result == 0 && write_failure == 0)
        return SMK_EXIT_FINE;
    if (is_file(command->output))
        remove(command->output);
    return fail_to_write(command->output);
}

/* One file of a directory. */
static int export_part(const struct export_command *command, const struct smk_export_format *format, smk_trace *trace,
                       const char *name)
{
    struct export_command part = *command;
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/%s", command->output, name) >= (int)sizeof(path))
        return smk_cli_fail("%s: the name is too long", command->output);
    part.output = path;
    return export_to_file(&part, format, trace);
}

/* Into a directory that is not there yet: two files. Neither stays without the other. */
static int export_to_directory(const struct export_command *command, const struct smk_export_format *format,
                               smk_trace *trace)
{
    char metadata[4200];
    if (mkdir(command->output, 0777) < 0)
        return smk_cli_fail("%s: %s; allowed is a directory that is not there yet", command->output, strerror(errno));
    int result = export_part(command, &smk_export_ctf_metadata, trace, "metadata");
    if (result == SMK_EXIT_FINE)
        result = export_part(command, format, trace, "stream");
    if (result == SMK_EXIT_FINE)
        return result;
    snprintf(metadata, sizeof(metadata), "%.4090s/metadata", command->output);
    remove(metadata);
    rmdir(command->output);
    return result;
}

static int export_to_database(const struct export_command *command, smk_trace *trace)
{
    int result = export_into(command, &sqlite, trace, NULL);
    smk_cli_progress_end();
    return result == 0 ? SMK_EXIT_FINE : smk_cli_fail_last("%s", command->output);
}

static int export_trace(const struct export_command *command, const struct smk_export_format *format,
                        smk_trace *trace)
{
    if (format == &sqlite)
        return export_to_database(command, trace);
    if (is_directory(format))
        return export_to_directory(command, format, trace);
    if (strcmp(command->output, "-") != 0)
        return export_to_file(command, format, trace);
    int result = export_into(command, format, trace, stdout);
    smk_cli_progress_end();
    return result == 0 ? SMK_EXIT_FINE : fail_to_write("standard output");
}

/* What is read is not written over, by whatever name it is given. */
static int check_inputs(const struct export_command *command)
{
    const struct smk_cli_args *args = command->args;
    bool same = is_same_file(command->before, command->output);
    for (int i = 0; i < args->count; i++)
        same |= is_same_file(args->operand[i], command->output);
    return same ? smk_cli_fail("'%s' is no value for --output: it is a trace that is read", command->output) : 0;
}

/* 0, or the exit code, said. */
static int check_output(const struct export_command *command, const struct smk_export_format *format)
{
    if (!command->output)
        return smk_cli_fail("--output is missing: a file, or '-' for standard output");
    if (strcmp(command->output, "-") != 0)
        return check_inputs(command);
    if (format == &sqlite)
        return smk_cli_fail("a database cannot be written to standard output; allowed is -o FILE");
    if (is_directory(format))
        return smk_cli_fail("a directory cannot be written to standard output; allowed is -o DIR");
    if (isatty(STDOUT_FILENO))
        return smk_cli_fail("standard output is a terminal; allowed are -o FILE, and '-' into a pipe or file");
    return 0;
}

static int check_page(struct export_command *command, const struct smk_export_format *format)
{
    const char *text = command->max_bytes_text;
    command->max_bytes = SMK_HTML_BYTES_DEFAULT;
    if (format != &html && (text || command->before))
        return smk_cli_fail("--max-bytes and --before are of html; allowed with %s is neither", format->name);
    if (text && (!smk_size_parse(text, &command->max_bytes) || command->max_bytes < SMK_WEB_HTML_LEAST ||
                 command->max_bytes > SMK_HTML_BYTES_MOST))
        return smk_cli_fail("'%s' is no value for --max-bytes; allowed is a size from 512KiB to 256MiB: "
                            SMK_SIZE_ALLOWED, text);
    return 0;
}

static int run(int argc, char **argv)
{
    struct export_command command = {.format = NULL};
    const struct smk_cli_option options[] = {
        {"format", 'f', SMK_CLI_TEXT, &command.format},
        {"output", 'o', SMK_CLI_TEXT, &command.output},
        {"max-bytes", 0, SMK_CLI_TEXT, &command.max_bytes_text},
        {"before", 0, SMK_CLI_TEXT, &command.before},
        {"debug-dir", 0, SMK_CLI_DIRECTORY, &command.debug_dir},
        {"no-symbols", 0, SMK_CLI_FLAG, &command.no_symbols},
        SMK_CLI_MAX_PROCESSES(&command.max_processes),
        SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_export, options, argc, argv))
        return args.exit_code;
    command.args = &args;
    const struct smk_export_format *format = command.format ? find_format(command.format) : NULL;
    if (!format)
        return refuse_format(command.format);
    int result = check_output(&command, format);
    if (result == 0)
        result = check_page(&command, format);
    smk_trace *trace;
    if (result == 0)
        result = smk_cli_open_trace(&trace, args.operand, args.count, false, command.max_processes);
    if (result != 0)
        return result;
    result = export_trace(&command, format, trace);
    smk_trace_close(trace);
    return result;
}

const struct smk_command smk_cmd_export = {
    "export",
    "usage: stallmark export TRACE… --format NAME -o FILE [--debug-dir DIR] [--no-symbols]\n"
    "                        [--max-processes N]\n"
    "       stallmark export TRACE… --format html -o FILE [--max-bytes SIZE] [--before TRACE]\n"
    "\n"
    "Writes a trace in the format of another tool (docs/exports.md says what is where). Several files are\n"
    "taken together: segments of a capture, captures of several processes.\n"
    "\n"
    "  perfetto   ui.perfetto.dev and trace_processor: threads, CPUs, waits with their holders and stacks,\n"
    "             arrows from who let go to who waited, requests, counters, CPU samples\n"
    "  csv        one table: a row for each span of a thread's time, wait, region, request, sample and so on\n"
    "  folded     lines of stacks with the ns that threads waited there, by kind, for flame graphs\n"
    "  folded-cpu the same of CPU samples\n"
    "  pprof-block  a profile for `go tool pprof`: where threads waited, but for work, and how long\n"
    "  pprof-mutex  the same: unlocks, with how long others had waited for them\n"
    "  pprof-cpu    the same: CPU samples\n"
    "  chrome     the JSON of chrome://tracing: waits, regions, states, requests, arrows, counters\n"
    "  firefox    profiler.firefox.com: threads with their CPU time, waits, regions and requests as markers\n"
    "  go         `go tool trace`: threads as goroutines, waits, who woke whom, requests as tasks, regions\n"
    "  otlp       OpenTelemetry's JSON, for a collector: requests as spans, with where their time went\n"
    "  ctf        a new directory of the common trace format 1.8, for babeltrace2: all events as recorded\n"
    "  sqlite     a database: tables, and views for the usual questions (docs/sqlite.md); not to '-'\n"
    "  html       one page for any browser, without a network: what `stallmark view` shows (docs/viewer.md)\n"
    "\n"
    "Names out of the trace are escaped: control characters and what changes the direction of a text are\n"
    "written as \\x1b and \\u202e. A file that could not be written to its end does not stay.\n"
    "\n"
    "  -f, --format NAME  one of the above\n"
    "  -o, --output FILE  where to; '-' is standard output; of ctf a directory that is not there yet\n"
    "  --max-bytes SIZE   of html: how large the file may be (8MiB); what is left out is said\n"
    "  --before TRACE     of html: an earlier trace of the program, to say what got better and worse\n"
    "  --debug-dir DIR    look here for debug files first (DIR/.build-id/…, or as /usr/lib/debug is laid out)\n"
    "  --no-symbols       open no file but the trace: addresses instead of what it does not name itself\n"
    "  --max-processes N  processes that it may have; default 4096, at most 65535\n",
    "write a trace in the format of another tool",
    run,
};
