/* The unix front's file: who may have it, what is replaced, what is removed. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/errors.h"
#include "unix_socket.h"

static char directory[] = "/tmp/smk-socket-XXXXXX";
static char path[64];

static int listen_as_somebody_else(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void it_is_for_its_owner_alone_and_goes_away(void **state)
{
    struct smk_unix_socket sock;
    struct stat st;
    mode_t before = umask(0);
    (void)state;
    assert_int_equal(smk_unix_socket_open(&sock, path, 4), 0);
    umask(before);
    assert_string_equal(sock.path, path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    smk_unix_socket_close(&sock);
    assert_int_equal(access(path, F_OK), -1);
    smk_unix_socket_close(&sock); /* twice does no harm */
}

static void a_dead_ones_socket_is_replaced(void **state)
{
    struct smk_unix_socket sock;
    (void)state;
    close(listen_as_somebody_else());
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(smk_unix_socket_open(&sock, path, 4), 0);
    smk_unix_socket_close(&sock);
}

static void a_living_ones_socket_is_left_alone(void **state)
{
    struct smk_unix_socket sock;
    int other = listen_as_somebody_else();
    (void)state;
    assert_int_equal(smk_unix_socket_open(&sock, path, 4), SMK_E_IO);
    assert_non_null(strstr(smk_last_error(), path));
    assert_int_equal(access(path, F_OK), 0);
    close(other);
    unlink(path);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct smk_unix_socket sock;
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    (void)state;
    assert_int_equal(smk_unix_socket_open(&sock, path, 4), SMK_E_IO);
    assert_int_equal(access(path, F_OK), 0);
    close(file);
    unlink(path);
}

static void what_took_its_place_is_not_removed(void **state)
{
    struct smk_unix_socket sock;
    (void)state;
    assert_int_equal(smk_unix_socket_open(&sock, path, 4), 0);
    unlink(path);
    int other = listen_as_somebody_else();
    smk_unix_socket_close(&sock);
    assert_int_equal(access(path, F_OK), 0);
    close(other);
    unlink(path);
}

static void paths_that_are_none(void **state)
{
    struct smk_unix_socket sock;
    char text[SMK_UNIX_PATH + 1];
    (void)state;
    assert_int_equal(smk_unix_socket_open(&sock, "relative.sock", 4), SMK_E_INVALID);
    assert_int_equal(smk_unix_socket_open(&sock, "", 4), SMK_E_INVALID);
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    text[SMK_UNIX_PATH] = '\0';
    assert_int_equal(smk_unix_socket_open(&sock, text, 4), SMK_E_INVALID);
    assert_int_not_equal(smk_unix_socket_open(&sock, "/nowhere/at/all.sock", 4), 0);
}

static void the_default_place(void **state)
{
    struct smk_unix_socket sock;
    char wanted[128];
    (void)state;
    setenv("XDG_RUNTIME_DIR", directory, 1);
    assert_int_equal(smk_unix_socket_open(&sock, NULL, 4), 0);
    snprintf(wanted, sizeof(wanted), "%s/stallmark/%d.sock", directory, (int)getpid());
    assert_string_equal(sock.path, wanted);
    smk_unix_socket_close(&sock);
    snprintf(wanted, sizeof(wanted), "%s/stallmark", directory);
    assert_int_equal(rmdir(wanted), 0);
}

static void the_other_end(void **state)
{
    struct ucred who;
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_true(smk_unix_peer(pair[0], &who));
    assert_int_equal(who.pid, getpid());
    assert_int_equal(who.uid, geteuid());
    close(pair[0]);
    close(pair[1]);
    assert_false(smk_unix_peer(pair[0], &who));
    assert_false(smk_unix_peer(-1, &who));
}

static int start(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/a.sock", directory);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_for_its_owner_alone_and_goes_away),
        cmocka_unit_test(a_dead_ones_socket_is_replaced),
        cmocka_unit_test(a_living_ones_socket_is_left_alone),
        cmocka_unit_test(what_is_no_socket_is_left_alone),
        cmocka_unit_test(what_took_its_place_is_not_removed),
        cmocka_unit_test(paths_that_are_none),
        cmocka_unit_test(the_default_place),
        cmocka_unit_test(the_other_end),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
