#define _GNU_SOURCE
#include "family_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/crc32c.h"
#include "base/sys.h"
#include "core/fds.h"
#include "format/chunk.h"
#include "format/tables.h"
#include "heap.h"

#define COPY_BYTES (SMK_CHUNK_HEADER + SMK_CHUNK_STORED_MAX)

int smk_part_open(struct smk_part *part, const struct smk_tape *tape, uint64_t room)
{
    int fd = -ENOENT;
    if (tape->directory)
        fd = smk_sys_openat(tape->directory->fd, ".", O_TMPFILE | O_RDWR, 0600);
    if (fd < 0) /* no directory, or a file system that has no files without a name */
        fd = smk_sys_memfd();
    *part = (struct smk_part){.file = smk_fd_keep(fd), .room = room};
    return fd < 0 ? fd : 0;
}

int smk_part_write(struct smk_part *part, const void *data, size_t size)
{
    const uint8_t *at = data;
    if (size > part->room - part->bytes)
        return -EFBIG;
    while (size > 0) {
        ssize_t n = smk_sys_pwrite(part->file, at, size, part->bytes);
        if (n <= 0)
            return n < 0 ? (int)n : -ENOSPC;
        part->bytes += (uint64_t)n;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

void smk_part_close(struct smk_part *part)
{
    smk_fd_close(part->file);
    part->file = -1;
}

/* ---- appending -------------------------------------------------------------------------------------------- */

/* A stranger may have taken the process over, and speak for itself alone. */
static bool is_its_own(const struct smk_chunk *chunk, const struct smk_chunk *before, uint64_t number, int pid)
{
    return chunk->capture == number && chunk->process >> 32 == (uint64_t)pid &&
           (before->process == 0 || chunk->process == before->process);
}

/* The next whole chunk into `out`; its size, 0: there is none. */
static size_t read_chunk(const struct smk_part *part, uint64_t at, uint8_t *out, struct smk_chunk *chunk)
{
    const char *why;
    if (smk_sys_pread(part->file, out, SMK_CHUNK_HEADER, at) != SMK_CHUNK_HEADER ||
        smk_chunk_unpack(chunk, out, &why) < 0)
        return 0;
    ssize_t got = smk_sys_pread(part->file, out + SMK_CHUNK_HEADER, chunk->stored_size, at + SMK_CHUNK_HEADER);
    if (got != (ssize_t)chunk->stored_size ||
        smk_crc32c(0, out + SMK_CHUNK_HEADER, chunk->stored_size) != chunk->payload_crc)
        return 0;
    return SMK_CHUNK_HEADER + chunk->stored_size;
}

static void note(struct smk_segment_end *end, const struct smk_chunk *chunk)
{
    end->chunks++;
    if (chunk->kind != SMK_CHUNK_EVENTS)
        return;
    end->first = end->events ? smk_min_u64(end->first, chunk->first) : chunk->first;
    end->last = smk_max_u64(end->last, chunk->last);
    end->events += chunk->count;
}

/* In place of the one that its process did not come to write. It says 0 bytes, so that a reader scans. */
static int append_end(struct smk_tape *tape, struct smk_segment_end *end, const struct smk_chunk *last)
{
    uint8_t bytes[SMK_CHUNK_HEADER + SMK_SEGMENT_END_SIZE];
    end->chunks++;
    end->reason = SMK_REASON_CUT;
    end->flags = SMK_SEGMENT_LAST;
    smk_segment_end_pack(end, bytes + SMK_CHUNK_HEADER);
    struct smk_chunk chunk = {.version = last->version,
                              .kind = SMK_CHUNK_END,
                              .payload_crc = smk_crc32c(0, bytes + SMK_CHUNK_HEADER, SMK_SEGMENT_END_SIZE),
                              .stored_size = SMK_SEGMENT_END_SIZE,
                              .plain_size = SMK_SEGMENT_END_SIZE,
                              .count = 1,
                              .sequence = last->sequence + 1,
                              .process = last->process,
                              .first = end->first,
                              .last = end->last,
                              .capture = last->capture};
    smk_chunk_pack(&chunk, bytes);
    return smk_tape_append(tape, bytes, sizeof bytes);
}

int smk_part_append(const struct smk_part *part, struct smk_tape *tape, uint64_t number, int pid)
{
    struct smk_segment_end end = {0};
    struct smk_chunk chunk = {0};
    uint64_t at = 0;
    int rc = 0;
    uint8_t *out = smk_heap_alloc(COPY_BYTES);
    if (!out)
        return -ENOMEM;
    while (rc == 0 && at < part->bytes) {
        struct smk_chunk next;
        size_t size = read_chunk(part, at, out, &next);
        if (size == 0 || !is_its_own(&next, &chunk, number, pid))
            break;
        rc = smk_tape_append(tape, out, size);
        chunk = next;
        note(&end, &chunk);
        at += size;
    }
    if (rc == 0 && at > 0 && chunk.kind != SMK_CHUNK_END)
        rc = append_end(tape, &end, &chunk);
    smk_heap_free(out);
    return rc;
}
