#include "box_ask.h"

#include <poll.h>
#include <unistd.h>

#include "base/sys.h"
#include "core/box.h"
#include "core/fds.h"
#include "family_wire.h"
#include "format/box_file.h"
#include "log.h"

#define ANSWER_MS 250

static const char *watcher;

void smk_box_watcher(const char *name) { watcher = name; }

/* Names of sockets can be read by everybody: who has ours after the watcher has gone may not see what we record. */
static bool is_watcher(int fd)
{
    uid_t uid;
    return smk_wire_peer(fd, &uid) > 0 && (uid == 0 || uid == geteuid());
}

static void ask(int fd)
{
    int passed = -1;
    struct sockaddr_un address;
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    size_t size = smk_box_address(&address, watcher);
    if (smk_sys_connect(fd, (const struct sockaddr *)&address, size) < 0)
        smk_agent_log("no crash box: the watcher has gone");
    else if (!is_watcher(fd) || smk_sys_poll(&answer, 1, ANSWER_MS) != 1)
        smk_agent_log("no crash box: the watcher does not answer");
    else
        passed = smk_sys_recv_fd(fd);
    smk_box_take(passed);
    if (passed >= 0 && !smk_box_offered())
        smk_sys_close(passed);
}

void smk_box_ask(void)
{
    if (!watcher || smk_box_offered())
        return;
    int fd = smk_fd_keep(smk_sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK));
    if (fd >= 0)
        ask(fd);
    smk_fd_close(fd);
}
