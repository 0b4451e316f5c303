#define _GNU_SOURCE
#include "source/io.h"

#include "base/sys.h"
#include "source/loop.h"

int smk_fd_that_waits(int to, int from)
{
    if (smk_fd_kind(smk_fd_slot(to), to) == SMK_WAIT_DISK)
        return to;
    return smk_sys_status_flags(to) & O_NONBLOCK ? from : to;
}

void smk_io_begin_bytes(struct smk_io *io, enum smk_call call, int fd, struct smk_caller from)
{
    smk_io_begin(io, call, fd, from);
    if (SMK_UNLIKELY(io->slot && smk_load_relaxed(&io->slot->mode) == SMK_FD_MODE_NEW))
        smk_fd_look_mode(io->slot, fd);
}

void smk_io_begin(struct smk_io *io, enum smk_call call, int fd, struct smk_caller from)
{
    io->fd = fd;
    io->to = -1;
    io->closes = false;
    io->slot = smk_fd_slot(fd);
    if (smk_tls.quiet) {
        io->seen.t = NULL;
        return;
    }
    smk_seen_begin(&io->seen, call, smk_fd_kind(io->slot, fd), (uint64_t)(int64_t)fd, from);
}

void smk_io_begin_sendfile(struct smk_io *io, enum smk_call call, int to, int file, struct smk_caller from)
{
    struct smk_fd_slot *slot = smk_fd_slot(file);
    if (smk_tls.quiet || !slot || smk_load_relaxed(&slot->kind) == SMK_WAIT_NET || !smk_conn_is(smk_fd_slot(to))) {
        smk_io_begin(io, call, smk_fd_that_waits(to, file), from);
        return;
    }
    io->fd = file;
    io->to = to;
    io->closes = false;
    io->slot = slot;
    smk_seen_begin_held(&io->seen, call, SMK_WAIT_DISK, (uint64_t)(int64_t)file, SMK_WAIT_INTO(to), from);
}

static void record(const struct smk_seen *seen, int fd, const struct smk_fd_facts *facts, uint64_t now,
                   uint64_t result)
{
    uint32_t category = facts->kind == SMK_WAIT_DISK ? SMK_CAT_DISK : SMK_CAT_NET;
    if (!facts->waits || !smk_gate_open(category))
        return;
    SMK_SEEN_RECORD(seen, now, category == SMK_CAT_DISK ? SMK_EV_DISK_WAIT : SMK_EV_NET_WAIT,
                    smk_call_name(seen->call), (uint64_t)(int64_t)fd, result, facts->name);
}

void smk_io_record(const struct smk_seen *seen, int fd, uint64_t now, uint64_t result)
{
    struct smk_fd_facts facts = {.kind = SMK_WAIT_DISK, .waits = true};
    if (fd >= 0)
        smk_fd_describe(fd, &facts);
    record(seen, fd, &facts, now, result);
}

static SMK_COLD void record_call(struct smk_io *io, uint64_t now, uint64_t result)
{
    struct smk_fd_facts facts;
    if (io->to >= 0 && (smk_sys_status_flags(io->to) & O_NONBLOCK) == 0)
        io->fd = io->to;
    if (!io->closes) {
        smk_io_record(&io->seen, io->fd, now, result);
        return;
    }
    smk_fd_describe_closed(io->fd, &facts);
    record(&io->seen, io->fd, &facts, now, result);
}

/* The time; 0 on a thread that is not traced. */
SMK_INLINE uint64_t end_call(struct smk_io *io)
{
    struct smk_seen *seen = &io->seen;
    if (SMK_UNLIKELY(!seen->t))
        return 0;
    uint64_t now = smk_ticks();
    smk_wait_clear(seen->t);
    return now;
}

SMK_INLINE void record_if_slept(struct smk_io *io, uint64_t now, int64_t result, bool asked_not_to_wait)
{
    const struct smk_seen *seen = &io->seen;
    if (SMK_LIKELY(now - seen->since < smk_load_relaxed(&smk_slept.fd)) || seen->inner || asked_not_to_wait)
        return;
    record_call(io, now, smk_seen_result(result));
}

