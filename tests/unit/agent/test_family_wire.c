/* What the processes of a family say to each other, when one of them is a stranger's: messages of other lengths and
 * kinds, descriptors that nobody asked for, nobody who reads, and who it is that the kernel names. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "core/fds.h"
#include "family_wire.h"

static struct smk_wire_message message;
static uint8_t bytes[sizeof message + 64];

/* A stranger's end, and ours. */
static int pair[2];

static int connect_two(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int close_two(void **state)
{
    (void)state;
    close(pair[0]);
    close(pair[1]);
    return 0;
}

/* What comes of a message of `size` bytes that says kind and len. */
static int told(uint32_t kind, uint32_t len, size_t size)
{
    memcpy(bytes, &kind, sizeof kind);
    memcpy(bytes + sizeof kind, &len, sizeof len);
    assert_int_equal(send(pair[0], bytes, size, 0), size);
    return smk_wire_receive(pair[1], &message);
}

static size_t size_of(uint32_t kind)
{
    switch (kind) {
    case SMK_WIRE_BEGIN:
        return sizeof(struct smk_wire_begin);
    case SMK_WIRE_ANSWER:
        return sizeof(struct smk_wire_answer);
    case SMK_WIRE_END:
        return sizeof(struct smk_wire_end);
    case SMK_WIRE_CHUNKS:
    case SMK_WIRE_RULES:
        return SMK_WIRE_DATA;
    case SMK_WIRE_MATCHED:
        return sizeof(struct smk_wire_matched);
    case SMK_WIRE_ASK:
        return sizeof(struct smk_wire_ask);
    case SMK_WIRE_SAID:
        return sizeof(struct smk_wire_said);
    default:
        return 0;
    }
}

static void a_message_has_the_length_of_its_kind(void **state)
{
    (void)state;
    for (uint32_t kind = SMK_WIRE_BEGIN; kind <= SMK_WIRE_END; kind++) {
        uint32_t len = (uint32_t)size_of(kind);
        assert_int_equal(told(kind, len, SMK_WIRE_HEAD + len), len);
        assert_int_equal(message.kind, kind);
        assert_int_equal(told(kind, len + 1, SMK_WIRE_HEAD + len), -EPROTO);
        assert_int_equal(told(kind, len - 1, SMK_WIRE_HEAD + len), -EPROTO);
        assert_int_equal(told(kind, len + 1, SMK_WIRE_HEAD + len + 1), -EPROTO);
        if (len > 0 && len != SMK_WIRE_DATA)
            assert_int_equal(told(kind, len - 1, SMK_WIRE_HEAD + len - 1), -EPROTO);
        assert_int_equal(told(kind, UINT32_MAX, SMK_WIRE_HEAD + len), -EPROTO);
    }
    assert_int_equal(told(SMK_WIRE_CHUNKS, 0, SMK_WIRE_HEAD), -EPROTO);
    assert_int_equal(told(SMK_WIRE_CHUNKS, 1, SMK_WIRE_HEAD + 1), 1);
    assert_int_equal(told(SMK_WIRE_RULES, 7, SMK_WIRE_HEAD + 7), -EPROTO);
    assert_int_equal(told(SMK_WIRE_RULES, 8, SMK_WIRE_HEAD + 8), 8);
}

static void other_kinds_and_pieces_of_heads_are_none(void **state)
{
    static const uint32_t kinds[] = {0, SMK_WIRE_END + 1, 255, INT32_MAX, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_int_equal(told(kinds[i], 0, SMK_WIRE_HEAD), -EPROTO);
        assert_int_equal(told(kinds[i], 16, SMK_WIRE_HEAD + 16), -EPROTO);
    }
    for (size_t size = 1; size < SMK_WIRE_HEAD; size++)
        assert_int_equal(told(SMK_WIRE_STOP, 0, size), -EPROTO);
    assert_int_equal(told(SMK_WIRE_CHUNKS, SMK_WIRE_DATA + 64, sizeof bytes), -EPROTO); /* cut by the kernel */
    assert_int_equal(told(SMK_WIRE_STOP, 0, SMK_WIRE_HEAD), 0);
    assert_int_equal(smk_wire_receive(pair[1], &message), -EAGAIN);
    assert_int_equal(send(pair[0], bytes, 0, 0), 0);
    assert_int_equal(smk_wire_receive(pair[1], &message), -EPIPE);
}

static int lowest_free(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

/* What comes with a message is closed by the kernel, since nobody has room for it. */
static void descriptors_are_not_taken(void **state)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } control = {0};
    uint32_t head[2] = {SMK_WIRE_STOP, 0};
    struct iovec piece = {head, sizeof head};
    struct msghdr sent = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int passed[2], fds[4];
    char byte;
    (void)state;
    assert_int_equal(pipe(passed), 0);
    for (int i = 0; i < 4; i++)
        fds[i] = passed[1];
    control.head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.head), fds, sizeof fds);
    int before = lowest_free();
    assert_int_equal(sendmsg(pair[0], &sent, 0), sizeof head);
    assert_int_equal(smk_wire_receive(pair[1], &message), 0);
    assert_int_equal(lowest_free(), before);
    close(passed[1]);
    assert_int_equal(read(passed[0], &byte, 1), 0); /* nobody else has the other end */
    close(passed[0]);
}

