/* filter CALL… -- COMMAND…: runs COMMAND under a system-call filter that ends the process at each CALL, as a
 * service's unit may have it. With "here" in the place of COMMAND it is this program that goes on: it sets
 * the filter when it has threads already, and then waits for a lock and polls. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *name;
    unsigned number;
} calls[] = {
    {"membarrier", SYS_membarrier},   {"process_vm_readv", SYS_process_vm_readv},
    {"perf_event_open", SYS_perf_event_open}, {"setpriority", SYS_setpriority},
    {"prlimit64", SYS_prlimit64},     {"renameat2", SYS_renameat2},
    {"fstatfs", SYS_fstatfs},         {"wait4", SYS_wait4},
    {"ptrace", SYS_ptrace},           {"bpf", SYS_bpf},
};

static unsigned number_of(const char *name)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i].name, name) == 0)
            return calls[i].number;
    fprintf(stderr, "filter: no call '%s'\n", name);
    exit(2);
}

static void set_filter(char **names, int count)
{
    struct sock_filter filter[2 * 16 + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned short n = 1;
    for (int i = 0; i < count && i < 16; i++) {
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number_of(names[i]), 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {n, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        perror("filter");
        exit(77);
    }
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *hold(void *arg)
{
    pthread_mutex_lock(&lock);
    usleep(20000);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void serve_a_while(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, hold, NULL);
    poll(NULL, 0, 100);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    puts("served");
}

int main(int argc, char **argv)
{
    int count = 0;
    while (1 + count < argc && strcmp(argv[1 + count], "--") != 0)
        count++;
    if (2 + count >= argc)
        return 2;
    set_filter(argv + 1, count);
    char **command = argv + 2 + count;
    if (strcmp(command[0], "here") == 0) {
        serve_a_while();
        return 0;
    }
    execvp(command[0], command);
    perror(command[0]);
    return 127;
}
