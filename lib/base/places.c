#define _GNU_SOURCE /* O_PATH */

#include "base/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"


bool smk_place_of_sockets(unsigned n, uid_t uid, const char *runtime_dir, char path[SMK_PLACE_SIZE])
{
    int len = -1;
    if (n == 0 && runtime_dir && runtime_dir[0] == '/')
        len = snprintf(path, SMK_PLACE_SIZE, "%s/stallmark", runtime_dir);
    else if (n == 1)
        len = snprintf(path, SMK_PLACE_SIZE, "/run/stallmark");
    else if (n == 2)
        len = snprintf(path, SMK_PLACE_SIZE, "/tmp/stallmark-%u", uid);
    return len > 0 && len < SMK_PLACE_SIZE;
}

int smk_place_open(const char *path, uid_t uid, bool make)
{
    struct stat st;
    if (make) {
        int made = smk_sys_mkdir(path, 0700);
        if (made < 0 && made != -EEXIST)
            return made;
    }
    int fd = smk_sys_open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    int status = smk_sys_fstat(fd, &st);
    if (status == 0 && ((st.st_uid != uid && st.st_uid != 0) || (st.st_mode & 077) != 0))
        status = -EPERM;
    if (status < 0) {
        smk_sys_close(fd);
        return status;
    }
    return fd;
}
