/* file.h: the file that a view is built in: blocks are put behind each other and read back at any place.
 *
 * What was put last lies in a buffer until that is full, so a block may be read that is not in the file yet; while
 * somebody puts, reading and putting are one thread's at a time (turns.h). After smk_view_file_flush any thread reads.
 */
#ifndef SMK_VIEW_FILE_H
#define SMK_VIEW_FILE_H

#include "base/mem.h"

#define SMK_VIEW_FILE_BUFFER (1u << 20)

struct smk_view_file {
    int fd;           /* -1: none */
    uint64_t size;    /* with what is in the buffer */
    uint64_t written;
    uint64_t max;
    uint8_t *buffer;  /* NULL: nothing is put any more */
    int failure;      /* of a write; nothing is put after it */
};

/* The file is empty, and becomes the view's. False: there is no memory. */
bool smk_view_file_begin(struct smk_view_file *file, struct smk_mem *mem, int fd, uint64_t max);
void smk_view_file_close(struct smk_view_file *file, struct smk_mem *mem);

/* Where it was put; UINT64_MAX, and `failure` says why not. */
uint64_t smk_view_file_put(struct smk_view_file *file, const void *data, size_t size);
/* What is in the buffer goes to the file, and the buffer away. 0 or `failure`. */
int smk_view_file_flush(struct smk_view_file *file, struct smk_mem *mem);

/* SMK_E_FORMAT: the file has less; SMK_E_IO. */
int smk_view_file_get(const struct smk_view_file *file, uint64_t offset, void *data, size_t size);
/* Over what was put before: for the header. */
int smk_view_file_put_at(const struct smk_view_file *file, uint64_t offset, const void *data, size_t size);

#endif
