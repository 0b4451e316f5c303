/* conn_find.c: which sockets are connections that this process serves, and what the kernel says of them.
 *
 * A socket that was accepted before anything was armed has the address of its listener for its own. Listeners
 * are found in the table of descriptors at arming, and noted at the first accept on each. Ports are kept as
 * bits, paths of unix sockets as hashes: the system gives a port that is listened on to no socket of a client's.
 */
#define _GNU_SOURCE
#include "source/conn_state.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>

#include "base/entries.h"
#include "base/hash.h"
#include "base/sys.h"
#include "core/clock.h"
#include "source/address.h"

#define PATHS    64u
#define FDS_MOST 1000000u /* looked at in one arming */

static struct {
    uint64_t ports[65536 / 64]; /* bits; atomic */
    uint64_t paths[PATHS];      /* hashes; 0: free; atomic */
} listened;

static uint32_t forbidden; /* atomic */

void smk_conns_options_forget(void) { smk_store_relaxed(&forbidden, 1); }

static uint64_t path_of(const union smk_address *address, uint32_t size)
{
    if (address->any.sa_family != AF_UNIX || size <= offsetof(struct sockaddr_un, sun_path))
        return 0;
    uint32_t len = size - (uint32_t)offsetof(struct sockaddr_un, sun_path);
    uint64_t hash = len;
    for (uint32_t i = 0; i < len && i < sizeof address->un.sun_path; i++)
        hash = smk_hash_word(hash ^ (uint8_t)address->un.sun_path[i]);
    return hash | 1;
}

static bool own_address(int fd, union smk_address *address, uint32_t *size)
{
    *size = sizeof *address;
    return !smk_load_relaxed(&forbidden) && smk_sys_getsockname(fd, &address->any, size) == 0;
}

void smk_conn_note_listener(int fd)
{
    union smk_address address = {0};
    uint32_t size;
    if (!own_address(fd, &address, &size))
        return;
    uint32_t port = smk_address_port(&address);
    uint64_t path = path_of(&address, size);
    if (port)
        smk_or_relaxed(&listened.ports[port / 64], UINT64_C(1) << port % 64);
    for (unsigned i = 0; path && i < PATHS; i++) {
        uint64_t free = 0;
        if (smk_cas_relaxed(&listened.paths[i], &free, path) || free == path)
            break;
    }
}

static bool is_listened(const union smk_address *address, uint32_t size)
{
    uint32_t port = smk_address_port(address);
    uint64_t path = path_of(address, size);
    if (port)
        return smk_load_relaxed(&listened.ports[port / 64]) >> port % 64 & 1;
    for (unsigned i = 0; path && i < PATHS; i++)
        if (smk_load_relaxed(&listened.paths[i]) == path)
            return true;
    return false;
}

static int option(int fd, int name)
{
    int value = 0;
    uint32_t size = sizeof value;
    return smk_sys_getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool smk_conn_is_served(int fd)
{
    union smk_address own = {0};
    uint32_t size;
    return own_address(fd, &own, &size) && is_listened(&own, size) && option(fd, SO_TYPE) == SOCK_STREAM &&
           option(fd, SO_ACCEPTCONN) == 0;
}

/* ---- the table of descriptors ---------------------------------------------------------------------------- */

void smk_conn_find_listeners(void)
{
    struct smk_entries entries;
    const char *name;
    int dir = -1;
    if (!smk_load_relaxed(&forbidden))
        dir = smk_sys_open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (dir < 0)
        return;
    smk_entries_begin(&entries, dir);
    for (unsigned looked = 0; looked < FDS_MOST && (name = smk_entries_next(&entries)) != NULL; looked++) {
        int fd = (int)smk_entry_number(name);
        if (fd >= 0 && option(fd, SO_ACCEPTCONN) == 1)
            smk_conn_note_listener(fd);
    }
    smk_sys_close(dir);
}

/* ---- arrivals -------------------------------------------------------------------------------------------- */

bool smk_conn_last_arrival(int fd, uint64_t *ago)
{
    struct tcp_info info;
    uint32_t size = sizeof info;
    if (smk_load_relaxed(&forbidden))
        return false;
    smk_add_relaxed(&smk_conns_count.asked, 1);
    if (smk_sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
        size < offsetof(struct tcp_info, tcpi_last_data_recv) + sizeof info.tcpi_last_data_recv)
        return false;
    *ago = smk_ns_to_ticks((uint64_t)info.tcpi_last_data_recv * 1000000);
    return true;
}