void smk_io_end(struct smk_io *io, int64_t result, bool asked_not_to_wait)
{
    uint64_t now = end_call(io);
    if (SMK_LIKELY(now != 0))
        record_if_slept(io, now, result, asked_not_to_wait);
}

/* A wait for a connection's next request is none of the last one's: that ends first. A wait to send is of the
 * request that is being answered. */

void smk_io_end_read(struct smk_io *io, int64_t result, bool asked_not_to_wait, const struct iovec *pieces, int count)
{
    uint64_t now = end_call(io);
    if (now == 0)
        return;
    if (smk_conn_may_be(io->slot)) {
        struct smk_bytes bytes = {pieces, count, result > 0 ? (size_t)result : 0};
        smk_conn_read(&io->seen, io->slot, io->fd, &bytes, result, smk_bytes_room(pieces, count), now);
    }
    record_if_slept(io, now, result, asked_not_to_wait);
}

void smk_io_end_write(struct smk_io *io, int64_t result, bool asked_not_to_wait, const struct iovec *pieces, int count)
{
    uint64_t now = end_call(io);
    if (now == 0)
        return;
    record_if_slept(io, now, result, asked_not_to_wait);
    if (result > 0 && smk_conn_may_be(io->slot)) {
        struct smk_bytes bytes = {pieces, count, (size_t)result};
        smk_conn_wrote(&io->seen, io->slot, io->fd, &bytes, smk_bytes_room(pieces, count), now);
    }
}

void smk_io_end_copy(struct smk_io *io, int to, int64_t result, bool asked_not_to_wait)
{
    struct smk_fd_slot *slot = smk_fd_slot(to);
    uint64_t now = end_call(io);
    if (SMK_UNLIKELY(now == 0))
        return;
    record_if_slept(io, now, result, asked_not_to_wait);
    if (result > 0 && smk_conn_may_be(slot)) {
        struct smk_bytes bytes = {NULL, 0, (size_t)result};
        smk_conn_wrote(&io->seen, slot, to, &bytes, bytes.len, now);
    }
}

/* An event asked what it is, and knows better. */
void smk_io_end_sendfile(struct smk_io *io, int to, int64_t result)
{
    smk_io_end_copy(io, to, result, false);
    if (io->to >= 0 && result > 0 && smk_load_relaxed(&io->slot->kind) == 0)
        smk_store_relaxed(&io->slot->kind, SMK_WAIT_DISK);
}

void smk_io_end_accept(struct smk_io *io, int fd, bool never_waits)
{
    struct smk_seen *seen = &io->seen;
    uint64_t now = end_call(io);
    if (SMK_UNLIKELY(now == 0))
        return;
    if (!seen->inner && !seen->t->loop.polls)
        smk_loop_looked(&seen->t->loop, &seen->from, seen->since, now, false);
    if (fd >= 0) {
        struct smk_fd_slot *slot = smk_fd_slot(fd);
        if (slot)
            smk_fd_is_socket(slot, never_waits);
        smk_conn_accepted(seen, io->fd, fd, now);
    }
    record_if_slept(io, now, fd, false);
}

void smk_io_end_path(struct smk_seen *seen, const char *path, int64_t result)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_DISK, smk_load_relaxed(&smk_slept.fd));
    if (!now)
        return;
    uint64_t shown = smk_seen_result(result);
    bool readable = path && (int64_t)shown != -EFAULT;
    SMK_SEEN_RECORD(seen, now, SMK_EV_DISK_WAIT, smk_call_name(seen->call), (uint64_t)-1, shown,
                    readable ? smk_fd_path_name(path) : 0);
}

void smk_io_end_name(struct smk_seen *seen, const char *name, int64_t result)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_NET, smk_load_relaxed(&smk_slept.fd));
    if (now)
        SMK_SEEN_RECORD(seen, now, SMK_EV_NET_WAIT, smk_call_name(seen->call), (uint64_t)-1, (uint64_t)result,
                        name ? smk_fd_path_name(name) : 0);
}
