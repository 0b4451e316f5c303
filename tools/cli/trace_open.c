#include "trace_open.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void progress(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    if (done % 64 == 0 || done == total)
        smk_cli_progress("reading", done, total);
}

int smk_cli_open_trace(smk_trace **trace, char *const *paths, int count, bool verify, uint64_t max_processes)
{
    smk_open_options options = {.size = sizeof(options),
                                .verify = verify,
                                .progress = progress,
                                .max_processes = (uint32_t)max_processes};
    *trace = NULL;
    if (max_processes > 65535)
        return smk_cli_fail("'%" PRIu64 "' is no value for --max-processes; allowed is a number from 1 to 65535",
                            max_processes);
    if (count < 1)
        return smk_cli_fail("a trace file is missing; several are taken together: segments, processes");
    int rc = smk_trace_open_segments(trace, (const char *const *)paths, (size_t)count, &options);
    smk_cli_progress_end();
    return rc < 0 ? smk_cli_fail("%s", smk_last_error()) : 0;
}

void smk_cli_put_files(FILE *out, char *const *paths, int count)
{
    for (int i = 0; i < count; i++) {
        if (i)
            fputc(' ', out);
        smk_cli_puts(out, paths[i]);
    }
}

void smk_cli_put_seconds(FILE *out, int64_t ns)
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    fprintf(out, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", size / 1000000000, size % 1000000000);
}

bool smk_cli_parse_time(const char *text, uint64_t *ns)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"", 1000000000}, {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
    uint64_t whole = 0, scale = 1, part = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && whole < UINT64_MAX / 20000000000u; p++)
        whole = whole * 10 + (uint64_t)(*p - '0');
    if (p == text)
        return false;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9' && scale < 1000000000; p++, scale *= 10)
            part = part * 10 + (uint64_t)(*p - '0');
    for (size_t i = 0; i < SMK_ARRAY_LEN(units); i++)
        if (strcmp(p, units[i].name) == 0) {
            *ns = whole * units[i].ns + part * units[i].ns / scale;
            return true;
        }
    return false;
}

/* The UTF-8 character at `text`; U+FFFD for a byte that begins none. Returns its bytes. */
static size_t character(const unsigned char *text, size_t len, uint32_t *code)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t extra = 0; extra < SMK_ARRAY_LEN(forms) && extra < len; extra++) {
        if ((text[0] & forms[extra].mask) != forms[extra].lead)
            continue;
        uint32_t value = text[0] & (unsigned char)~forms[extra].mask;
        size_t i = 1;
        for (; i <= extra && (text[i] & 0xc0) == 0x80; i++)
            value = value << 6 | (text[i] & 0x3fu);
        bool fine = i == extra + 1 && value >= forms[extra].least && value <= 0x10ffff &&
                    (value < 0xd800 || value > 0xdfff);
        *code = fine ? value : 0xfffd;
        return fine ? i : 1;
    }
    *code = 0xfffd;
    return 1;
}

/* Whatever is not plain ASCII goes out as \u…: nothing in it is for a terminal to obey. */
void smk_cli_put_json(FILE *out, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    fputc('"', out);
    while (len > 0) {
        uint32_t code;
        size_t n = character(p, len, &code);
        if (code == '"' || code == '\\')
            fprintf(out, "\\%c", (int)code);
        else if (code >= 0x20 && code < 0x7f)
            fputc((int)code, out);
        else if (code < 0x10000)
            fprintf(out, "\\u%04x", code);
        else
            fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                    0xdc00 + ((code - 0x10000) & 0x3ff));
        p += n;
        len -= n;
    }
    fputc('"', out);
}
