#define _GNU_SOURCE
#include "tcp_calls.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/atomic.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/fds.h"
#include "core/ownthread.h"
#include "core/thread.h"
#include "front.h"
#include "heap.h"
#include "imports.h"

#define STACK_BYTES    (256u * 1024)
#define NO_FD_PAUSE_NS UINT64_C(100000000)
#define DRAIN_NS       UINT64_C(250000000)

/* Ours are the control loop, which starts and stops civetweb, and the threads that it starts. */
SMK_INLINE bool is_ours(void)
{
    return smk_tls.quiet != 0;
}

static int failed(int code)
{
    errno = code;
    return -1;
}

#define LISTENS (-1)

/* ---- connections: which socket each descriptor was when it was accepted ---------------------- */

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_DOORS);
static struct connection {
    int fd;     /* 0: free */
    int worker; /* thread that read from it last, LISTENS, or 0 */
    dev_t device;
    ino_t inode;
    uint64_t drained;               /* from when on nothing is read any more; 0: not answered yet */
} connections[SMK_TCP_CONNECTIONS]; /* lock */

static int bind_error; /* the control loop's */

static bool remember(int fd, int worker)
{
    struct stat st;
    bool room = false;
    if (smk_sys_fstat(fd, &st) < 0)
        return false;
    smk_lock(&lock);
    for (size_t i = 0; i < SMK_ARRAY_LEN(connections) && !room; i++) {
        if (connections[i].fd != 0)
            continue;
        connections[i] = (struct connection){
            .fd = fd, .worker = worker, .device = st.st_dev, .inode = st.st_ino};
        room = true;
    }
    smk_unlock(&lock);
    return room;
}

/* Under the lock; NULL: not one of ours. */
static struct connection *find(int fd)
{
    for (size_t i = 0; i < SMK_ARRAY_LEN(connections); i++)
        if (connections[i].fd == fd)
            return &connections[i];
    return NULL;
}

static bool is_same(const struct connection *connection)
{
    struct stat st;
    return smk_sys_fstat(connection->fd, &st) == 0 && st.st_dev == connection->device &&
           st.st_ino == connection->inode;
}

/* Whether the descriptor is still the socket that was accepted: a host that closes by number may have put its
 * own there meanwhile. `reads`: this thread serves it; *drained is set then. */
static bool is_still(int fd, bool reads, uint64_t *drained)
{
    int self = smk_sys_gettid();
    smk_lock(&lock);
    struct connection *connection = find(fd);
    bool still = connection && is_same(connection);
    if (still && reads) {
        connection->worker = self;
        *drained = connection->drained;
    }
    smk_unlock(&lock);
    return still;
}

/* Forgets it; false: it was not there, or is not ours any more, and must not be closed. */
static bool forget(int fd, bool *still)
{
    smk_lock(&lock);
    struct connection *connection = find(fd);
    *still = connection && is_same(connection);
    if (connection)
        connection->fd = 0;
    smk_unlock(&lock);
    return connection != NULL;
}

int smk_tcp_connection(void)
{
    int self = smk_sys_gettid(), fd = -1;
    smk_lock(&lock);
    for (size_t i = 0; i < SMK_ARRAY_LEN(connections); i++)
        if (connections[i].fd != 0 && connections[i].worker == self && is_same(&connections[i]))
            fd = connections[i].fd;
    smk_unlock(&lock);
    return fd;
}

void smk_tcp_connection_done(void)
{
    int self = smk_sys_gettid();
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    smk_lock(&lock);
    for (size_t i = 0; i < SMK_ARRAY_LEN(connections); i++)
        if (connections[i].fd != 0 && connections[i].worker == self)
            connections[i].drained = now + DRAIN_NS;
    smk_unlock(&lock);
}

void smk_tcp_shutdown_all(void)
{
    smk_lock(&lock);
    for (size_t i = 0; i < SMK_ARRAY_LEN(connections); i++)
        if (connections[i].fd != 0 && is_same(&connections[i]))
            smk_sys_shutdown(connections[i].fd, SHUT_RDWR);
    smk_unlock(&lock);
}

int smk_tcp_bind_error(void)
{
    return bind_error;
}

void smk_tcp_calls_reset_in_child(void)
{
    smk_lock_reset(&lock);
    memset(connections, 0, sizeof(connections));
}

/* ---- sockets --------------------------------------------------------------------------------- */

