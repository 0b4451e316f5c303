#define _GNU_SOURCE
#include "source/perf_ring.h"

#include <errno.h>
#include <string.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/fds.h"

#define PAGE 4096u

/* The memory counts against perf_event_mlock_kb and the user's limit of locked memory: EPERM says that it is
 * used up. */
static int map_ring(struct smk_perf_ring *ring, int fd, unsigned most, unsigned least)
{
    int error = 0;
    for (unsigned order = most;; order--) {
        uint32_t bytes = PAGE << order;
        ring->memory = smk_sys_map_file(fd, PAGE + bytes, &error);
        ring->data_bytes = bytes;
        if (ring->memory || error != -EPERM || order == least)
            return error;
    }
}

int smk_perf_ring_open(struct smk_perf_ring *ring, const struct perf_event_attr *attr, int tid, unsigned most,
                       unsigned least, bool *mapping)
{
    ring->memory = NULL;
    *mapping = false;
    int fd = smk_fd_keep(smk_sys_perf_event(attr, tid));
    if (fd < 0)
        return fd;
    *mapping = true;
    int error = map_ring(ring, fd, most, least);
    smk_fd_close(fd);
    return error;
}

void smk_perf_ring_close(struct smk_perf_ring *ring)
{
    if (ring->memory)
        smk_sys_unmap(ring->memory, PAGE + ring->data_bytes);
    ring->memory = NULL;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static const struct perf_event_header *record_at(const struct smk_perf_ring *ring, uint64_t at, uint64_t head,
                                                 uint8_t *scratch)
{
    const uint8_t *data = ring->memory + PAGE;
    uint32_t from = (uint32_t)(at & (ring->data_bytes - 1));
    const struct perf_event_header *record = (const void *)(data + from); /* records are aligned to 8 */
    uint32_t size = record->size;
    if (size < sizeof *record || size > SMK_PERF_RECORD_MAX || size > head - at)
        return NULL;
    if (from + size <= ring->data_bytes)
        return record;
    uint32_t first = ring->data_bytes - from;
    memcpy(scratch, data + from, first);
    memcpy(scratch + first, data, size - first);
    return (const void *)scratch;
}

uint32_t smk_perf_ring_read(struct smk_perf_ring *ring, uint8_t *scratch,
                            void (*visit)(void *arg, const struct perf_event_header *record), void *arg)
{
    struct perf_event_mmap_page *page = (void *)ring->memory;
    if (!page)
        return 0;
    uint64_t head = smk_load_acquire(&page->data_head); /* pairs with: the kernel's perf_output_put_handle */
    uint64_t tail = page->data_tail;
    uint64_t at = tail;
    while (at < head) {
        const struct perf_event_header *record = record_at(ring, at, head, scratch);
        if (!record)
            break; /* nothing that the kernel writes */
        at += record->size;
        visit(arg, record);
    }
    smk_store_release(&page->data_tail, head); /* pairs with: the kernel's perf_output_begin */
    return (uint32_t)(head - tail);
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

const char *smk_perf_refusal(int error, bool mapping, bool filtered)
{
    if (mapping)
        return error == -EPERM ? "perf events: no more locked memory (perf_event_mlock_kb, ulimit -l)"
                               : "perf events: their memory cannot be mapped";
    switch (-error) {
    case EPERM:
    case ENOSYS:
        return filtered ? "perf_event_open: forbidden by a system-call filter"
                        : "perf_event_open: the kernel refuses it";
    case EACCES:
        return "perf_event_open: refused by kernel.perf_event_paranoid";
    case EMFILE:
    case ENFILE:
        return "perf_event_open: no descriptor left";
    default:
        return "perf_event_open: the kernel does not know what is asked";
    }
}
