/* fd.h: what is known of the host's descriptors: what they are.
 *
 * A table by number, for the first SMK_FD_SLOTS; calls on others make events without a name. It is made when
 * something is armed, and empty then.
 *
 * What a descriptor is, is looked at when the first call on it is seen, and again when a wait on it makes an
 * event: a number that was closed behind our back (by stdio, say) and given out again has another inode, and
 * so gets another name. Names are made only for events.
 */
#ifndef SMK_SOURCE_FD_H
#define SMK_SOURCE_FD_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "format/events.h"

#define SMK_FD_SLOTS 65536u

struct smk_fd_slot { /* all atomic */
    uint32_t identity; /* of what `name` names; 0: nothing yet */
    uint32_t name;     /* id of a string */
    uint16_t kind;     /* enum smk_wait_kind of a wait on it; 0: not looked at */
    uint16_t mode;     /* enum smk_fd_mode */
    uint32_t conn;     /* the connection that it is, conn.h */
};

/* Whether calls on it may wait. In non-blocking mode a socket's or a pipe's never do. */
enum smk_fd_mode { SMK_FD_MODE_NEW = 0, SMK_FD_WAITS, SMK_FD_NEVER_WAITS };

extern struct smk_fd_slot *smk_fd_slots; /* NULL: nothing was armed yet, or no memory */

/* NULL for a number that has no slot. */
SMK_INLINE struct smk_fd_slot *smk_fd_slot(int fd)
{
    struct smk_fd_slot *slots = smk_load_acquire(&smk_fd_slots); /* pairs with: smk_fd_prepare */
    return SMK_LIKELY(slots && (unsigned)fd < SMK_FD_SLOTS) ? &slots[fd] : NULL;
}

/* SMK_WAIT_DISK for files and directories, SMK_WAIT_NET for sockets, pipes, terminals and all else where
 * somebody must do something. */
SMK_COLD enum smk_wait_kind smk_fd_look(struct smk_fd_slot *slot, int fd);

SMK_INLINE enum smk_wait_kind smk_fd_kind(struct smk_fd_slot *slot, int fd)
{
    uint32_t kind = slot ? smk_load_relaxed(&slot->kind) : 0;
    return SMK_LIKELY(kind != 0) ? (enum smk_wait_kind)kind : smk_fd_look(slot, fd);
}

/* What is known of it by how it was made: an accepted socket; `never_waits`: for certain. */
SMK_INLINE void smk_fd_is_socket(struct smk_fd_slot *slot, bool never_waits)
{
    smk_store_relaxed(&slot->mode, never_waits ? SMK_FD_NEVER_WAITS : SMK_FD_MODE_NEW);
    smk_store_relaxed(&slot->kind, SMK_WAIT_NET);
}

/* Asks for its mode, and keeps it: as far as is known, since it may be set where nobody sees it (by another
 * process). */
SMK_COLD void smk_fd_look_mode(struct smk_fd_slot *slot, int fd);

/* It is about to be set. */
SMK_INLINE void smk_fd_mode_forget(int fd)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd);
    if (slot && smk_load_relaxed(&slot->mode) != SMK_FD_MODE_NEW)
        smk_store_relaxed(&slot->mode, SMK_FD_MODE_NEW);
}

struct smk_fd_facts {
    enum smk_wait_kind kind;
    uint32_t name; /* id: a path, a peer's address, or what kind of thing it is */
    bool waits;    /* false: a socket or pipe in non-blocking mode, whose calls take time but never wait */
};

/* For an event, on the thread that waited. Leaves errno alone. */
SMK_COLD void smk_fd_describe(int fd, struct smk_fd_facts *facts);

/* The same, with a name where its calls never wait, too. */
SMK_COLD void smk_fd_describe_peer(int fd, struct smk_fd_facts *facts);

/* The same behind a call that closed it, when the number may be another's already: what was known before. A
 * socket that was closed is not said to have waited. */
SMK_COLD void smk_fd_describe_closed(int fd, struct smk_fd_facts *facts);

/* What it is, and its name as text (the last part of a longer one; "" where it has none), for whoever looks from
 * outside: keeps nothing. On threads of ours. */
enum smk_wait_kind smk_fd_text(int fd, char *name, size_t size);

/* The id of a path as a string: its last part, where it is longer than names may be. */
uint32_t smk_fd_path_name(const char *path);

/* The number means something else from now on. */
SMK_INLINE void smk_fd_forget(int fd)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd);
    if (!slot || smk_load_relaxed(&slot->kind) == 0)
        return;
    smk_store_relaxed(&slot->mode, SMK_FD_MODE_NEW);
    smk_store_relaxed(&slot->kind, 0);
    smk_store_relaxed(&slot->identity, 0);
}

/* At each arming before which calls on descriptors were not seen. */
void smk_fd_prepare(void);

/* A filter of the host's forbids to ask for addresses of sockets. */
void smk_fd_peers_forget(void);

#endif
