/* A live view of another process of the family: whole, however long it is; and of one that is somebody else's by now,
 * that has gone or that hangs, what is wrong with it. */
#define _GNU_SOURCE
#include "agent_test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "core/fds.h"
#include "family.h"
#include "family_wire.h"

#define THREADS 400
#define SECONDS 20

static struct fake_answer ask_about(pid_t pid, const char *more)
{
    char target[128];
    snprintf(target, sizeof target, "/debug/threads?pid=%d%s", pid, more);
    return fake_ask("GET", target);
}

/* Until it is in the family's table it is refused. */
static struct fake_answer ask_when_listed(pid_t pid, const char *more)
{
    struct fake_answer answer = ask_about(pid, more);
    for (int i = 0; i < SECONDS * 50 && answer.status == 400; i++) {
        free(answer.body);
        smk_sys_sleep(20000000);
        answer = ask_about(pid, more);
    }
    return answer;
}

static void expect(pid_t pid, int status, const char *part)
{
    struct fake_answer answer = ask_when_listed(pid, "");
    if (answer.status != status || !strstr(answer.body, part))
        fail_msg("%d %.*s; wanted is %d %s", answer.status, (int)answer.body_len, answer.body, status, part);
    free(answer.body);
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* ---- one of ours ----------------------------------------------------------------------------------------------- */

static void *wait_here(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void be_an_agent(void)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread, &small, wait_here, NULL) != 0)
            _exit(1);
    if (start_with(NULL) < 0)
        _exit(2);
    for (;;)
        pause();
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

static void all_of_it_comes(void **state)
{
    (void)state;
    if (SMK_TSAN) /* it starts no thread in a fork's child */
        skip();
    assert_int_equal(start_with(NULL), 0);
    pid_t child = fork();
    if (child == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
        be_an_agent();
    struct fake_answer answer = ask_when_listed(child, "&format=json&max=16384&symbols=0");
    assert_int_equal(answer.status, 200);
    char pid[32];
    snprintf(pid, sizeof pid, "\"pid\":%d,", child);
    assert_non_null(strstr(answer.body, pid));
    assert_true(count(answer.body, "\"tid\":") > THREADS);
    assert_string_equal(answer.body + answer.body_len - 2, "}\n");
    assert_true(answer.body_len > 4 * SMK_WIRE_DATA || count(answer.body, "\"pc\":") == 0);
    assert_string_equal(fake_header(&answer, "Content-Type"), "application/json");
    free(answer.body);
    answer = ask_about(child, "&max=0"); /* what it refuses is refused */
    assert_int_equal(answer.status, 400);
    assert_string_equal(fake_header(&answer, "Content-Type"), "application/problem+json");
    free(answer.body);
    end(child);
}

/* ---- one that is a stranger ------------------------------------------------------------------------------------ */

static void be_a_member(void (*says)(int fd))
{
    static struct smk_wire_message message;
    uint8_t name[SMK_FAMILY_NAME];
    int listener = smk_wire_listen(name), fd = -1;
    if (listener < 0 || !smk_family_enter(name))
        _exit(1);
    for (int rc = -EAGAIN; rc < 0 || message.kind != SMK_WIRE_ASK; usleep(1000)) { /* some only look whether we live */
        if (fd < 0 || rc != -EAGAIN)
            fd = smk_wire_accept(listener);
        rc = fd < 0 ? -EAGAIN : smk_wire_receive(fd, &message);
    }
    says(fd);
    for (;;)
        pause();
}

static void said(int fd, uint32_t status)
{
    smk_wire_send_wait(fd, SMK_WIRE_SAID, &(struct smk_wire_said){.status = status}, sizeof(struct smk_wire_said),
                       UINT64_C(1000000000));
}

static void no_word(int fd) { (void)fd; }
static void hangs_up(int fd) { smk_fd_close(fd); }
static void body_first(int fd) { smk_wire_send(fd, SMK_WIRE_CHUNKS, "text", 4); }
static void twice(int fd)
{
    said(fd, 200);
    said(fd, 200);
}
static void another_kind(int fd)
{
    said(fd, 200);
    smk_wire_send(fd, SMK_WIRE_STOP, NULL, 0);
}
static void no_status(int fd)
{
    said(fd, 999);
    smk_wire_send(fd, SMK_WIRE_CHUNKS, "text", 4);
    smk_wire_send(fd, SMK_WIRE_END, &(struct smk_wire_end){0}, sizeof(struct smk_wire_end));
}
static void without_end(int fd)
{
    static uint8_t data[SMK_WIRE_DATA];
    said(fd, 200);
    memset(data, 'x', sizeof data);
    while (smk_wire_send_wait(fd, SMK_WIRE_CHUNKS, data, sizeof data, UINT64_C(1000000000)) == 0)
        ;
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        void (*says)(int fd);
        int status;
        const char *part;
    } members[] = {
        {no_word, 504, "does not answer within three seconds"},
        {hangs_up, 504, "it has gone"},
        {body_first, 504, "it said what nobody of ours says"},
        {twice, 504, "it said what nobody of ours says"},
        {another_kind, 504, "it said what nobody of ours says"},
        {no_status, 502, "text"},
        {without_end, 504, "its answer is too long"},
    };
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    for (size_t i = 0; i < SMK_ARRAY_LEN(members); i++) {
        pid_t child = fork();
        if (child == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
            be_a_member(members[i].says);
        expect(child, members[i].status, members[i].part);
        end(child);
    }
}

static void nobody_else_is_asked(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    fake_expect("GET", "/debug/threads?pid=1", 400, "this process");
    fake_expect("GET", "/debug/threads?pid=x", 400, "pid");
    fake_expect("GET", "/debug/requests?pid=0", 400, "pid");
    char target[64];
    snprintf(target, sizeof target, "/debug/threads?pid=%d", getpid());
    fake_expect("GET", target, 200, "threads: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(all_of_it_comes),
        WITH_DIRECTORY(what_is_wrong_is_said),
        WITH_DIRECTORY(nobody_else_is_asked),
    };
    return SMK_RUN(tests);
}
