/* slow_sync: preloaded behind ours, it is a disk whose fdatasync takes 80 ms. */
#include <unistd.h>

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    usleep(80000);
    return fsync(fd);
}
