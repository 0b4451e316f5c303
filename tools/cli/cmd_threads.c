/* stallmark threads: what each thread of a process is at now, as its agent says; without one, as /proc does. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc_stat.h"
#include "base/sys.h"
#include "cli.h"
#include "client.h"
#include "live_json.h"
#include "process.h"

extern const struct smk_command smk_cmd_threads;

struct thread {
    int tid;
    char name[32], wchan[64], call[64];
    char state;
    uint64_t cpu_ticks;
};

static const char *state_name(char state)
{
    switch (state) {
    case 'R':
        return "running or ready";
    case 'S':
        return "waiting";
    case 'D':
        return "waiting (disk)";
    case 'T':
    case 't':
        return "stopped";
    case 'Z':
        return "ended";
    default:
        return "other";
    }
}

static bool read_stat(const char *task, struct thread *thread)
{
    char path[128], text[1024];
    struct smk_proc_stat stat;
    snprintf(path, sizeof(path), "%s/%d/stat", task, thread->tid);
    if (smk_sys_slurp(path, text, sizeof(text)) <= 0 || !smk_proc_stat_parse(&stat, text))
        return false;
    snprintf(thread->name, sizeof(thread->name), "%.*s", (int)stat.name_len, stat.name);
    thread->state = stat.state;
    thread->cpu_ticks = smk_proc_stat_number(&stat, SMK_STAT_USER_TICKS) +
                        smk_proc_stat_number(&stat, SMK_STAT_SYSTEM_TICKS);
    return true;
}

/* Of `wchan` and `syscall`: what the kernel lets this user see. */
static void read_word(const char *task, int tid, const char *file, char *word, size_t size)
{
    char path[128], text[256];
    snprintf(path, sizeof(path), "%s/%d/%s", task, tid, file);
    int len = smk_sys_slurp(path, text, sizeof(text));
    snprintf(word, size, "%.*s", len > 0 ? (int)strcspn(text, " \n") : 1, len > 0 ? text : "-");
}

static void put_thread(const struct thread *thread)
{
    double cpu = (double)thread->cpu_ticks / (double)sysconf(_SC_CLK_TCK);
    printf("%7d  %-16s  %9.2f s  ", thread->tid, state_name(thread->state), cpu);
    bool waits = strcmp(thread->wchan, "0") != 0 && strcmp(thread->wchan, "-") != 0;
    smk_cli_puts(stdout, waits ? thread->wchan : "-");
    printf("%*s", waits && strlen(thread->wchan) < 24 ? 24 - (int)strlen(thread->wchan) : waits ? 1 : 23, "");
    printf("%-8s  ", strcmp(thread->call, "running") == 0 ? "-" : thread->call);
    smk_cli_puts(stdout, thread->name);
    putchar('\n');
}

/* What /proc has. */
static int show_proc(pid_t pid, const char *why)
{
    char task[64];
    struct smk_process process;
    snprintf(task, sizeof(task), "/proc/%d/task", pid);
    DIR *threads = smk_process_read(&process, pid) ? opendir(task) : NULL;
    if (!threads)
        return smk_cli_fail("there is no process %d; allowed are " SMK_TARGET_ALLOWED, pid);
    printf("partial: out of /proc, since %s; no stacks, no holders of locks\n", why);
    printf("    TID  STATE                    CPU  WAITS IN                SYSCALL   NAME\n");
    for (struct dirent *entry = readdir(threads); entry; entry = readdir(threads)) {
        struct thread thread = {.tid = (int)strtol(entry->d_name, NULL, 10)};
        if (thread.tid <= 0 || !read_stat(task, &thread))
            continue;
        read_word(task, thread.tid, "wchan", thread.wchan, sizeof(thread.wchan));
        read_word(task, thread.tid, "syscall", thread.call, sizeof(thread.call));
        put_thread(&thread);
    }
    closedir(threads);
    return SMK_EXIT_FINE;
}

/* Line by line: what hangs for ever is to be seen. */
static void put_colored(const char *text)
{
    bool color = smk_cli_color(stdout);
    for (size_t len; *text; text += len) {
        len = strcspn(text, "\n");
        len += text[len] == '\n';
        bool red = color && strncmp(text, "deadlock: ", 10) == 0;
        fputs(red ? "\033[1;31m" : "", stdout);
        fwrite(text, 1, len, stdout);
        fputs(red ? "\033[0m" : "", stdout);
    }
}

