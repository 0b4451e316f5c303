/* perf_ring.h: one perf event of one thread, and the ring that the kernel writes its records into.
 *
 *   +--------+--------+-- … --+
 *   | header | data   |  data |    1 + a power of two of pages; the kernel moves data_head, we data_tail
 *   +--------+--------+-- … --+
 *
 * The mapping holds the event: its descriptor is closed at once, so none of the host's numbers is used and
 * none can be closed by it. A fork's child has not the mapping (VM_DONTCOPY): it forgets the ring.
 *
 * One thread at a time.
 */
#ifndef SMK_SOURCE_PERF_RING_H
#define SMK_SOURCE_PERF_RING_H

#include <linux/perf_event.h>

#include "base/compiler.h"

struct smk_perf_ring {
    uint8_t *memory; /* NULL: closed */
    uint32_t data_bytes;
};

/* Records that a ring holds are at most so long; a sample's stack is the longest part. */
#define SMK_PERF_RECORD_MAX 16640u

/* Opens the event for a thread (0: the calling one) with 2^most data pages; where the kernel has not so
 * much locked memory for us, with half, a quarter … of it, down to 2^least. 0 or -errno; *mapping: the
 * mapping was refused, not the event. */
int smk_perf_ring_open(struct smk_perf_ring *ring, const struct perf_event_attr *attr, int tid, unsigned most,
                       unsigned least, bool *mapping);
void smk_perf_ring_close(struct smk_perf_ring *ring);

/* Of its mapping; 0 when it is closed. */
SMK_INLINE uint32_t smk_perf_ring_bytes(const struct smk_perf_ring *ring)
{
    return ring->memory ? 4096 + ring->data_bytes : 0;
}

/* Calls `visit` for each record that has come, oldest first; a record that lies over the end of the ring is
 * copied to `scratch`, SMK_PERF_RECORD_MAX bytes. Returns how many bytes they had. */
uint32_t smk_perf_ring_read(struct smk_perf_ring *ring, uint8_t *scratch,
                            void (*visit)(void *arg, const struct perf_event_header *record), void *arg);

/* What a refusal means, in words for the operator. Static. */
const char *smk_perf_refusal(int error, bool mapping, bool filtered);

#endif
