/* box_file.h: makes a crash box (box.h), and names where a family's other processes ask for one.
 *
 * `stallmark run` makes that of the process that it becomes; stallmark-box makes one for each process of the family
 * that asks it, over a socket whose name is random and in the preload's variable.
 */
#ifndef SMK_FORMAT_BOX_FILE_H
#define SMK_FORMAT_BOX_FILE_H

#include <sys/socket.h>
#include <sys/un.h>

#include "format/box.h"

#define SMK_BOX_NAME 33 /* 32 hexadecimal digits */

/* For process `pid`, to be written to `output`, "": into the directory. Close-on-exec; or -errno. */
int smk_box_file(uint32_t pid, const char *output);

/* The address of that name, abstract; its size. */
size_t smk_box_address(struct sockaddr_un *address, const char *name);

#endif
