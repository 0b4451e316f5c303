/* rules_host: a program of whose own doing two rules fire; for rules_own.sh.
 *
 *     rules_host SOCKET DIRECTORY
 *
 * It does what the lines of its input say: "trigger NAME" calls smk_trigger(NAME) in a thread and says the thread's
 * number; "busy" keeps one CPU busy with four threads until an empty line; "stop" stops the agent and says what
 * that returned, the process goes on. At the end of its input it ends.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <stallmark/agent.h>
#include <stallmark/trace.h>

enum { THREADS = 4 };

static atomic_bool enough;

static void *trigger(void *name)
{
    smk_trigger(name);
    printf("%d\n", gettid());
    fflush(stdout);
    return NULL;
}

/* The first CPU that the process may use. */
static void use_one_cpu(void)
{
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    for (int i = 0, kept = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set) && kept++)
            CPU_CLR(i, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void *compute(void *arg)
{
    use_one_cpu();
    smk_thread_name("busy");
    while (!atomic_load(&enough))
        continue;
    return arg;
}

static void call_trigger(char *name)
{
    pthread_t thread;
    pthread_create(&thread, NULL, trigger, name);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    char line[100];
    int busy = 0;
    smk_agent_options options = SMK_AGENT_OPTIONS;
    if (argc != 3)
        return 2;
    options.socket = argv[1];
    options.directory = argv[2];
    options.rules = "full: when trigger \"cache full\" then snapshot after 10ms cooldown 1h\n"
                    "other: when trigger \"cache empty\"\n";
    if (smk_agent_start(&options) < 0)
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "trigger ", 8) == 0)
            call_trigger(line + 8);
        if (strcmp(line, "stop") == 0) {
            printf("%d\n", smk_agent_stop());
            fflush(stdout);
        }
        for (; strcmp(line, "busy") == 0 && busy < THREADS; busy++)
            pthread_create(&threads[busy], NULL, compute, NULL);
        if (line[0] == '\0')
            atomic_store(&enough, true);
    }
    atomic_store(&enough, true);
    while (busy > 0)
        pthread_join(threads[--busy], NULL);
    return 0;
}
