#define _GNU_SOURCE
#include "tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/fds.h"
#include "family_wire.h"
#include "heap.h"

#define STREAM_NS   UINT64_C(2000000000) /* without room for one message: then the first hangs */
#define SMALL_WRITE 4096u /* an END is let through when the disk is as good as full */

/* ---- directories ------------------------------------------------------------------------------------------ */

struct smk_directory *smk_directory_new(int fd, const char *path)
{
    struct smk_directory *directory = smk_heap_alloc(sizeof *directory + strlen(path));
    if (!directory) {
        smk_fd_close(fd);
        return NULL;
    }
    directory->references = 1;
    directory->fd = fd;
    memcpy(directory->path, path, strlen(path) + 1);
    return directory;
}

struct smk_directory *smk_directory_hold(struct smk_directory *directory)
{
    smk_add_relaxed(&directory->references, 1);
    return directory;
}

void smk_directory_release(struct smk_directory *directory)
{
    if (!directory || smk_sub_acq_rel(&directory->references, 1) != 1)
        return;
    smk_fd_close(directory->fd);
    smk_heap_free(directory);
}

/* ---- life ------------------------------------------------------------------------------------------------- */

struct smk_tape *smk_tape_new_files(struct smk_directory *directory, const char *id, bool rotates)
{
    struct smk_tape *tape = smk_heap_zalloc(sizeof *tape);
    if (!tape)
        return NULL;
    tape->references = 1;
    tape->stream = -1;
    tape->directory = smk_directory_hold(directory);
    tape->file = (struct smk_file_sink){.dir = directory->fd, .fd = -1, .rotates = rotates};
    snprintf(tape->file.base, sizeof tape->file.base, "%s", id);
    return tape;
}

struct smk_tape *smk_tape_new_memory(uint64_t max)
{
    struct smk_tape *tape = smk_heap_zalloc(sizeof *tape);
    if (!tape)
        return NULL;
    tape->references = 1;
    tape->stream = -1;
    tape->block_count = (uint32_t)((max + SMK_TAPE_BLOCK - 1) / SMK_TAPE_BLOCK);
    tape->blocks = smk_heap_zalloc(tape->block_count * sizeof *tape->blocks);
    if (tape->blocks)
        return tape;
    smk_heap_free(tape);
    return NULL;
}

struct smk_tape *smk_tape_new_stream(int fd)
{
    struct smk_tape *tape = smk_heap_zalloc(sizeof *tape);
    if (tape) {
        tape->references = 1;
        tape->stream = fd;
    }
    return tape;
}

struct smk_tape *smk_tape_hold(struct smk_tape *tape)
{
    smk_add_relaxed(&tape->references, 1);
    return tape;
}

void smk_tape_release(struct smk_tape *tape)
{
    if (!tape || smk_sub_acq_rel(&tape->references, 1) != 1)
        return;
    for (uint32_t i = 0; tape->blocks && i < tape->block_count && tape->blocks[i]; i++)
        smk_sys_unmap(tape->blocks[i], SMK_TAPE_BLOCK);
    smk_heap_free(tape->blocks);
    smk_directory_release(tape->directory);
    smk_heap_free(tape);
}

void smk_tape_end(struct smk_tape *tape)
{
    smk_store_release(&tape->ended, 1); /* pairs with: smk_tape_reader_read */
}

/* ---- the sink: files --------------------------------------------------------------------------------------- */

static bool space_left(const struct smk_tape *tape)
{
    uint64_t left;
    return tape->free_floor == 0 || smk_sys_free_space(tape->directory->fd, &left) < 0 || left >= tape->free_floor;
}

/* Closed segments beyond the number that is kept. A reader that begins now finds the rest. */
static void drop_oldest(struct smk_tape *tape)
{
    char name[SMK_FILE_NAME_MAX];
    uint32_t closed = smk_load_relaxed(&tape->closed);
    uint32_t first = smk_load_relaxed(&tape->first);
    while (tape->keep_segments && closed - first > tape->keep_segments && smk_load_acquire(&tape->readers) == 0) {
        smk_file_sink_name(&tape->file, first, false, name);
        smk_store_relaxed(&tape->first, ++first);
        smk_sys_unlinkat(tape->directory->fd, name);
        smk_add_relaxed(&tape->deleted, 1);
    }
}

