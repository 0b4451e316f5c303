/* only FILE -- COMMAND…: runs COMMAND under a filter that ends the process at each system call whose number is
 * not in FILE, as the unit of a service does that lists what it may do. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALLS_MAX = 1000 };

static struct sock_filter filter[2 * CALLS_MAX + 2];

static unsigned short read_filter(FILE *file)
{
    unsigned short n = 0;
    unsigned number;
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    while (n < 2 * CALLS_MAX && fscanf(file, "%u", &number) == 1) {
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    return n;
}

int main(int argc, char **argv)
{
    FILE *file = argc > 3 && strcmp(argv[2], "--") == 0 ? fopen(argv[1], "r") : NULL;
    if (!file)
        return 2;
    struct sock_fprog program = {.filter = filter};
    program.len = read_filter(file);
    fclose(file);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("only");
        return 77;
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 127;
}
