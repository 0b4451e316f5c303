/* hosts.h: names and addresses as the gate takes them: strictly, so that nothing that a resolver or a browser
 * reads otherwise passes as ours. An address is four decimal numbers without leading zeroes; 127.1,
 * 0177.0.0.1, 2130706433, a trailing dot, user@ and brackets are none.
 */
#ifndef SMK_AGENT_HOSTS_H
#define SMK_AGENT_HOSTS_H

#include "base/compiler.h"

#define SMK_HOSTS_SIZE 1024

/* Exactly `len` bytes; host byte order. */
bool smk_parse_quad(const char *text, size_t len, uint32_t *address);

SMK_INLINE bool smk_quad_is_loopback(uint32_t address)
{
    return address >> 24 == 127;
}

/* "NAME" or "NAME:PORT", port 1 to 65535; *name_len gets the length of NAME. False: it is neither. NAME is
 * letters, digits, '-', '_' and '.', neither first nor last a dot. */
bool smk_split_host(const char *host, size_t *name_len);

/* "127.0.0.1:6060": a strict address and a port, which may be 0. */
bool smk_parse_listen(const char *text, uint32_t *address, uint16_t *port);

/* The names of the setting `hosts`, "one.example,two.example", lower case, each ended by NUL, an empty one
 * at the end. 0, or SMK_E_INVALID and smk_last_error(). */
int smk_parse_hosts(const char *setting, char names[SMK_HOSTS_SIZE]);
/* Whether one of them is the name of `len` bytes, whatever its case. */
bool smk_hosts_have(const char *names, const char *name, size_t len);

#endif