/* In the words of the agent's own text, with files and lines out of the binaries that are here. */
static int show_live(const struct smk_client *client, const json_t *json, bool resolve)
{
    char *text = NULL;
    size_t size;
    static struct smk_live_json read;
    int rc = smk_live_json_read(&read, json, client->target.pid, resolve);
    FILE *memory = rc == 0 ? open_memstream(&text, &size) : NULL;
    if (rc == 0)
        rc = memory ? smk_live_text(&read.live, smk_live_json_put, memory) : smk_fail(SMK_E_NOMEM, "no memory");
    if (memory)
        fclose(memory);
    if (rc == 0)
        put_colored(text);
    free(text);
    smk_live_json_free(&read);
    return rc == 0 ? SMK_EXIT_FINE : smk_cli_fail_last("the threads of %s", client->target.name);
}

struct wish {
    const char *target, *token_file;
    uint64_t max, pid;
    bool json, no_symbols;
};

/* True when its agent has answered; an older one has no such route. */
static bool ask_agent(struct smk_client *client, const struct wish *wish, int *status)
{
    struct smk_reply reply;
    struct smk_query query;
    char max[24], pid[24];
    snprintf(max, sizeof(max), "%llu", (unsigned long long)wish->max);
    snprintf(pid, sizeof(pid), "%llu", (unsigned long long)wish->pid);
    smk_query_begin(&query, "/debug/threads");
    smk_query_add(&query, "format", "json");
    smk_query_add(&query, "max", wish->max ? max : NULL);
    smk_query_add(&query, "symbols", wish->no_symbols ? "0" : NULL);
    smk_query_add(&query, "pid", wish->pid ? pid : NULL);
    *status = smk_client_ask(client, "GET", query.text, &reply);
    bool answered = *status == 0 && reply.status != 404 && reply.status != 501;
    if (answered && reply.status == 200 && reply.json && !wish->json)
        *status = show_live(client, reply.json, !wish->no_symbols);
    else if (answered && reply.status == 200)
        smk_cli_put_text(stdout, reply.body, reply.len);
    else if (answered)
        *status = smk_client_fail(&reply);
    smk_reply_free(&reply);
    return answered;
}

/* A pid is looked at in any case; a socket or an URL is an agent's. */
static int threads(const struct wish *wish)
{
    const char *target = wish->target;
    static struct smk_client client;
    struct smk_target found;
    char *end;
    int status = 0;
    long pid = strtol(target, &end, 10);
    bool is_pid = target[0] >= '0' && target[0] <= '9' && *end == '\0' && pid > 0 && pid <= INT32_MAX;
    if (is_pid && smk_target_of_process(&found, (pid_t)pid) != 0)
        return show_proc((pid_t)pid, "the process has no agent that this user may ask");
    if (is_pid)
        smk_target_close(&found);
    status = smk_client_open(&client, target, wish->token_file);
    if (status)
        return status;
    bool answered = ask_agent(&client, wish, &status);
    smk_client_close(&client);
    if (answered)
        return status;
    return is_pid ? show_proc((pid_t)pid, "its agent does not say more")
                  : smk_cli_fail("the agent at %s does not list its threads; with its pid, /proc is asked", target);
}

static int run(int argc, char **argv)
{
    struct wish wish = {0};
    const struct smk_cli_option options[] = {
        {"json", 0, SMK_CLI_FLAG, &wish.json, NULL},
        {"max", 0, SMK_CLI_COUNT, &wish.max, "1 to 16384"},
        {"no-symbols", 0, SMK_CLI_FLAG, &wish.no_symbols, NULL},
        {"pid", 0, SMK_CLI_COUNT, &wish.pid, "the pid of a process of the family"},
        {"token-file", 0, SMK_CLI_TEXT, &wish.token_file, NULL},
        SMK_CLI_END,
    };
    struct smk_cli_args args;
    if (!smk_target_parse(&args, &smk_cmd_threads, options, argc, argv))
        return args.exit_code;
    wish.target = args.operand[0];
    return threads(&wish);
}

const struct smk_command smk_cmd_threads = {
    "threads",
    "usage: stallmark threads TARGET [--json] [--max N] [--no-symbols] [--pid PID] [--token-file FILE]\n"
    "\n"
    "What each thread of a process is at now: deadlocks first, then who waits for whom, then for each thread\n"
    "its state, its wait and since when (~: estimated), who holds what it waits for, its request, and its stack\n"
    "with files and lines where the binaries are at hand. Nothing need be armed, and no signal is sent. TARGET\n"
    "is a pid, the path of a unix socket, or an URL. Of a process without an agent it is what /proc has, and the\n"
    "first line says so: state, CPU time, where in the kernel it waits, number of the system call, name.\n"
    "\n"
    "  --json             as the agent sent it\n"
    "  --max N            threads that are shown at most, 1 to 16384 (1000)\n"
    "  --no-symbols       modules and offsets: no file is opened for names, here or there\n"
    "  --pid PID          another process of its family: the first one asks it\n"
    "  --token-file FILE  the token that the agent wants (the file that STALLMARK_TOKEN_FILE names)\n",
    "what each thread of a process is at now", run};