static int (*real_socket)(int domain, int type, int protocol);
static int (*real_bind)(int fd, const struct sockaddr *address, socklen_t size);
static int (*real_accept)(int fd, struct sockaddr *address, socklen_t *size);
static int (*real_close)(int fd);
static int (*real_shutdown)(int fd, int how);
static ssize_t (*real_recv)(int fd, void *data, size_t size, int flags);
static ssize_t (*real_send)(int fd, const void *data, size_t size, int flags);

static int adopted = -1; /* the control loop's: it listens already */

/* The socket that `stallmark run` made, once: with it goes the port that it printed. */
static int take_adopted(void)
{
    adopted = smk_fd_handed_down();
    smk_fd_hand_down(-1);
    return adopted;
}

static int our_socket(int domain, int type, int protocol)
{
    if (!is_ours())
        return real_socket(domain, type, protocol);
    int fd = take_adopted();
    if (fd < 0)
        fd = smk_fd_keep(smk_sys_socket(domain, type));
    if (fd < 0)
        return failed(-fd);
    if (remember(fd, LISTENS))
        return fd;
    smk_fd_close(fd);
    return failed(EMFILE);
}

static int our_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    if (!is_ours())
        return real_bind(fd, address, size);
    int rc = fd == adopted ? 0 : smk_sys_bind(fd, address, size);
    adopted = -1;
    bind_error = rc < 0 ? -rc : 0;
    return rc < 0 ? failed(-rc) : 0;
}

/* What the kernel takes for a client that does not read would be megabytes, and it would look as if it read. */
static const int send_buffer = 256 * 1024;

/* civetweb would try again at once, for as long as the connection waits. */
static int no_descriptor(int code)
{
    smk_front_count(accept_failures);
    smk_sys_sleep(NO_FD_PAUSE_NS);
    return failed(code);
}

static int our_accept(int listener, struct sockaddr *address, socklen_t *size)
{
    if (!is_ours())
        return real_accept(listener, address, size);
    int fd = is_still(listener, false, NULL) ? smk_sys_accept(listener, address, size) : -EBADF;
    if (fd == -EAGAIN || fd == -EINTR || fd == -ECONNABORTED)
        return failed(-fd);
    if (fd < 0)
        return no_descriptor(-fd);
    fd = smk_fd_keep(fd);
    smk_sys_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
    if (remember(fd, 0))
        return fd;
    smk_fd_close(fd);
    return no_descriptor(EMFILE);
}

static int our_close(int fd)
{
    bool still;
    if (!is_ours())
        return real_close(fd);
    if (forget(fd, &still) && !still)
        return failed(EBADF);
    smk_fd_close(fd);
    return 0;
}

static int our_shutdown(int fd, int how)
{
    if (!is_ours())
        return real_shutdown(fd, how);
    return is_still(fd, false, NULL) ? smk_sys_shutdown(fd, how) : failed(EBADF);
}

/* Once the answer is sent, civetweb reads on until the client is done: not for ever. */
static ssize_t our_recv(int fd, void *data, size_t size, int flags)
{
    uint64_t drained = 0;
    if (!is_ours())
        return real_recv(fd, data, size, flags);
    if (!is_still(fd, true, &drained))
        return failed(EBADF);
    if (drained != 0 && smk_sys_clock(CLOCK_MONOTONIC) >= drained)
        return 0;
    ssize_t n = smk_sys_recv(fd, data, size, flags);
    return n < 0 ? failed((int)-n) : n;
}

static ssize_t our_send(int fd, const void *data, size_t size, int flags)
{
    if (!is_ours())
        return real_send(fd, data, size, flags);
    if (!is_still(fd, false, NULL))
        return failed(EBADF);
    ssize_t n = smk_sys_send(fd, data, size, flags);
    return n < 0 ? failed((int)-n) : n;
}

/* ---- threads and signals --------------------------------------------------------------------- */

static int (*real_sigaction)(int number, const struct sigaction *action, struct sigaction *old);
static int (*real_pthread_create)(pthread_t *thread, const pthread_attr_t *attr,
                                  void *(*run)(void *), void *arg);

static int our_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    if (!is_ours())
        return real_sigaction(number, action, old);
    if (old)
        memset(old, 0, sizeof(*old));
    return 0;
}

/* They have the name that we gave them. */
static int (*real_pthread_setname_np)(pthread_t thread, const char *name);

static int our_pthread_setname_np(pthread_t thread, const char *name)
{
    return is_ours() ? 0 : real_pthread_setname_np(thread, name);
}

struct start {
    void *(*run)(void *);
    void *arg;
};

