/* stallmark symbolize: names, files and lines into a trace, for whoever reads it where the binaries are not. */
#include <inttypes.h>
#include <string.h>

#include "analysis/module_files.h"
#include "cli.h"
#include "trace_symbolize.h"

extern const struct smk_command smk_cmd_symbolize;

static void put_module(const struct smk_nameless *nameless)
{
    char id[SMK_BUILD_ID_TEXT];
    smk_build_id_text(id, nameless->module);
    fputs("  no name: ", stdout);
    smk_cli_puts(stdout, nameless->module->path[0] ? nameless->module->path : "?");
    printf(", build-id %s, %" PRIu32 " address%s: %s\n", id[0] ? id : "unknown", nameless->addresses,
           nameless->addresses == 1 ? "" : "es", nameless->reason);
}

static void tell(void *arg, const struct smk_bake *bake, bool written)
{
    const char *path = arg;
    struct smk_nameless nameless;
    smk_cli_puts(stdout, path);
    printf(": %" PRIu64 " of %" PRIu64 " frames have a name, %" PRIu64 " file and line; %" PRIu64
           " addresses of static objects do\n",
           bake->named, bake->frames, bake->placed, bake->objects);
    if (bake->no_table)
        printf("  %" PRIu64 " frames are in modules whose symbols are not at hand\n", bake->no_table);
    if (bake->no_module)
        printf("  %" PRIu64 " frames are in memory that is of no file\n", bake->no_module);
    for (uint32_t i = 0; smk_symbols_nameless(bake->symbols, i, &nameless); i++)
        put_module(&nameless);
    if (bake->symbols->ambiguous)
        printf("  no name: %" PRIu32 " addresses where two modules were, one after the other\n",
               bake->symbols->ambiguous);
    if (!written)
        puts("  nothing is new: the file stays as it is");
    else
        printf("  %" PRIu64 " symbols added\n", bake->added);
}

static int run(int argc, char **argv)
{
    struct smk_symbolize symbolize = {.tell = tell};
    const struct smk_cli_option options[] = {{"output", 'o', SMK_CLI_TEXT, &symbolize.output, NULL},
                                             {"debug-dir", 0, SMK_CLI_DIRECTORY, &symbolize.debug_dir, NULL},
                                             SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_symbolize, options, argc, argv))
        return args.exit_code;
    if (args.count != 1)
        return smk_cli_fail("one trace file is wanted, got %d; segments of a capture are joined first, with `cat`",
                            args.count);
    symbolize.input = args.operand[0];
    symbolize.arg = (void *)(uintptr_t)(symbolize.output ? symbolize.output : symbolize.input);
    int result = smk_cli_symbolize(&symbolize);
    return result < 0 ? smk_cli_fail("%s", smk_last_error()) : SMK_EXIT_FINE;
}

const struct smk_command smk_cmd_symbolize = {
    "symbolize",
    "usage: stallmark symbolize [-o FILE] [--debug-dir DIR] TRACE\n"
    "\n"
    "Puts the names of functions, with file, line and what was inlined, and those of static objects into\n"
    "a trace, so that it can be read where the program's binaries are not. `capture` and `snapshot` do it\n"
    "themselves. Says what has a name now, and of which modules (path, build-id) there was none.\n"
    "\n"
    "A binary, or its debug file, is believed when its build-id is that in the trace. Debug files are\n"
    "looked for by build-id and by the name in the binary: below DIR, /usr/lib/debug, and beside it.\n"
    "Nothing is asked of a network. Once more adds what is new since: names stay when binaries are gone.\n"
    "\n"
    "TRACE is replaced when its copy is whole. One that has no end, as after `kill -9`, goes into a copy.\n"
    "\n"
    "  -o, --output FILE  write a copy, and leave TRACE alone\n"
    "  --debug-dir DIR    where debug files, or the binaries themselves, are looked for first\n",
    "put names, files and lines into a trace", run};
