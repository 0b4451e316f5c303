#define _GNU_SOURCE
#include "source/look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/entries.h"
#include "base/proc_stat.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/fds.h"
#include "core/hidden.h"
#include "source/probe.h"

#define CALL_TEXT 256

/* One caller at a time. */
static struct {
    int tasks;          /* /proc/self/task */
    uint64_t scheduler; /* what to add to the scheduler's clock to get CLOCK_MONOTONIC */
    bool scheduler_known;
} now;

/* ---- one file of a thread's ------------------------------------------------------------------------------------ */

/* At most size - 1 bytes, ended by NUL. The descriptor to read it again, or -errno. */
static int open_file(uint32_t tid, const char *file, char *text, size_t size)
{
    char path[48];
    snprintf(path, sizeof path, "%u/%s", tid, file);
    int fd = smk_sys_openat(now.tasks, path, O_RDONLY | O_CLOEXEC, 0);
    ssize_t n = fd < 0 ? fd : smk_sys_pread(fd, text, size - 1, 0);
    if (fd >= 0 && n < 0)
        smk_sys_close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n < 0 ? (int)n : fd;
}

static int read_file(uint32_t tid, const char *file, char *text, size_t size)
{
    int fd = open_file(tid, file, text, size);
    if (fd >= 0)
        smk_sys_close(fd);
    return fd < 0 ? fd : 0;
}

bool smk_look_is_thread(uint32_t tid)
{
    char path[48];
    struct stat st;
    snprintf(path, sizeof path, "/proc/self/task/%u", tid);
    return tid != 0 && smk_sys_statat(AT_FDCWD, path, &st) == 0;
}

/* ---- since when ------------------------------------------------------------------------------------------------ */

/* "se.exec_start   :  14525947.992186", ms of the scheduler's clock: when it last ran. */
static bool read_last_run(uint32_t tid, uint64_t *ns)
{
    char text[512], *end;
    if (read_file(tid, "sched", text, sizeof text) < 0)
        return false;
    const char *line = strchr(text, '\n');
    line = line ? strstr(line, "se.exec_start") : NULL;
    line = line ? strchr(line, ':') : NULL;
    if (!line)
        return false;
    uint64_t ms = strtoull(line + 1, &end, 10);
    *ns = ms * 1000000 + (*end == '.' ? strtoull(end + 1, NULL, 10) : 0);
    return true;
}

/* Our own CPU clock is read before, which brings the time at which we last ran up to now. */
static void compare_clocks(void)
{
    uint64_t last;
    smk_sys_clock(CLOCK_THREAD_CPUTIME_ID);
    now.scheduler_known = read_last_run((uint32_t)smk_sys_gettid(), &last);
    now.scheduler = smk_sys_clock(CLOCK_MONOTONIC) - last;
}

static void estimate_since(struct smk_look *look)
{
    uint64_t last;
    if (!now.scheduler_known || !read_last_run(look->tid, &last))
        return;
    uint64_t at = smk_sys_clock(CLOCK_MONOTONIC), began = last + now.scheduler;
    look->waited_ns = began < at ? at - began : 0; /* CPUs' clocks differ by a little */
    look->since = SMK_SINCE_ESTIMATED;
}

/* ---- state ----------------------------------------------------------------------------------------------------- */

static bool read_state(struct smk_look *look)
{
    char text[512];
    struct smk_proc_stat stat;
    if (read_file(look->tid, "stat", text, sizeof text) < 0 || !smk_proc_stat_parse(&stat, text))
        return false;
    size_t len = smk_min_u64(stat.name_len, SMK_NAME_MAX - 1);
    memcpy(look->name, stat.name, len);
    look->name[len] = '\0';
    look->uninterruptible = stat.state == 'D';
    switch (stat.state) {
    case 'R':
        look->state = SMK_LOOK_RUNNABLE;
        break;
    case 'T':
    case 't':
        look->state = SMK_LOOK_STOPPED;
        break;
    case 'Z':
    case 'X':
        look->state = SMK_LOOK_ENDED;
        break;
    default:
        look->state = SMK_LOOK_WAITING;
    }
    return true;
}

