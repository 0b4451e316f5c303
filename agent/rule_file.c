/* rule_file.c: the rules that a client asked to keep, in a file beside the captures: `rules.SERVICE`, one a line. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "heap.h"
#include "rules.h"
#include "store.h"

#define NAME_SIZE 48
#define FILE_MOST (SMK_RULES_MAX * (SMK_RULE_TEXT + SMK_RULE_NAME + 4))

static const char heading[] = "# Rules that a client set with persist=1 (docs/rules.md); read when the agent starts.\n";

static void file_name(char name[NAME_SIZE], const char *end)
{
    snprintf(name, NAME_SIZE, "rules.%s%s", smk_service_name(), end);
}

static size_t format(char *text)
{
    size_t len = strlen(heading);
    memcpy(text, heading, len);
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        if (live->persists && !live->broken)
            len += (size_t)snprintf(text + len, FILE_MOST - len, "%s: %s\n", live->rule.name, live->rule.text);
    return len;
}

/* Whole under another name, on the disk, and then in its place: whoever reads finds the old one or the new one. */
static int write_file(int dir, const char *text, size_t len)
{
    char name[NAME_SIZE], fresh[NAME_SIZE];
    file_name(name, "");
    file_name(fresh, ".new");
    smk_sys_unlinkat(dir, fresh);
    int fd = smk_sys_openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fd;
    ssize_t n = smk_sys_write(fd, text, len);
    int rc = n == (ssize_t)len ? smk_sys_fsync(fd) : n < 0 ? (int)n : -ENOSPC;
    smk_sys_close(fd);
    if (rc == 0)
        rc = smk_sys_renameat(dir, fresh, name);
    if (rc < 0)
        smk_sys_unlinkat(dir, fresh);
    return rc;
}

static bool any_persists(void)
{
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next)
        if (live->persists)
            return true;
    return false;
}

int smk_rules_save(void)
{
    char name[NAME_SIZE];
    struct smk_directory *directory = smk_store_directory();
    if (!directory)
        return any_persists() ? smk_fail(SMK_E_UNAVAILABLE, "persist: there is no directory for captures: %s",
                                         smk_store_why())
                              : 0;
    file_name(name, "");
    if (!any_persists()) {
        int rc = smk_sys_unlinkat(directory->fd, name);
        return rc < 0 && rc != -ENOENT ? smk_fail_errno(-rc, "persist: %s/%s", directory->path, name) : 0;
    }
    char *text = smk_heap_alloc(FILE_MOST);
    if (!text)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    int rc = write_file(directory->fd, text, format(text));
    smk_heap_free(text);
    return rc < 0 ? smk_fail_errno(-rc, "persist: %s/%s", directory->path, name) : 0;
}

char *smk_rules_load_saved(size_t *len)
{
    char name[NAME_SIZE];
    struct stat st;
    struct smk_directory *directory = smk_store_directory();
    file_name(name, "");
    int fd = directory ? smk_sys_openat(directory->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0) : -1;
    if (fd < 0)
        return NULL;
    bool good = smk_sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < FILE_MOST;
    char *text = good ? smk_heap_alloc(FILE_MOST) : NULL;
    ssize_t n = text ? smk_sys_read(fd, text, FILE_MOST) : -1;
    smk_sys_close(fd);
    if (n >= 0) {
        *len = (size_t)n;
        return text;
    }
    smk_heap_free(text);
    return NULL;
}
