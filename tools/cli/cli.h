/* cli.h: what the commands of `stallmark` share: options, messages, escaped output, progress.
 *
 * A command is one file, cmd_<name>.c, that defines `const struct smk_command smk_cmd_<name>`; the
 * build finds it by its file name. Exit codes: 0 fine, 1 what --fail-on asked for, 2 bad input or
 * usage, with a sentence on stderr that names what would have been allowed.
 *
 *     static int run(int argc, char **argv)
 *     {
 *         const char *out = NULL;
 *         bool json = false;
 *         const struct smk_cli_option options[] = {
 *             {"output", 'o', SMK_CLI_TEXT, &out}, {"json", 0, SMK_CLI_FLAG, &json}, SMK_CLI_END};
 *         struct smk_cli_args args;
 *         if (!smk_cli_parse(&args, &smk_cmd_x, options, argc, argv))
 *             return args.exit_code;
 *         if (args.count != 1)
 *             return smk_cli_fail("one file is wanted, got %d", args.count);
 *         …
 *     }
 */
#ifndef SMK_TOOLS_CLI_H
#define SMK_TOOLS_CLI_H

#include <stdio.h>

#include "base/compiler.h"
#include "base/errors.h"

enum { SMK_EXIT_FINE = 0, SMK_EXIT_FINDING = 1, SMK_EXIT_USAGE = 2 };

struct smk_command {
    const char *name;    /* "capture" */
    const char *usage;   /* what --help prints: "usage: stallmark capture TARGET …\n" and more */
    const char *summary; /* one line without a full stop, for `stallmark --help` */
    /* argv[0] is the name of the command. Returns the exit code. */
    int (*run)(int argc, char **argv);
};

/* ---- options -------------------------------------------------------------------------------------- */

enum smk_cli_type {
    SMK_CLI_FLAG,      /* bool *: true when it is there */
    SMK_CLI_TEXT,      /* const char **: its value; `allowed` may limit it */
    SMK_CLI_DIRECTORY, /* const char **: of one that is there */
    SMK_CLI_NUMBER,    /* uint64_t *: decimal; `allowed` is then only words for the message */
    SMK_CLI_COUNT,     /* the same, from 1 */
};

struct smk_cli_option {
    const char *name; /* "duration" of --duration */
    char letter;      /* 'o' of -o; 0: none */
    enum smk_cli_type type;
    void *value;
    const char *allowed; /* SMK_CLI_TEXT: "perfetto|chrome", or NULL: anything */
};

#define SMK_CLI_END {NULL, 0, SMK_CLI_FLAG, NULL, NULL}

struct smk_cli_args {
    int count;      /* operands */
    char **operand; /* in argv, ended by NULL */
    int exit_code;  /* where smk_cli_parse returned false */
};

/* Reads --name VALUE, --name=VALUE, -o VALUE, -oVALUE anywhere before a `--`; the last one counts.
 * False when the command is to return args->exit_code at once: after --help, printed on stdout (0),
 * and after an error, said on stderr (2). */
bool smk_cli_parse(struct smk_cli_args *args, const struct smk_command *command,
                   const struct smk_cli_option *options, int argc, char **argv);

/* The same, but options end at the first operand: for commands whose operands are a command line. */
bool smk_cli_parse_leading(struct smk_cli_args *args, const struct smk_command *command,
                           const struct smk_cli_option *options, int argc, char **argv);

/* ---- messages --------------------------------------------------------------------------------------- */

/* "stallmark capture: …" on stderr; always returns SMK_EXIT_USAGE. The text is escaped. */
int smk_cli_fail(const char *format, ...) SMK_PRINTF(1, 2);

/* The same with what smk_last_error() says behind it. */
int smk_cli_fail_last(const char *format, ...) SMK_PRINTF(1, 2);

/* A line on stderr that is not an error. The text is escaped. */
void smk_cli_note(const char *format, ...) SMK_PRINTF(1, 2);

/* ---- output ----------------------------------------------------------------------------------------- */

/* Text that somebody else wrote (names out of a trace, an answer of a server): control characters
 * (C0, DEL, C1), bidirectional and invisible ones and bytes that are not UTF-8 come out as \n, \x1b or
 * \u202e. smk_cli_put_text leaves line feeds and tabs as they are. */
void smk_cli_put(FILE *out, const char *text, size_t len);
void smk_cli_put_text(FILE *out, const char *text, size_t len);
void smk_cli_puts(FILE *out, const char *text);

/* True when escape sequences for colour may be written to it: a terminal, NO_COLOR not set, TERM not
 * "dumb". */
bool smk_cli_color(FILE *out);

/* One line on stderr that is rewritten in place, on a terminal only; for whatever takes over a second.
 * `done` of `total`; total 0: not known, `text` alone is shown. At most ten times a second. */
void smk_cli_progress(const char *text, uint64_t done, uint64_t total);
/* Takes that line away; also done by smk_cli_fail and smk_cli_note. */
void smk_cli_progress_end(void);

/* ---- for main.c -------------------------------------------------------------------------------------- */

/* The name that messages begin with. */
void smk_cli_set_command(const char *name);

#endif
