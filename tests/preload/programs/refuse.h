/* refuse.h: a system-call filter that refuses some calls, by ending the process or with an error. */
#ifndef SMK_TESTS_REFUSE_H
#define SMK_TESTS_REFUSE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
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
} refuse_names[] = {
    {"membarrier", SYS_membarrier},   {"process_vm_readv", SYS_process_vm_readv},
    {"perf_event_open", SYS_perf_event_open}, {"setpriority", SYS_setpriority},
    {"prlimit64", SYS_prlimit64},     {"renameat2", SYS_renameat2},
    {"fstatfs", SYS_fstatfs},         {"wait4", SYS_wait4},
    {"ptrace", SYS_ptrace},           {"bpf", SYS_bpf},
};

/* By its name, or by its number. */
static inline unsigned refuse_number(const char *name)
{
    for (size_t i = 0; i < sizeof refuse_names / sizeof refuse_names[0]; i++)
        if (strcmp(refuse_names[i].name, name) == 0)
            return refuse_names[i].number;
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    if (end != name && *end == '\0')
        return (unsigned)number;
    fprintf(stderr, "no call '%s'\n", name);
    exit(2);
}

/* error: 0 ends the process. For all threads that there are. */
static inline void refuse(char **names, int count, unsigned error)
{
    struct sock_filter filter[2 * 16 + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned answer = error ? SECCOMP_RET_ERRNO | error : SECCOMP_RET_KILL_PROCESS;
    unsigned short n = 1;
    for (int i = 0; i < count && i < 16; i++) {
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refuse_number(names[i]), 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {n, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        perror("filter");
        exit(77);
    }
}

#endif
