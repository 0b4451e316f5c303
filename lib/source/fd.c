#define _GNU_SOURCE
#include "source/fd.h"

#include <fcntl.h>
#include <string.h>

#include "base/hash.h"
#include "base/sys.h"
#include "core/intern.h"
#include "core/site.h"
#include "core/stats.h"
#include "source/address.h"

/* Names of descriptors take at most this much of the table of strings: routes and threads need room, too. */
#define NAMES_MAX (SMK_STRINGS_MAX / 4 * 3)

/* A client's port says nothing and makes each connection a name of its own: above this, where our own port is
 * below it, the peer is taken for a client and its port is left out (Linux gives out ports from 32768 on). */
#define CLIENT_PORT 32768u

struct smk_fd_slot *smk_fd_slots SMK_HOT_DATA;

static uint32_t peers_forbidden; /* atomic */

void smk_fd_peers_forget(void) { smk_store_relaxed(&peers_forbidden, 1); }

void smk_fd_prepare(void)
{
    struct smk_fd_slot *none = NULL, *slots = smk_load_relaxed(&smk_fd_slots);
    size_t size = SMK_FD_SLOTS * sizeof *slots;
    if (slots) {
        smk_sys_discard(slots, size);
        return;
    }
    slots = smk_sys_map(size);
    if (slots && !smk_cas_acq_rel(&smk_fd_slots, &none, slots)) /* pairs with: smk_fd_slot */
        smk_sys_unmap(slots, size);
}

/* ---- what it is ------------------------------------------------------------------------------------------ */

static enum smk_wait_kind kind_of(const struct stat *st)
{
    return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || S_ISBLK(st->st_mode) ? SMK_WAIT_DISK : SMK_WAIT_NET;
}

enum smk_wait_kind smk_fd_look(struct smk_fd_slot *slot, int fd)
{
    struct stat st;
    enum smk_wait_kind kind = smk_sys_fstat(fd, &st) == 0 ? kind_of(&st) : SMK_WAIT_NET;
    if (slot)
        smk_store_relaxed(&slot->kind, kind);
    return kind;
}

void smk_fd_look_mode(struct smk_fd_slot *slot, int fd)
{
    int flags = smk_fd_kind(slot, fd) == SMK_WAIT_NET ? smk_sys_status_flags(fd) : 0;
    bool never = flags > 0 && (flags & O_NONBLOCK);
    smk_store_relaxed(&slot->mode, never ? SMK_FD_NEVER_WAITS : SMK_FD_WAITS);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

/* Text that is put together without libc: a signal handler may have led here. */
struct text {
    char bytes[SMK_NAME_LEN_MAX + 1];
    size_t len;
};

static void put(struct text *text, const char *more)
{
    for (; *more && text->len < SMK_NAME_LEN_MAX; more++)
        text->bytes[text->len++] = *more;
    text->bytes[text->len] = '\0';
}

static void put_number(struct text *text, uint32_t value, unsigned base)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = "0123456789abcdef"[value % base];
    while (value /= base);
    put(text, at);
}

static void put_ipv4(struct text *text, const uint8_t *bytes)
{
    for (int i = 0; i < 4; i++) {
        put(text, i ? "." : "");
        put_number(text, bytes[i], 10);
    }
}

static void put_ipv6(struct text *text, const struct in6_addr *address)
{
    const uint8_t *b = address->s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        put_ipv4(text, b + 12);
        return;
    }
    put(text, "[");
    for (int i = 0; i < 8; i++) {
        put(text, i ? ":" : "");
        put_number(text, (uint32_t)b[2 * i] << 8 | b[2 * i + 1], 16);
    }
    put(text, "]");
}

static void put_unix(struct text *text, const union smk_address *address, uint32_t size)
{
    char path[sizeof address->un.sun_path + 1] = "";
    size_t len = size > offsetof(struct sockaddr_un, sun_path) ? size - offsetof(struct sockaddr_un, sun_path) : 0;
    memcpy(path, address->un.sun_path, len < sizeof path ? len : sizeof path - 1);
    put(text, "unix");
    if (len > 0) {
        put(text, path[0] ? ":" : ":@");
        put(text, path[0] ? path : path + 1);
    }
}

static void put_address(struct text *text, const union smk_address *address, uint32_t size, bool with_port)
{
    switch (address->any.sa_family) {
    case AF_INET:
        put_ipv4(text, (const uint8_t *)&address->v4.sin_addr);
        break;
    case AF_INET6:
        put_ipv6(text, &address->v6.sin6_addr);
        break;
    case AF_UNIX:
        put_unix(text, address, size);
        return;
    default:
        put(text, "socket");
        return;
    }
    if (with_port) {
        put(text, ":");
        put_number(text, smk_address_port(address), 10);
    }
}

