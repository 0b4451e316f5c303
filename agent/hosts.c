#include "hosts.h"

#include <string.h>
#include <strings.h>

#include "base/errors.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number without leading zeroes and at most `most`; the bytes that it has, 0: it is none. */
static size_t parse_number(const char *text, size_t len, uint32_t most, uint32_t *value)
{
    size_t n = 0;
    *value = 0;
    while (n < len && is_digit(text[n])) {
        *value = *value * 10 + (uint32_t)(text[n] - '0');
        n++;
        if (*value > most)
            return 0;
    }
    return n > 1 && text[0] == '0' ? 0 : n;
}

bool smk_parse_quad(const char *text, size_t len, uint32_t *address)
{
    *address = 0;
    for (int part = 0; part < 4; part++) {
        uint32_t value;
        size_t n = parse_number(text, len, 255, &value);
        if (n == 0)
            return false;
        *address = *address << 8 | value;
        text += n;
        len -= n;
        if (part == 3)
            return len == 0;
        if (len == 0 || *text != '.')
            return false;
        text++;
        len--;
    }
    return false;
}

static bool is_name_letter(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
}

bool smk_split_host(const char *host, size_t *name_len)
{
    size_t n = 0;
    uint32_t port;
    while (is_name_letter(host[n]))
        n++;
    *name_len = n;
    if (n == 0 || n > 253 || host[0] == '.' || host[n - 1] == '.')
        return false;
    if (host[n] == '\0')
        return true;
    if (host[n] != ':')
        return false;
    size_t len = strlen(host + n + 1);
    return len > 0 && parse_number(host + n + 1, len, 65535, &port) == len && port > 0;
}

bool smk_parse_listen(const char *text, uint32_t *address, uint16_t *port)
{
    const char *colon = strchr(text, ':');
    uint32_t value;
    if (!colon || !smk_parse_quad(text, (size_t)(colon - text), address))
        return false;
    size_t len = strlen(colon + 1);
    if (len == 0 || parse_number(colon + 1, len, 65535, &value) != len)
        return false;
    *port = (uint16_t)value;
    return true;
}

int smk_parse_hosts(const char *setting, char names[SMK_HOSTS_SIZE])
{
    size_t used = 0;
    names[0] = '\0';
    while (setting && *setting) {
        setting += strspn(setting, ", ");
        size_t len = strcspn(setting, ", "), name_len = 0;
        if (len == 0)
            break;
        if (used + len + 2 > SMK_HOSTS_SIZE)
            return smk_fail(SMK_E_INVALID,
                            "hosts: together they are longer than the %d bytes allowed",
                            SMK_HOSTS_SIZE - 2);
        memcpy(names + used, setting, len);
        names[used + len] = '\0';
        if (!smk_split_host(names + used, &name_len) || name_len != len) {
            int rc = smk_fail(
                SMK_E_INVALID,
                "hosts: '%s' is not a host name: letters, digits, '-', '_' and dots, no port",
                names + used);
            names[0] = '\0';
            return rc;
        }
        used += len + 1;
        names[used] = '\0';
        setting += len;
    }
    return 0;
}

bool smk_hosts_have(const char *names, const char *name, size_t len)
{
    for (; *names; names += strlen(names) + 1)
        if (strlen(names) == len && strncasecmp(names, name, len) == 0)
            return true;
    return false;
}