/* ---- the sink: memory --------------------------------------------------------------------------------------- */

static int keep_in_memory(struct smk_tape *tape, const uint8_t *data, size_t size)
{
    uint64_t at = smk_load_relaxed(&tape->bytes);
    while (size > 0) {
        uint64_t block = at / SMK_TAPE_BLOCK, offset = at % SMK_TAPE_BLOCK;
        size_t part = smk_min_u64(size, SMK_TAPE_BLOCK - offset);
        if (block >= tape->block_count)
            return -ENOSPC;
        if (!tape->blocks[block])
            tape->blocks[block] = smk_sys_map(SMK_TAPE_BLOCK);
        if (!tape->blocks[block])
            return -ENOSPC;
        memcpy(tape->blocks[block] + offset, data, part);
        at += part;
        data += part;
        size -= part;
    }
    smk_store_release(&tape->bytes, at); /* pairs with: smk_tape_bytes */
    return 0;
}

uint64_t smk_tape_bytes(const struct smk_tape *tape) { return smk_load_acquire(&tape->bytes); }

size_t smk_tape_read_memory(const struct smk_tape *tape, uint64_t offset, void *data, size_t size)
{
    uint64_t bytes = smk_tape_bytes(tape);
    uint64_t left = offset < bytes ? bytes - offset : 0;
    uint64_t in_block = SMK_TAPE_BLOCK - offset % SMK_TAPE_BLOCK;
    size_t n = smk_min_u64(size, smk_min_u64(left, in_block));
    if (n > 0)
        memcpy(data, tape->blocks[offset / SMK_TAPE_BLOCK] + offset % SMK_TAPE_BLOCK, n);
    return n;
}

/* ---- the sink: messages ------------------------------------------------------------------------------------- */

static int send_out(const struct smk_tape *tape, const uint8_t *data, size_t size)
{
    int rc = 0;
    while (size > 0 && rc == 0) {
        size_t part = smk_min_u64(size, SMK_WIRE_DATA);
        rc = smk_wire_send_wait(tape->stream, SMK_WIRE_CHUNKS, data, part, STREAM_NS);
        data += part;
        size -= part;
    }
    return rc;
}

/* ---- the sink ----------------------------------------------------------------------------------------------- */

static int tape_open(void *arg, uint32_t number)
{
    struct smk_tape *tape = arg;
    if (!tape->directory)
        return 0;
    return space_left(tape) ? smk_file_sink_calls.open(&tape->file, number) : -ENOSPC;
}

static int tape_write(void *arg, const void *data, size_t size)
{
    struct smk_tape *tape = arg;
    if (tape->stream >= 0)
        return send_out(tape, data, size);
    if (!tape->directory)
        return keep_in_memory(tape, data, size);
    if (size > SMALL_WRITE && !space_left(tape))
        return -ENOSPC;
    return smk_file_sink_calls.write(&tape->file, data, size);
}

/* Of a file with parts the last close is smk_tape_append_end's. */
static int tape_close(void *arg, bool good)
{
    struct smk_tape *tape = arg;
    if (tape->has_parts && !tape->file.rotates)
        return 0;
    int rc = tape->directory ? smk_file_sink_calls.close(&tape->file, good) : 0;
    smk_store_release(&tape->closed, tape->file.number + 1); /* pairs with: segment_limit */
    if (tape->directory)
        drop_oldest(tape);
    return rc;
}

const struct smk_sink smk_tape_calls = {tape_open, tape_write, tape_close};

/* ---- parts of others ---------------------------------------------------------------------------------------- */

int smk_tape_append_begin(struct smk_tape *tape)
{
    if (!tape->directory)
        return 0;
    if (tape->file.rotates)
        return tape_open(tape, smk_load_relaxed(&tape->closed));
    return tape->file.fd >= 0 ? 0 : -EBADF;
}

int smk_tape_append(struct smk_tape *tape, const void *data, size_t size) { return tape_write(tape, data, size); }

void smk_tape_append_end(struct smk_tape *tape)
{
    tape->has_parts = false;
    if (!tape->directory || tape->file.fd >= 0)
        tape_close(tape, true);
}