static void who_does_not_read_is_given_up(void **state)
{
    (void)state;
    memset(bytes, 7, sizeof bytes);
    int sent = 0, rc = 0;
    for (; rc == 0 && sent < 10000; sent++)
        rc = smk_wire_send(pair[1], SMK_WIRE_CHUNKS, bytes, SMK_WIRE_DATA);
    assert_int_equal(rc, -EAGAIN);
    uint64_t before = smk_sys_clock(CLOCK_MONOTONIC);
    assert_int_equal(smk_wire_send_wait(pair[1], SMK_WIRE_CHUNKS, bytes, SMK_WIRE_DATA, 30000000), -ETIMEDOUT);
    assert_true(smk_sys_clock(CLOCK_MONOTONIC) - before >= 30000000);
    close(pair[0]);
    pair[0] = dup(0);
    assert_int_equal(smk_wire_send(pair[1], SMK_WIRE_CHUNKS, bytes, 1), -ECONNRESET);
    assert_int_equal(smk_wire_send(pair[1], SMK_WIRE_CHUNKS, bytes, 1), -EPIPE); /* and no signal */
}

static void wait_readable(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 10000), 1);
}

/* The name is in /proc/net/unix for everybody; who came is what the kernel says. */
static void the_kernel_says_who_it_is(void **state)
{
    uint8_t name[SMK_FAMILY_NAME], other[SMK_FAMILY_NAME] = {0};
    uid_t uid;
    int status;
    (void)state;
    int listener = smk_wire_listen(name);
    assert_true(listener >= 0);
    assert_false(smk_wire_nobody_listens(name));
    assert_true(smk_wire_nobody_listens(other));
    while (smk_wire_accept(listener) >= 0)
        continue;
    pid_t child = fork();
    if (child == 0) {
        int fd = smk_wire_connect(name);
        _exit(fd >= 0 && smk_wire_peer(fd, &uid) == getppid() && uid == geteuid() ? 0 : 1);
    }
    wait_readable(listener);
    int fd = smk_wire_accept(listener);
    assert_true(fd >= 0);
    assert_int_equal(smk_wire_peer(fd, &uid), child);
    assert_int_equal(uid, geteuid());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(smk_wire_peer(fd, &uid), child); /* dead, it is still who connected */
    assert_int_equal(smk_wire_receive(fd, &message), -EPIPE);
    smk_fd_close(fd);
    smk_fd_close(listener);
    assert_true(smk_wire_nobody_listens(name));
    assert_int_equal(smk_wire_peer(0, &uid), -1); /* no socket */
}

/* Strangers who connect and wait take the places of the queue, and no time of ours. */
static void a_full_queue_blocks_nobody(void **state)
{
    uint8_t name[SMK_FAMILY_NAME];
    int fds[64], count = 0, fd = 0;
    (void)state;
    int listener = smk_wire_listen(name);
    assert_true(listener >= 0);
    while (count < 64 && (fd = smk_wire_connect(name)) >= 0)
        fds[count++] = fd;
    assert_true(count > 0 && count < 64);
    assert_int_equal(fd, -EAGAIN);
    assert_false(smk_wire_nobody_listens(name)); /* somebody does, who is busy */
    for (int i = 0; i < count; i++)
        smk_fd_close(fds[i]);
    smk_fd_close(listener);
}

static void a_listener_is_one_of_tcp(void **state)
{
    uint8_t name[SMK_FAMILY_NAME];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fds[2];
    (void)state;
    int listener = smk_wire_listen(name), tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_false(smk_wire_is_listener(listener));
    assert_int_equal(bind(tcp, (struct sockaddr *)&address, sizeof address), 0);
    assert_false(smk_wire_is_listener(tcp));
    assert_int_equal(listen(tcp, 1), 0);
    assert_true(smk_wire_is_listener(tcp));
    assert_int_equal(pipe(fds), 0);
    assert_false(smk_wire_is_listener(fds[0]));
    assert_false(smk_wire_is_listener(-1));
    assert_false(smk_wire_is_listener(1000000));
    close(fds[0]);
    close(fds[1]);
    close(tcp);
    smk_fd_close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_has_the_length_of_its_kind, connect_two, close_two),
        cmocka_unit_test_setup_teardown(other_kinds_and_pieces_of_heads_are_none, connect_two, close_two),
        cmocka_unit_test_setup_teardown(descriptors_are_not_taken, connect_two, close_two),
        cmocka_unit_test_setup_teardown(who_does_not_read_is_given_up, connect_two, close_two),
        cmocka_unit_test(the_kernel_says_who_it_is),
        cmocka_unit_test(a_full_queue_blocks_nobody),
        cmocka_unit_test(a_listener_is_one_of_tcp),
    };
    return SMK_RUN(tests);
}
