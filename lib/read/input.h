/* input.h: a file that is read at any offset. */
#ifndef SMK_READ_INPUT_H
#define SMK_READ_INPUT_H

#include "base/compiler.h"

#define SMK_INPUT_WINDOW (64u * 1024)

struct smk_input {
    int fd;
    bool owned;
    const char *name; /* for messages */
    uint64_t size;    /* when it was opened: what is written behind it later is not looked at */
};

/* A part of a file in memory, moved along by smk_window_at. */
struct smk_window {
    const struct smk_input *input;
    uint8_t *data; /* SMK_INPUT_WINDOW */
    uint64_t offset;
    uint32_t len;
};

/* Opens `path`, or takes `fd` where `path` is NULL. SMK_E_IO, SMK_E_PERMISSION, SMK_E_NOTFOUND;
 * SMK_E_INVALID: not a regular file. */
int smk_input_open(struct smk_input *input, const char *path, int fd, const char *name);
void smk_input_close(struct smk_input *input);

/* Reads exactly len bytes. SMK_E_IO. */
int smk_input_read(const struct smk_input *input, uint64_t offset, void *to, uint32_t len);

/* The bytes at offset, at least `need` (at most 4 KiB) of them, which the file must have, as many as
 * *have says; NULL: SMK_E_IO. Valid until the next call. */
const uint8_t *smk_window_at(struct smk_window *window, uint64_t offset, uint32_t need, uint32_t *have);

#endif
