#include "read/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"

#define HOP 4096u /* read for a header that lies far behind the last one */

int smk_input_open(struct smk_input *input, const char *path, int fd, const char *name)
{
    struct stat st;
    *input = (struct smk_input){.fd = fd, .name = name};
    if (path) {
        /* Not to wait for the writer of a fifo. */
        input->fd = smk_sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
        if (input->fd < 0)
            return smk_fail_errno(-input->fd, "%s: cannot be opened", name);
        input->owned = true;
    }
    int rc = smk_sys_fstat(input->fd, &st);
    if (rc < 0)
        rc = smk_fail_errno(-rc, "%s: cannot be looked at", name);
    else if (S_ISDIR(st.st_mode))
        rc = smk_fail(SMK_E_INVALID, "%s: is a directory; a trace is a regular file", name);
    else if (!S_ISREG(st.st_mode))
        rc = smk_fail(SMK_E_INVALID, "%s: is a pipe or a device; a trace is a regular file", name);
    if (rc < 0)
        smk_input_close(input);
    else
        input->size = (uint64_t)st.st_size;
    return rc;
}

void smk_input_close(struct smk_input *input)
{
    if (input->owned)
        smk_sys_close(input->fd);
    input->owned = false;
    input->fd = -1;
}

int smk_input_read(const struct smk_input *input, uint64_t offset, void *to, uint32_t len)
{
    uint8_t *p = to;
    while (len > 0) {
        ssize_t n = smk_sys_pread(input->fd, p, len, offset);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return smk_fail_errno((int)-n, "%s: cannot be read at offset %llu", input->name,
                                  (unsigned long long)offset);
        if (n == 0)
            return smk_fail(SMK_E_IO, "%s: became shorter while it was read, at offset %llu",
                            input->name, (unsigned long long)offset);
        p += n;
        offset += (uint64_t)n;
        len -= (uint32_t)n;
    }
    return 0;
}

const uint8_t *smk_window_at(struct smk_window *window, uint64_t offset, uint32_t need, uint32_t *have)
{
    uint64_t end = window->offset + window->len;
    if (offset < window->offset || offset + need > end) {
        bool near = window->len > 0 && offset >= window->offset && offset <= end + HOP;
        uint64_t left = window->input->size - offset;
        uint32_t len = (uint32_t)smk_min_u64(left, near ? SMK_INPUT_WINDOW : HOP);
        window->len = 0;
        if (smk_input_read(window->input, offset, window->data, len) < 0)
            return NULL;
        window->offset = offset;
        window->len = len;
    }
    *have = (uint32_t)(window->offset + window->len - offset);
    return window->data + (offset - window->offset);
}
