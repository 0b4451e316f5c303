#include "view/file.h"

#include <errno.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"

bool smk_view_file_begin(struct smk_view_file *file, struct smk_mem *mem, int fd, uint64_t max)
{
    *file = (struct smk_view_file){.fd = fd, .max = max};
    file->buffer = smk_mem_new(mem, SMK_VIEW_FILE_BUFFER);
    return file->buffer != NULL;
}

void smk_view_file_close(struct smk_view_file *file, struct smk_mem *mem)
{
    smk_mem_free(mem, file->buffer, SMK_VIEW_FILE_BUFFER);
    if (file->fd >= 0)
        smk_sys_close(file->fd);
    *file = (struct smk_view_file){.fd = -1};
}

static int write_all(int fd, const uint8_t *data, size_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t put = smk_sys_pwrite(fd, data, size, offset);
        if (put == -EINTR)
            continue;
        if (put <= 0)
            return smk_fail_errno(put < 0 ? (int)-put : EIO, "the viewer's file cannot be written");
        data += put;
        size -= (size_t)put;
        offset += (uint64_t)put;
    }
    return 0;
}

static bool empty_buffer(struct smk_view_file *file)
{
    if (file->failure == 0)
        file->failure = write_all(file->fd, file->buffer, (size_t)(file->size - file->written), file->written);
    if (file->failure == 0)
        file->written = file->size;
    return file->failure == 0;
}

uint64_t smk_view_file_put(struct smk_view_file *file, const void *data, size_t size)
{
    const uint8_t *from = data;
    uint64_t offset = file->size;
    if (file->failure == 0 && size > file->max - smk_min_u64(file->size, file->max))
        file->failure = smk_fail(SMK_E_LIMIT, "the viewer's file would be larger than %llu bytes, which is its limit",
                                 (unsigned long long)file->max);
    while (size > 0 && file->failure == 0) {
        size_t used = (size_t)(file->size - file->written);
        size_t part = size < SMK_VIEW_FILE_BUFFER - used ? size : SMK_VIEW_FILE_BUFFER - used;
        memcpy(file->buffer + used, from, part);
        file->size += part;
        from += part;
        size -= part;
        if (used + part == SMK_VIEW_FILE_BUFFER)
            empty_buffer(file);
    }
    return file->failure == 0 ? offset : UINT64_MAX;
}

int smk_view_file_flush(struct smk_view_file *file, struct smk_mem *mem)
{
    if (file->buffer)
        empty_buffer(file);
    smk_mem_free(mem, file->buffer, SMK_VIEW_FILE_BUFFER);
    file->buffer = NULL;
    return file->failure;
}

int smk_view_file_get(const struct smk_view_file *file, uint64_t offset, void *data, size_t size)
{
    uint8_t *to = data;
    if (offset > file->size || size > file->size - offset)
        return smk_fail(SMK_E_FORMAT, "the viewer's file has no %zu bytes at %llu", size, (unsigned long long)offset);
    while (size > 0 && offset < file->written) {
        size_t part = (size_t)smk_min_u64(size, file->written - offset);
        ssize_t got = smk_sys_pread(file->fd, to, part, offset);
        if (got == -EINTR)
            continue;
        if (got < 0)
            return smk_fail_errno((int)-got, "the viewer's file cannot be read");
        if (got == 0)
            return smk_fail(SMK_E_FORMAT, "the viewer's file was cut at %llu", (unsigned long long)offset);
        to += got;
        size -= (size_t)got;
        offset += (uint64_t)got;
    }
    if (size > 0 && !file->buffer)
        return smk_fail(SMK_E_FORMAT, "the viewer's file ends before %llu", (unsigned long long)offset);
    if (size > 0)
        memcpy(to, file->buffer + (offset - file->written), size);
    return 0;
}

int smk_view_file_put_at(const struct smk_view_file *file, uint64_t offset, const void *data, size_t size)
{
    return write_all(file->fd, data, size, offset);
}
