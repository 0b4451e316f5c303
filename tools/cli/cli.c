#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"

#define MESSAGE_SIZE 4096

static const char *command_name;
static size_t progress_width; /* characters of the line that stands there now */

void smk_cli_set_command(const char *name) { command_name = name; }

/* ---- messages --------------------------------------------------------------------------------------- */

static void say(const char *format, va_list args, const char *reason)
{
    char text[MESSAGE_SIZE];
    vsnprintf(text, sizeof(text), format, args);
    smk_cli_progress_end();
    fflush(stdout); /* so that both streams into one file stand in order */
    fputs("stallmark", stderr);
    if (command_name) {
        fputc(' ', stderr);
        smk_cli_puts(stderr, command_name);
    }
    fputs(": ", stderr);
    smk_cli_puts(stderr, text);
    if (reason && reason[0]) {
        fputs(": ", stderr);
        smk_cli_puts(stderr, reason);
    }
    fputc('\n', stderr);
}

int smk_cli_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args, NULL);
    va_end(args);
    return SMK_EXIT_USAGE;
}

int smk_cli_fail_last(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args, smk_last_error());
    va_end(args);
    return SMK_EXIT_USAGE;
}

void smk_cli_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args, NULL);
    va_end(args);
}

/* ---- output ----------------------------------------------------------------------------------------- */

static void put(FILE *out, const char *text, size_t len, unsigned keep)
{
    char piece[512];
    while (len > 0) {
        size_t used;
        size_t n = smk_escape(piece, sizeof(piece), text, len, keep, &used);
        fwrite(piece, 1, n, out);
        text += used;
        len -= used;
    }
}

void smk_cli_put(FILE *out, const char *text, size_t len) { put(out, text, len, 0); }

void smk_cli_put_text(FILE *out, const char *text, size_t len)
{
    put(out, text, len, SMK_ESCAPE_KEEP_LINES);
}

void smk_cli_puts(FILE *out, const char *text) { put(out, text, strlen(text), 0); }

static bool plain_terminal(void)
{
    const char *term = getenv("TERM");
    return !term || strcmp(term, "dumb") == 0;
}

bool smk_cli_color(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    if (no_color && no_color[0])
        return false;
    return isatty(fileno(out)) && !plain_terminal();
}

static bool progress_due(void)
{
    static uint64_t last_ms;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (last_ms && ms - last_ms < 100)
        return false;
    last_ms = ms;
    return true;
}

void smk_cli_progress(const char *text, uint64_t done, uint64_t total)
{
    if (!isatty(STDERR_FILENO) || plain_terminal() || !progress_due())
        return;
    char escaped[160], line[200];
    size_t used, n = smk_escape(escaped, sizeof(escaped) - 1, text, strlen(text), 0, &used);
    escaped[n] = '\0';
    if (total)
        snprintf(line, sizeof(line), "%s  %3" PRIu64 " %%", escaped,
                 done >= total ? (uint64_t)100 : done * 100 / total);
    else
        snprintf(line, sizeof(line), "%s", escaped);
    size_t width = strlen(line);
    fprintf(stderr, "\r%s%*s", line, width < progress_width ? (int)(progress_width - width) : 0, "");
    fflush(stderr);
    progress_width = width;
}

void smk_cli_progress_end(void)
{
    if (progress_width)
        fprintf(stderr, "\r%*s\r", (int)progress_width, "");
    progress_width = 0;
}
