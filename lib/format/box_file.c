#include "format/box_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"

#define PREFIX "stallmark-box-"

/* Only what it takes to recognize it; the rest of the file reads as zeroes. */
int smk_box_file(uint32_t pid, const char *output)
{
    static struct smk_box_header head;
    int fd = smk_sys_memfd();
    if (fd < 0)
        return fd;
    head.magic = SMK_BOX_MAGIC;
    head.version = SMK_BOX_VERSION;
    head.pid = pid;
    snprintf(head.output, sizeof head.output, "%s", output);
    int rc = smk_sys_truncate(fd, SMK_BOX_FILE_BYTES);
    if (rc == 0 && smk_sys_pwrite(fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        rc = -EIO;
    if (rc == 0)
        return fd;
    smk_sys_close(fd);
    return rc;
}

size_t smk_box_address(struct sockaddr_un *address, const char *name)
{
    size_t len = strnlen(name, SMK_BOX_NAME - 1);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + 1, PREFIX, strlen(PREFIX));
    memcpy(address->sun_path + 1 + strlen(PREFIX), name, len);
    return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(PREFIX) + len;
}
