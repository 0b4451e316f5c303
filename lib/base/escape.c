#include "base/escape.h"

#include <string.h>

static const char hex[] = "0123456789abcdef";

/* Length of the character that begins at `s` and its code; 0 where it is not well-formed UTF-8
 * (overlong, surrogate, beyond U+10FFFF, cut). */
static size_t decode(const unsigned char *s, size_t len, uint32_t *code)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n == 0 || n > len || s[0] > 0xf4)
        return 0;
    uint32_t c = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *code = c;
    return n;
}

/* Characters that no terminal should see, or nobody: controls, marks and overrides of direction,
 * zero-width characters, separators of lines, tags. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

static size_t write_hex(char *out, char letter, uint32_t value, int digits)
{
    out[0] = '\\';
    out[1] = letter;
    for (int i = 0; i < digits; i++)
        out[2 + i] = hex[value >> (4 * (digits - 1 - i)) & 15];
    return 2 + (size_t)digits;
}

static size_t write_escape(char *out, uint32_t c)
{
    const char *letter = c && c < 0x20 ? strchr("\nn\tt\rr", (int)c) : NULL;
    if (letter) {
        out[0] = '\\';
        out[1] = letter[1];
        return 2;
    }
    if (c < 0x80)
        return write_hex(out, 'x', c, 2);
    return c < 0x10000 ? write_hex(out, 'u', c, 4) : write_hex(out, 'U', c, 8);
}

size_t smk_escape(char *out, size_t size, const char *text, size_t len, unsigned keep, size_t *used)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t written = 0, at = 0;
    while (at < len && size - written >= SMK_ESCAPE_MIN) {
        uint32_t c = 0;
        size_t n = decode(s + at, len - at, &c);
        bool kept = (keep & SMK_ESCAPE_KEEP_LINES) && (c == '\n' || c == '\t');
        if (n == 0) {
            written += write_hex(out + written, 'x', s[at], 2);
            n = 1;
        } else if (is_unsafe(c) && !kept) {
            written += write_escape(out + written, c);
        } else {
            memcpy(out + written, s + at, n);
            written += n;
        }
        at += n;
    }
    *used = at;
    return written;
}
