/* entries.h: the names in an open directory, for who may neither allocate nor keep a DIR. Header only.
 *
 *     struct smk_entries entries;
 *     smk_entries_begin(&entries, dir);
 *     for (const char *name; (name = smk_entries_next(&entries)) != NULL;)
 *         …
 */
#ifndef SMK_BASE_ENTRIES_H
#define SMK_BASE_ENTRIES_H

#include "base/compiler.h"
#include "base/sys.h"

struct smk_entries {
    int dir;
    int result; /* of the last look: how many bytes came; 0 at the end, or -errno */
    int at;
    char room[4096] SMK_ALIGNED(8);
};

/* From where the directory's descriptor stands. */
static inline void smk_entries_begin(struct smk_entries *entries, int dir)
{
    entries->dir = dir;
    entries->result = entries->at = 0;
}

/* The next name, "." and ".." too, until the next call; NULL: there is none, or `result` says why not. */
static inline const char *smk_entries_next(struct smk_entries *entries)
{
    struct entry { /* as the kernel writes it: linux_dirent64 */
        uint64_t inode;
        int64_t offset;
        uint16_t length;
        uint8_t type;
        char name[];
    };
    if (entries->at >= entries->result) {
        entries->at = 0;
        entries->result = smk_sys_getdents(entries->dir, entries->room, sizeof entries->room);
        if (entries->result <= 0)
            return NULL;
    }
    const struct entry *entry = (const void *)(entries->room + entries->at);
    entries->at += entry->length;
    return entry->name;
}

/* The number that a name in /proc is; -1: it is none. */
static inline int64_t smk_entry_number(const char *name)
{
    int64_t number = 0;
    if (!*name)
        return -1;
    for (; *name >= '0' && *name <= '9' && number <= INT32_MAX; name++)
        number = number * 10 + (*name - '0');
    return *name || number > INT32_MAX ? -1 : number;
}

#endif
