#include "export/out.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_BYTES 65536u

bool smk_out_init(struct smk_out *out, struct smk_mem *mem, smk_export_put put, void *arg)
{
    *out = (struct smk_out){.put = put, .arg = arg, .buffer = smk_mem_new(mem, BUFFER_BYTES)};
    return out->buffer != NULL;
}

void smk_out_free(struct smk_out *out, struct smk_mem *mem)
{
    smk_mem_free(mem, out->buffer, BUFFER_BYTES);
    out->buffer = NULL;
}

int smk_out_flush(struct smk_out *out)
{
    if (out->used && out->result == 0)
        out->result = out->put(out->arg, out->buffer, out->used);
    out->used = 0;
    return out->result;
}

void smk_out_bytes(struct smk_out *out, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    out->total += len;
    while (len > 0) {
        if (out->used == BUFFER_BYTES)
            smk_out_flush(out);
        size_t n = len < BUFFER_BYTES - out->used ? len : BUFFER_BYTES - out->used;
        memcpy(out->buffer + out->used, from, n);
        out->used += n;
        from += n;
        len -= n;
    }
}

void smk_out_text(struct smk_out *out, const char *text) { smk_out_bytes(out, text, strlen(text)); }

void smk_out_format(struct smk_out *out, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0)
        smk_out_bytes(out, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void smk_out_number(struct smk_out *out, uint64_t number)
{
    char text[24];
    size_t at = sizeof(text);
    do
        text[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    smk_out_bytes(out, text + at, sizeof(text) - at);
}

void smk_out_us(struct smk_out *out, uint64_t ns)
{
    smk_out_number(out, ns / 1000);
    char text[4] = {'.', (char)('0' + ns / 100 % 10), (char)('0' + ns / 10 % 10), (char)('0' + ns % 10)};
    smk_out_bytes(out, text, sizeof(text));
}

void smk_out_json(struct smk_out *out, const char *text)
{
    smk_out_bytes(out, "\"", 1);
    for (;;) {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\')
            plain++;
        smk_out_bytes(out, text, plain);
        text += plain;
        if (!text[0])
            break;
        if (text[0] == '"' || text[0] == '\\')
            smk_out_format(out, "\\%c", text[0]);
        else
            smk_out_format(out, "\\u%04x", (unsigned)text[0]);
        text++;
    }
    smk_out_bytes(out, "\"", 1);
}