/* The peer's address; that of the socket itself, where it has none. */
static void put_socket(struct text *text, int fd)
{
    union smk_address peer = {0}, own = {0};
    uint32_t peer_size = sizeof peer, own_size = sizeof own;
    if (smk_load_relaxed(&peers_forbidden)) {
        put(text, "socket");
        return;
    }
    int connected = smk_sys_getpeername(fd, &peer.any, &peer_size);
    if (smk_sys_getsockname(fd, &own.any, &own_size) < 0)
        own_size = 0;
    bool named = peer_size > sizeof peer.any.sa_family;
    if (connected == 0 && (named || own_size <= sizeof own.any.sa_family)) {
        bool client = smk_address_port(&peer) >= CLIENT_PORT && smk_address_port(&own) < CLIENT_PORT;
        put_address(text, &peer, peer_size, !client);
        return;
    }
    put(text, "on ");
    put_address(text, &own, own_size, true);
}

uint32_t smk_fd_path_name(const char *path)
{
    size_t len = strnlen(path, 4096);
    if (smk_intern_count(&smk_strings) >= NAMES_MAX)
        return 0;
    return smk_string_id(len > SMK_NAME_LEN_MAX ? path + (len - SMK_NAME_LEN_MAX) : path);
}

/* The stack is the host's, and may be a coroutine's: a longer path than that is not named. */
#define PATH_ROOM 1024

/* False: it has no name, or a longer one. */
static bool put_name(struct text *text, int fd, const struct stat *st, char path[PATH_ROOM])
{
    char link[32];
    path[0] = '\0';
    if (S_ISSOCK(st->st_mode)) {
        put_socket(text, fd);
        return true;
    }
    if (S_ISFIFO(st->st_mode)) {
        put(text, "pipe");
        return true;
    }
    put(text, "/proc/self/fd/");
    put_number(text, (uint32_t)fd, 10);
    memcpy(link, text->bytes, text->len + 1);
    int len = smk_sys_readlink(link, path, PATH_ROOM);
    return len > 0 && len < PATH_ROOM - 1;
}

static uint32_t name_of(int fd, const struct stat *st)
{
    struct text text = {.len = 0};
    char path[PATH_ROOM];
    if (smk_intern_count(&smk_strings) >= NAMES_MAX || !put_name(&text, fd, st, path))
        return 0;
    return path[0] ? smk_fd_path_name(path) : smk_string_id(text.bytes);
}

enum smk_wait_kind smk_fd_text(int fd, char *name, size_t size)
{
    struct text text = {.len = 0};
    char path[PATH_ROOM];
    struct stat st;
    name[0] = '\0';
    if (smk_sys_fstat(fd, &st) < 0)
        return SMK_WAIT_NET;
    if (put_name(&text, fd, &st, path)) {
        const char *from = path[0] ? path : text.bytes;
        size_t len = strlen(from), cut = len >= size ? len - size + 1 : 0;
        memcpy(name, from + cut, len - cut + 1);
    }
    return kind_of(&st);
}

static uint32_t identity_of(const struct stat *st)
{
    return (uint32_t)smk_hash_word(st->st_ino ^ smk_hash_word(st->st_dev)) | 1;
}

void smk_fd_describe_closed(int fd, struct smk_fd_facts *facts)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd);
    uint32_t kind = slot ? smk_load_relaxed(&slot->kind) : 0;
    *facts = (struct smk_fd_facts){.kind = kind ? kind : SMK_WAIT_NET, .waits = kind == SMK_WAIT_DISK};
    if (kind && smk_load_relaxed(&slot->identity))
        facts->name = smk_load_relaxed(&slot->name);
}

static void describe(int fd, struct smk_fd_facts *facts, bool named)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd);
    struct stat st;
    *facts = (struct smk_fd_facts){.kind = SMK_WAIT_NET, .waits = true};
    if (smk_sys_fstat(fd, &st) < 0) /* closed meanwhile */
        return;
    uint32_t identity = identity_of(&st);
    facts->kind = kind_of(&st);
    facts->waits = facts->kind == SMK_WAIT_DISK || (smk_sys_status_flags(fd) & O_NONBLOCK) == 0;
    if (!facts->waits && !named)
        return;
    if (slot && smk_load_relaxed(&slot->identity) == identity) {
        facts->name = smk_load_relaxed(&slot->name);
        return;
    }
    facts->name = name_of(fd, &st);
    if (!slot)
        return;
    smk_store_relaxed(&slot->kind, facts->kind);
    smk_store_relaxed(&slot->name, facts->name);
    smk_store_relaxed(&slot->identity, identity);
}

void smk_fd_describe(int fd, struct smk_fd_facts *facts) { describe(fd, facts, false); }

void smk_fd_describe_peer(int fd, struct smk_fd_facts *facts) { describe(fd, facts, true); }
