#define _GNU_SOURCE
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/sys.h"

/* ---- the file ----------------------------------------------------------------------------------------- */

static int check_file(int fd, const char *what, const char *path)
{
    struct stat st;
    int rc = smk_sys_fstat(fd, &st);
    if (rc < 0)
        return smk_fail_errno(-rc, "%s: %s", what, path);
    if (!S_ISREG(st.st_mode))
        return smk_fail(SMK_E_INVALID, "%s: %s is not a regular file", what, path);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return smk_fail(SMK_E_INVALID,
                        "%s: %s belongs to uid %u: allowed are this program's, %u, and root", what,
                        path, (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_mode & 077)
        return smk_fail(SMK_E_INVALID,
                        "%s: %s has mode %04o: allowed is 0600, so that only its owner may read it",
                        what, path, (unsigned)(st.st_mode & 07777));
    return 0;
}

static size_t trimmed(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    return len;
}

static int check_text(const char *text, size_t len, const char *what, const char *path)
{
    if (len < SMK_TOKEN_LEAST || len > SMK_TOKEN_MOST)
        return smk_fail(SMK_E_INVALID, "%s: %s holds %s%zu characters: allowed are %d to %d", what,
                        path, len > SMK_TOKEN_MOST ? "at least " : "", len, SMK_TOKEN_LEAST,
                        SMK_TOKEN_MOST);
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return smk_fail(SMK_E_INVALID,
                            "%s: %s: character %zu is not allowed: printable ASCII without spaces",
                            what, path, i + 1);
    return 0;
}

static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = smk_sys_read(fd, text + len, size - len);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return n;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

int smk_token_read(struct smk_token *token, const char *what, const char *path)
{
    char text[SMK_TOKEN_MOST + 3]; /* a line end, and one more to see that there is too much */
    token->set = false;
    /* A fifo would hang the open. */
    int fd = smk_sys_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd == -ELOOP)
        return smk_fail(SMK_E_INVALID, "%s: %s is a symbolic link: allowed is a regular file", what,
                        path);
    if (fd < 0)
        return smk_fail(SMK_E_INVALID, "%s: %s: %s", what, path, strerrordesc_np(-fd));
    int rc = check_file(fd, what, path);
    ssize_t n = 0;
    if (rc == 0) {
        n = read_all(fd, text, sizeof(text));
        if (n < 0)
            rc = smk_fail_errno((int)-n, "%s: %s", what, path);
    }
    if (rc == 0) {
        size_t len = trimmed(text, (size_t)n);
        rc = check_text(text, len, what, path);
        if (rc == 0)
            smk_sha256(text, len, token->digest);
        token->set = rc == 0;
    }
    explicit_bzero(text, sizeof(text));
    smk_sys_close(fd);
    return rc;
}

/* ---- the header --------------------------------------------------------------------------------------- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes at most `size` bytes; -1: it is not base64, or longer. */
static ssize_t base64_decode(const char *text, char *out, size_t size)
{
    size_t len = 0, letters = 0;
    uint32_t bits = 0;
    for (; *text && *text != '='; text++, letters++) {
        int value = base64_value(*text);
        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
        if (letters % 4 == 0)
            continue;
        if (len == size)
            return -1;
        out[len++] = (char)(bits >> (letters % 4 == 1 ? 4 : letters % 4 == 2 ? 2 : 0));
    }
    size_t padding = strspn(text, "=");
    if (text[padding] || padding > 2 || letters % 4 == 1)
        return -1;
    return (ssize_t)len;
}

static size_t of_basic(const char *value, char secret[SMK_TOKEN_MOST])
{
    char pair[SMK_TOKEN_MOST + 128];
    size_t len = 0;
    ssize_t n = base64_decode(value, pair, sizeof(pair));
    const char *colon = n > 0 ? memchr(pair, ':', (size_t)n) : NULL;
    if (colon) {
        len = (size_t)(pair + n - (colon + 1));
        if (len > SMK_TOKEN_MOST)
            len = 0;
        memcpy(secret, colon + 1, len);
    }
    explicit_bzero(pair, sizeof(pair));
    return len;
}

size_t smk_token_of_authorization(const char *value, char secret[SMK_TOKEN_MOST])
{
    bool basic = strncasecmp(value, "Basic ", 6) == 0;
    if (!basic && strncasecmp(value, "Bearer ", 7) != 0)
        return 0;
    value += basic ? 6 : 7;
    value += strspn(value, " ");
    if (basic)
        return of_basic(value, secret);
    size_t len = strlen(value);
    if (len > SMK_TOKEN_MOST)
        return 0;
    memcpy(secret, value, len);
    return len;
}

bool smk_token_equals(const struct smk_token *token, const uint8_t digest[SMK_SHA256_BYTES])
{
    uint8_t differ = 0;
    for (int i = 0; i < SMK_SHA256_BYTES; i++)
        differ |= token->digest[i] ^ digest[i];
    return token->set && differ == 0;
}
