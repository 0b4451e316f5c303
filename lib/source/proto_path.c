/* proto_path.c: the path of a request as the name of its route. What stands for one thing among many of its
 * kind becomes ":id", so that there are as many names as there are handlers, more or less. What strangers
 * can still make up is bounded by the table of routes. */
#include <string.h>

#include "source/proto_machine.h"

#define PARTS_MAX 8  /* segments; deeper paths end in "..." */
#define PART_MAX  32 /* a longer segment is a text, a token or a uuid: one of many */
#define ID        ":id"
#define MORE      "/..."

struct name {
    char *out;
    size_t used, room;
};

static bool put(struct name *name, const char *text, size_t len)
{
    if (name->used + len > name->room)
        return false;
    memcpy(name->out + name->used, text, len);
    name->used += len;
    return true;
}

static bool is_hex(uint8_t c) { return smk_is_digit(c) || (uint8_t)((c | 0x20) - 'a') < 6; }

static bool is_mark(uint8_t c) { return c == '-' || c == '.' || c == ',' || c == ':' || c == '_'; }

/* Digits, which dates and ranges write with marks between them; hexadecimal from 8 on. Uuids are longer than
 * what is shown. */
static bool is_number_like(const uint8_t *part, size_t len)
{
    bool digits = len > 0 && smk_is_digit(part[0]), hex = len >= 8;
    for (size_t i = 0; (digits || hex) && i < len; i++) {
        digits = digits && (smk_is_digit(part[i]) || is_mark(part[i]));
        hex = hex && is_hex(part[i]);
    }
    return digits || hex;
}

/* ".png" behind what is like a number stays: it says what kind of thing it is. */
static size_t suffix_of(const uint8_t *part, size_t len)
{
    for (size_t n = 1; n <= 6 && n < len; n++) {
        uint8_t c = part[len - n];
        if (c == '.')
            return n > 1 && smk_is_letter(part[len - n + 1]) ? n : 0;
        if (!smk_is_letter(c) && !smk_is_digit(c))
            return 0;
    }
    return 0;
}

static bool is_plain(uint8_t c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; }

/* What is not printable ASCII is written as URLs write it. */
static bool put_escaped(struct name *name, const uint8_t *part, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        if (SMK_LIKELY(is_plain(part[i]) && name->used < name->room)) {
            name->out[name->used++] = (char)part[i];
            continue;
        }
        const char escaped[3] = {'%', digits[part[i] >> 4], digits[part[i] & 15]};
        if (is_plain(part[i]) || !put(name, escaped, 3))
            return false;
    }
    return true;
}

static bool put_part(struct name *name, const uint8_t *part, size_t len)
{
    const uint8_t *parameters = memchr(part, ';', len); /* /a;jsessionid=… */
    if (parameters)
        len = (size_t)(parameters - part);
    if (len > PART_MAX || is_number_like(part, len))
        return put(name, ID, sizeof ID - 1);
    size_t suffix = suffix_of(part, len);
    if (suffix && is_number_like(part, len - suffix))
        return put(name, ID, sizeof ID - 1) && put_escaped(name, part + len - suffix, suffix);
    return put_escaped(name, part, len);
}

size_t smk_path_name(char *out, size_t room, const uint8_t *path, size_t len)
{
    struct name name = {.out = out, .room = room};
    size_t whole = 0; /* what stays when the next segment has no room */
    unsigned parts = 0;
    for (size_t i = 0; i < len && path[i] == '/'; parts++) {
        size_t end = ++i;
        while (end < len && path[end] != '/' && path[end] != '?' && path[end] != '#')
            end++;
        if (parts == PARTS_MAX || !put(&name, "/", 1) || !put_part(&name, path + i, end - i) ||
            name.used + sizeof MORE - 1 > room) {
            name.used = whole;
            put(&name, MORE, sizeof MORE - 1);
            break;
        }
        whole = name.used;
        i = end;
    }
    return name.used;
}