bool smk_look_parse_call(const char *text, struct smk_look_call *call)
{
    char *end;
    *call = (struct smk_look_call){.number = -1};
    if (strncmp(text, "running", 7) == 0)
        return true;
    call->number = strtoll(text, &end, 10);
    if (end == text)
        return false;
    uint64_t values[8];
    unsigned count = 0;
    for (; count < 8 && *end == ' '; count++)
        values[count] = strtoull(end + 1, &end, 16);
    if (count != (call->number < 0 ? 2 : 8))
        return false;
    if (call->number >= 0)
        memcpy(call->args, values, sizeof call->args);
    call->sp = values[count - 2];
    call->pc = values[count - 1];
    call->asleep = true;
    return true;
}

/* Its CPU clock goes on while it runs; a thread that is ready and has no CPU stands still. */
static void tell_running(struct smk_look *look, uint64_t cpu)
{
    for (int i = 0; look->state == SMK_LOOK_RUNNABLE && i < 2; i++) {
        if (smk_sys_thread_cpu((int)look->tid) != cpu)
            look->state = SMK_LOOK_RUNNING;
        else
            smk_sys_clock(CLOCK_THREAD_CPUTIME_ID); /* a call's time more */
    }
}

/* ---- one thread ------------------------------------------------------------------------------------------------ */

/* What its slot knows: its own thread writes it on. */
static bool read_slot(struct smk_look *look, const struct smk_thread *slot, struct smk_wait_now *wait)
{
    if (!slot || smk_load_relaxed(&slot->tid) != look->tid)
        return false;
    char name[SMK_NAME_MAX];
    look->request = smk_load_relaxed(&slot->request);
    smk_name_load(&slot->name, name); /* as the program calls it, which may be more than the kernel keeps */
    if (name[0])
        memcpy(look->name, name, sizeof name);
    return smk_wait_read(slot, wait);
}

static void take_published(struct smk_look *look, const struct smk_wait_now *wait)
{
    uint64_t at = smk_ticks();
    look->published = true;
    look->kind = (uint8_t)wait->kind;
    look->since = SMK_SINCE_EXACT;
    look->waited_ns = wait->since < at ? smk_ticks_to_ns(at - wait->since) : 0;
    if (wait->kind == SMK_WAIT_LOCK || wait->kind == SMK_WAIT_COND) {
        look->object = wait->object;
        /* Who holds it now, where the call says so, is better than who held it when the wait began. */
        if (look->holder == 0 && smk_look_is_thread(wait->holder))
            look->holder = wait->holder;
    }
}

static const char *why_no_call(int error)
{
    return error == -EACCES || error == -EPERM
               ? "the kernel does not let this process read it: it changed its user, or may not be dumped"
           : error == -ENOENT ? "this kernel has no /proc/self/task/TID/syscall"
                              : "/proc/self/task/TID/syscall cannot be read";
}

/* A thread that sleeps: what in, and from where. What was read is read once more behind the stack, which is
 * another wait's where it differs. */
static void look_at_sleeper(struct smk_look *look, const struct smk_thread *slot)
{
    char text[CALL_TEXT], again[CALL_TEXT];
    struct smk_look_call call = {.number = -1};
    struct smk_wait_now wait, later;
    int fd = open_file(look->tid, "syscall", text, sizeof text);
    bool known = fd >= 0 && smk_look_parse_call(text, &call) && call.asleep;
    bool published = read_slot(look, slot, &wait) && !(known && wait.sp && call.sp >= wait.sp);
    if (known)
        smk_look_at_call(look, &call, smk_look_is_thread);
    if (published)
        take_published(look, &wait);
    else
        estimate_since(look);
    if (published && wait.fp)
        smk_look_at_stack(look, wait.pc, wait.sp, wait.fp);
    else if (known)
        smk_look_at_stack(look, call.pc, call.sp, 0);
    else
        look->stack_why = fd < 0 ? why_no_call(fd) : "it ran on while it was looked at";
    bool same = published && wait.fp ? smk_wait_read(slot, &later) && later.seq == wait.seq
                                     : known && smk_sys_pread(fd, again, sizeof again - 1, 0) > 0 &&
                                           strncmp(again, text, strcspn(text, "\n")) == 0;
    if (look->depth && !same) {
        look->depth = 0;
        look->stack_why = "it ran on while it was looked at";
    }
    if (fd >= 0)
        smk_sys_close(fd);
}

