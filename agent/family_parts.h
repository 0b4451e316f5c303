/* family_parts.h: what another process of the family recorded, as it came: kept in a file without a name, and put
 * behind our own part in whole chunks. */
#ifndef SMK_AGENT_FAMILY_PARTS_H
#define SMK_AGENT_FAMILY_PARTS_H

#include "tape.h"

struct smk_part {
    int file; /* -1: none */
    uint64_t bytes, room;
};

/* In the tape's directory; in memory where it has none. 0 or -errno. */
int smk_part_open(struct smk_part *part, const struct smk_tape *tape, uint64_t room);
/* -EFBIG: more than there is room for. */
int smk_part_write(struct smk_part *part, const void *data, size_t size);
/* All whole chunks of this capture, up to the first that is damaged or says that it is another process's than `pid`;
 * where the last is no END one is made, which says that it was cut. 0 or -errno of the tape. */
int smk_part_append(const struct smk_part *part, struct smk_tape *tape, uint64_t number, int pid);
void smk_part_close(struct smk_part *part);

#endif
