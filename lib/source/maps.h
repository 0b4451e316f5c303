/* maps.h: the mappings of this process, from /proc/thread-self/maps. */
#ifndef SMK_SOURCE_MAPS_H
#define SMK_SOURCE_MAPS_H

#include "base/compiler.h"

struct smk_mapping {
    uint64_t start, end;
    uint64_t offset; /* in its file */
    uint64_t device, inode;
    bool executable;
    const char *path; /* "" for anonymous memory; holds while it is visited */
};

#define SMK_MAPS_BUFFER (32u * 1024)

/* Calls visit for each mapping, ascending. `buffer` has SMK_MAPS_BUFFER bytes. 0 or -errno. Several
 * reads of the kernel's, so what changes meanwhile may be seen half. */
int smk_maps_each(char *buffer, void (*visit)(const struct smk_mapping *mapping, void *arg), void *arg);

/* One line, without its newline, ended by NUL; false when it is none. For the tests. */
bool smk_maps_parse(char *line, struct smk_mapping *mapping);

#endif