static bool look_at(struct smk_look *look, const struct smk_thread *slot)
{
    struct smk_wait_now wait;
    uint64_t cpu = smk_sys_thread_cpu((int)look->tid);
    if (!read_state(look))
        return false; /* it has ended */
    look->call = NULL;
    if (look->state == SMK_LOOK_WAITING || look->state == SMK_LOOK_STOPPED) {
        look_at_sleeper(look, slot);
    } else {
        read_slot(look, slot, &wait);
        look->stack_why = look->state == SMK_LOOK_ENDED ? "it has ended" : "it runs";
    }
    tell_running(look, cpu);
    return true;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static bool by_tid(const void *a, const void *b)
{
    return ((const struct smk_look *)a)->tid < ((const struct smk_look *)b)->tid;
}

static void add(const struct smk_look_options *options, struct smk_look *looks, struct smk_look_result *result,
                uint32_t tid)
{
    if (smk_hidden_bit(tid))
        return;
    result->threads++;
    if ((options->only && options->only != tid) || result->looked == options->max)
        return;
    struct smk_look *look = &looks[result->looked++];
    memset(look, 0, offsetof(struct smk_look, pcs));
    look->tid = tid;
}

static int list(const struct smk_look_options *options, struct smk_look *looks, struct smk_look_result *result)
{
    static struct smk_entries entries;
    smk_entries_begin(&entries, now.tasks);
    for (const char *name; (name = smk_entries_next(&entries)) != NULL;)
        if (smk_entry_number(name) > 0)
            add(options, looks, result, (uint32_t)smk_entry_number(name));
    smk_sort(looks, result->looked, sizeof *looks, by_tid);
    return entries.result;
}

struct slots {
    struct smk_look *looks;
    struct smk_thread **found;
    uint32_t count;
};

static bool find_slot(struct smk_thread *slot, void *arg)
{
    struct slots *slots = arg;
    uint32_t tid = smk_load_relaxed(&slot->tid), low = 0, high = slots->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (slots->looks[middle].tid < tid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < slots->count && slots->looks[low].tid == tid &&
        smk_load_relaxed(&slot->state) == SMK_THREAD_LIVE)
        slots->found[low] = slot;
    return true;
}

static void look_at_all(const struct smk_look_options *options, struct smk_look *looks, struct smk_thread **found,
                        struct smk_look_result *result)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < result->looked && !result->late; i++) {
        if (look_at(&looks[i], found ? found[i] : NULL)) {
            if (kept != i)
                memcpy(&looks[kept], &looks[i], sizeof *looks);
            kept++;
        } else {
            result->threads--;
        }
        result->late = smk_sys_clock(CLOCK_MONOTONIC) > options->until_ns;
    }
    result->looked = kept;
}

int smk_look_threads(const struct smk_look_options *options, struct smk_look *looks, struct smk_look_result *result)
{
    *result = (struct smk_look_result){.why = smk_probe_calls()};
    if (result->why)
        return -EPERM;
    smk_stack_prepare();
    now.tasks = smk_fd_keep(smk_sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
    if (now.tasks < 0)
        return now.tasks;
    int rc = list(options, looks, result);
    size_t size = (result->looked + 1) * sizeof(struct smk_thread *);
    struct smk_thread **found = rc < 0 ? NULL : smk_sys_map(size);
    if (found)
        smk_threads_each(find_slot, &(struct slots){looks, found, result->looked});
    compare_clocks();
    if (rc >= 0)
        look_at_all(options, looks, found, result);
    if (found)
        smk_sys_unmap(found, size);
    smk_fd_close(now.tasks);
    return rc < 0 ? rc : 0;
}