static void *run_thread(void *arg)
{
    struct start start = *(struct start *)arg;
    smk_heap_free(arg);
    smk_thread_hide();
    smk_sys_set_thread_name("stallmark-http");
    smk_own_thread_begins();
    void *result = start.run(start.arg);
    smk_own_thread_ends();
    return result;
}

/* Called on a thread of ours, which has all signals blocked: the new one inherits that. It stays joinable:
 * civetweb joins its threads. */
static int our_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                              void *arg)
{
    pthread_attr_t small;
    if (!is_ours())
        return real_pthread_create(thread, attr, run, arg);
    struct start *start = smk_heap_alloc(sizeof(*start));
    if (!start || pthread_attr_init(&small) != 0) {
        smk_heap_free(start);
        return EAGAIN;
    }
    *start = (struct start){run, arg};
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attr)
        pthread_attr_getdetachstate(attr, &detached);
    pthread_attr_setdetachstate(&small, detached);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    int rc = real_pthread_create(thread, &small, run_thread, start);
    pthread_attr_destroy(&small);
    if (rc != 0)
        smk_heap_free(start);
    return rc;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void *(*real_malloc)(size_t size);
static void *(*real_calloc)(size_t count, size_t size);
static void *(*real_realloc)(void *data, size_t size);
static void (*real_free)(void *data);

static void *our_malloc(size_t size)
{
    return is_ours() ? smk_heap_alloc(size) : real_malloc(size);
}

static void *our_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!is_ours())
        return real_calloc(count, size);
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : smk_heap_zalloc(bytes);
}

static void *our_realloc(void *data, size_t size)
{
    return is_ours() ? smk_heap_realloc(data, size) : real_realloc(data, size);
}

static void our_free(void *data)
{
    if (is_ours())
        smk_heap_free(data);
    else
        real_free(data);
}

/* ---- times: for log lines and headers that nobody sees --------------------------------------------- */

static struct tm *(*real_localtime)(const time_t *time);
static struct tm *(*real_gmtime)(const time_t *time);

static struct tm epoch = {.tm_mday = 1, .tm_year = 70, .tm_wday = 4};

static struct tm *our_localtime(const time_t *time)
{
    return is_ours() ? &epoch : real_localtime(time);
}
static struct tm *our_gmtime(const time_t *time)
{
    return is_ours() ? &epoch : real_gmtime(time);
}

/* ---- what a tracer's server has no business with --------------------------------------------- */

#define REFUSED(type, name, none, declared, passed)                                                \
    static type(*real_##name) declared;                                                            \
    static type our_##name declared                                                                \
    {                                                                                              \
        if (!is_ours())                                                                            \
            return real_##name passed;                                                             \
        errno = EPERM;                                                                             \
        return none;                                                                               \
    }

REFUSED(pid_t, fork, -1, (void), ())
REFUSED(FILE *, popen, NULL, (const char *command, const char *mode), (command, mode))
REFUSED(int, kill, -1, (pid_t pid, int number), (pid, number))
REFUSED(int, chdir, -1, (const char *path), (path))
REFUSED(int, setuid, -1, (uid_t uid), (uid))
REFUSED(int, setgid, -1, (gid_t gid), (gid))
REFUSED(int, setgroups, -1, (size_t count, const gid_t *groups), (count, groups))
REFUSED(void *, dlopen, NULL, (const char *path, int flags), (path, flags))

/* ---- all of them ----------------------------------------------------------------------------- */

#define OURS(name, must)                                                                           \
    {                                                                                              \
#name, (void *)our_##name, (void **)&real_##name, must                                     \
    }

int smk_tcp_calls_replace(void *handle)
{
    static const struct smk_import imports[] = {
        OURS(socket, true),     OURS(bind, true),           OURS(accept, true),
        OURS(close, true),      OURS(shutdown, false),      OURS(recv, true),
        OURS(send, true),       OURS(sigaction, true),      OURS(malloc, true),
        OURS(calloc, true),     OURS(realloc, true),        OURS(free, true),
        OURS(fork, false),      OURS(popen, false),         OURS(kill, false),
        OURS(chdir, false),     OURS(setuid, false),        OURS(setgid, false),
        OURS(setgroups, false), OURS(dlopen, false),        OURS(localtime, false),
        OURS(gmtime, false),    OURS(pthread_create, true), OURS(pthread_setname_np, false),
    };
    return smk_imports_replace(handle, imports, SMK_ARRAY_LEN(imports));
}