/* ---- reading along ------------------------------------------------------------------------------------------ */

struct smk_tape_reader *smk_tape_reader_new(struct smk_tape *tape)
{
    struct smk_tape_reader *reader = smk_heap_zalloc(sizeof *reader);
    if (!reader)
        return NULL;
    smk_add_acq_rel(&tape->readers, 1); /* pairs with: drop_oldest */
    *reader = (struct smk_tape_reader){.tape = smk_tape_hold(tape), .fd = -1};
    reader->number = smk_load_relaxed(&tape->first);
    return reader;
}

void smk_tape_reader_close(void *arg)
{
    struct smk_tape_reader *reader = arg;
    smk_fd_close(reader->fd);
    smk_sub_acq_rel(&reader->tape->readers, 1);
    smk_tape_release(reader->tape);
    smk_heap_free(reader);
}

/* Under the one name or the other: it may be renamed between our two tries, hence the third. */
static int open_segment(struct smk_tape_reader *reader)
{
    struct smk_tape *tape = reader->tape;
    char name[SMK_FILE_NAME_MAX];
    int fd = -ENOENT;
    for (int i = 0; i < 3 && fd == -ENOENT; i++) {
        smk_file_sink_name(&tape->file, reader->number, i == 1, name);
        fd = smk_sys_openat(tape->directory->fd, name, O_RDONLY | O_NOFOLLOW, 0);
    }
    return smk_fd_keep(fd);
}

/* How far the reader's segment may be read; *whole: it grows no more. */
static uint64_t segment_limit(struct smk_tape_reader *reader, bool *whole)
{
    struct smk_tape *tape = reader->tape;
    struct stat st;
    *whole = smk_load_acquire(&tape->closed) > reader->number; /* pairs with: tape_close */
    if (*whole)
        return smk_sys_fstat(reader->fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
    uint64_t bytes = smk_load_acquire(&tape->file.bytes); /* pairs with: file_write in sink_file.c */
    return smk_load_acquire(&tape->file.number) == reader->number ? bytes : 0;
}

/* No segment any more (0), or none yet (-EAGAIN). */
static ssize_t no_segment(struct smk_tape_reader *reader, bool ended)
{
    struct smk_tape *tape = reader->tape;
    uint32_t first = smk_load_relaxed(&tape->first);
    if (reader->number < first && reader->offset == 0) {
        reader->number = first; /* deleted before we were counted as a reader */
        return -EAGAIN;
    }
    uint32_t closed = smk_load_acquire(&tape->closed); /* pairs with: tape_close */
    if (reader->number < closed || (ended && closed == 0))
        return -EIO;
    return ended ? 0 : -EAGAIN;
}

static ssize_t read_files(struct smk_tape_reader *reader, void *data, size_t size, bool ended)
{
    bool whole;
    if (reader->fd < 0)
        reader->fd = open_segment(reader);
    if (reader->fd < 0)
        return no_segment(reader, ended);
    uint64_t limit = segment_limit(reader, &whole);
    if (reader->offset < limit) {
        size_t n = smk_min_u64(size, limit - reader->offset);
        ssize_t got = smk_sys_pread(reader->fd, data, n, reader->offset);
        reader->offset += got > 0 ? (uint64_t)got : 0;
        return got != 0 ? got : -EIO; /* what was promised is not there */
    }
    if (!whole)
        return ended ? 0 : -EAGAIN;
    smk_fd_close(reader->fd);
    reader->fd = -1;
    reader->number++;
    reader->offset = 0;
    return -ENODATA; /* the next one */
}

ssize_t smk_tape_reader_read(void *arg, void *data, size_t size)
{
    struct smk_tape_reader *reader = arg;
    ssize_t n = -ENODATA;
    bool ended = smk_load_acquire(&reader->tape->ended) != 0; /* pairs with: smk_tape_end */
    while (n == -ENODATA) {
        if (reader->tape->directory) {
            n = read_files(reader, data, size, ended);
        } else {
            n = (ssize_t)smk_tape_read_memory(reader->tape, reader->offset, data, size);
            reader->offset += (uint64_t)n;
            if (n == 0)
                n = ended ? 0 : -EAGAIN;
        }
    }
    return n;
}
