/* preload.c: the library as an object to preload, into a program that knows nothing of it.
 *
 *   STALLMARK_RECORD=<path>   (stallmark record) everything is captured to that file, from here to exit;
 *                             the writer's thread begins at the first trigger (source/start.h); where none
 *                             comes, the file is written at exit, and what the buffer could not keep is
 *                             counted as lost
 *   STALLMARK_RUN_BOX=<n>:<s> (--watch) the crash box's descriptor, core/box.h, and where others ask for one, box_ask.h
 *   STALLMARK_LISTEN_FD=<n>   (stallmark run) the TCP front's socket, which listens already: nobody else can take
 *                             the port that was printed; the first of the family has it
 *   else                      (stallmark run) the agent starts at the first trigger, with the options that
 *                             the environment names now
 *
 * What the program execs is not traced: the preload takes itself and its variables out of the environment.
 * With STALLMARK_FOLLOW_EXEC it leaves them; a file to record to belongs to this process alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/box.h"
#include "core/fds.h"
#include "core/init.h"
#include "core/ownthread.h"
#include "core/thread.h"
#include "core/writer.h"
#include "source/last.h"
#include "source/start.h"
#include "stallmark/capture.h"
#ifdef SMK_PRELOAD_AGENT
#include "box_ask.h"
#include "control.h"
#include "family.h"
#include "family_wire.h"
#include "log.h"
#include "preload_stderr.h"
#include "stallmark/agent.h"
#endif

#define PREFIX       "STALLMARK_"
#define OBJECT       "libstallmark-preload.so"
#define SETTINGS_MAX 64
#define NAME_MAX_LEN 40
#define TEXT_BYTES   32768

extern char **environ;

/* The variables as they were, since the program may change them, and servers that set their title write
 * over the memory in which they lie. In pages that are mapped once and kept. */
struct kept {
    struct {
        const char *name, *value;
    } settings[SETTINGS_MAX + 1]; /* by the option's name, in lower case; ended by NULL */
    uint32_t count, used;
    const char *record;
    bool follow_exec;
    int box;      /* descriptor of the crash box (core/box.h); 0: none */
    const char *watcher; /* the name of who holds it; NULL: none */
    int listener; /* `stallmark run` listens already; 0: it does not */
    char text[TEXT_BYTES];
};

static struct kept *kept;

/* ---- the environment -------------------------------------------------------------------------------------- */

static const char *keep_text(const char *text, size_t len, bool lower)
{
    if (len >= TEXT_BYTES - kept->used)
        return NULL;
    char *copy = kept->text + kept->used;
    for (size_t i = 0; i < len; i++)
        copy[i] = lower && text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    kept->used += (uint32_t)len + 1;
    return copy;
}

static bool is_on(const char *value) { return *value && strcmp(value, "0") != 0 && strcmp(value, "off") != 0; }

/* The library reads STALLMARK_CLOCK by itself. */
static void keep_variable(const char *name, size_t len, const char *value)
{
    if (len == 6 && memcmp(name, "RECORD", len) == 0) {
        kept->record = *value ? keep_text(value, strlen(value), false) : NULL;
    } else if (len == 11 && memcmp(name, "FOLLOW_EXEC", len) == 0) {
        kept->follow_exec = is_on(value);
    } else if (len == 9 && memcmp(name, "LISTEN_FD", len) == 0) {
        kept->listener = (int)strtol(value, NULL, 10);
    } else if (len == 7 && memcmp(name, "RUN_BOX", len) == 0) {
        kept->box = (int)strtol(value, NULL, 10);
        value = strchr(value, ':');
        kept->watcher = value ? keep_text(value + 1, strlen(value + 1), false) : NULL;
    } else if (*value && kept->count < SETTINGS_MAX && !(len == 5 && memcmp(name, "CLOCK", len) == 0)) {
        kept->settings[kept->count].name = keep_text(name, len, true);
        kept->settings[kept->count].value = keep_text(value, strlen(value), false);
        if (kept->settings[kept->count].value)
            kept->count++;
    }
}

static void keep_variables(void)
{
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals && strncmp(*entry, PREFIX, strlen(PREFIX)) == 0)
            keep_variable(*entry + strlen(PREFIX), (size_t)(equals - *entry) - strlen(PREFIX), equals + 1);
    }
    kept->settings[kept->count].name = NULL;
}

/* Takes variables that begin with `prefix` out of the list; their memory stays as it is. What is left over behind
 * it is NULL as well: Go's runtime looks behind the first NULL for what the kernel put there, ends with pointers,
 * and with nothing it asks /proc. */
static void drop_variables(const char *prefix)
{
    char **to = environ, **entry = environ;
    for (; entry && *entry; entry++)
        if (strncmp(*entry, prefix, strlen(prefix)) != 0)
            *to++ = *entry;
    while (to < entry)
        *to++ = NULL;
}

static bool is_ours(const char *path, size_t len)
{
    size_t own = strlen(OBJECT);
    return len >= own && memcmp(path + len - own, OBJECT, own) == 0 && (len == own || path[len - own - 1] == '/');
}

/* Takes us out of LD_PRELOAD, in place, and leaves what else is there. */
static void drop_preload(void)
{
    char *list = getenv("LD_PRELOAD"), *to = list;
    if (!list)
        return;
    for (const char *at = list; *at;) {
        size_t len = strcspn(at, ": ");
        if (len > 0 && !is_ours(at, len)) {
            if (to > list)
                *to++ = ':';
            memmove(to, at, len);
            to += len;
        }
        at += len + (at[len] != '\0');
    }
    *to = '\0';
    if (to == list)
        drop_variables("LD_PRELOAD=");
}

static void leave_environment(void)
{
    if (!kept->follow_exec) {
        drop_preload();
        drop_variables(PREFIX);
    } else {
        drop_variables(PREFIX "RECORD=");
    }
}

/* ---- what begins ------------------------------------------------------------------------------------------ */

static void start_writer(void)
{
    if (!smk_capture_running(NULL))
        return; /* a fork's child: the capture is its parent's */
    smk_writer_start();
    smk_writer_wake();
}

/* Before _exit and exec: as at exit, so that the file is whole. */
static void end_recording(void)
{
    smk_box_leave();
    if (smk_capture_running(NULL))
        smk_core_shutdown();
}

/* The file is opened now and written by its descriptor, under its own name: a server that gives up its rights
 * on the way could neither create nor rename one. Whatever there is of it opens. */
static void begin_recording(void)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    int fd = smk_sys_open(kept->record, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return; /* `stallmark record` has tried it, and said so */
    options.fd = smk_fd_keep(fd);
    smk_source_on_first_wait(start_writer);
    smk_source_before_end(end_recording);
    if (smk_capture_start(&options, NULL) < 0)
        smk_fd_close(options.fd);
}

#ifdef SMK_PRELOAD_AGENT
#define EXIT_WAIT_NS UINT64_C(2000000000)

static uint32_t starting; /* atomic, futex: the process in which the agent is being started now, 0: none */

/* Nobody hears what smk_agent_start says: the file that the operator named for the log does. */
static void tell_why(const struct smk_agent_setting *settings)
{
    char why[1024];
    snprintf(why, sizeof why, "%s", smk_last_error());
    for (; settings->name; settings++)
        if (strcmp(settings->name, "log_file") == 0 && smk_log_open(settings->value, NULL, NULL) == 0) {
            smk_agent_log("there is no agent in process %d: %s", smk_sys_getpid(), why);
            smk_log_close();
        }
}

static void *agent_begins(void *arg)
{
    struct smk_agent_setting settings[SETTINGS_MAX + 1];
    smk_agent_options options = SMK_AGENT_OPTIONS;
    smk_thread_hide();
    for (uint32_t i = 0; i <= kept->count; i++)
        settings[i] = (struct smk_agent_setting){kept->settings[i].name, kept->settings[i].value};
    options.settings = settings;
    smk_preload_make_stderr();
    if (smk_agent_start(&options) < 0 && !smk_control_running())
        tell_why(settings);
    smk_store_release(&starting, 0); /* pairs with: preload_ends */
    smk_sys_futex_wake(&starting, 1);
    return arg;
}

/* An agent that is just being started is waited for, so that it takes its socket away with it. */
__attribute__((destructor)) static void preload_ends(void)
{
    uint32_t process = (uint32_t)smk_sys_getpid();
    smk_box_leave();
    if (smk_load_acquire(&starting) == process) /* pairs with: agent_begins */
        smk_sys_futex_wait(&starting, process, EXIT_WAIT_NS);
    if (smk_core_is_own_process())
        smk_agent_stop();
}
#endif

/* On a thread of its own: the host's goes on at once, since it may hold what the start needs (the loader's
 * lock, in a plugin's constructor). */
static void start_agent(void)
{
    start_writer(); /* of a capture that a linked program has started by itself */
#ifdef SMK_PRELOAD_AGENT
    smk_store_relaxed(&starting, (uint32_t)smk_sys_getpid());
    if (smk_start_own_thread(agent_begins, NULL) < 0)
        smk_store_relaxed(&starting, 0);
#endif
}

static void begin_waiting(void)
{
#ifdef SMK_PRELOAD_AGENT
    smk_box_watcher(kept->watcher);
    smk_family_prepare();
    if (kept->listener > 2 && smk_wire_is_listener(kept->listener))
        smk_fd_hand_down(smk_fd_keep(kept->listener));
#endif
    smk_source_before_end(smk_box_leave);
    smk_source_on_first_wait(start_agent);
}

/* Right behind the library's own constructor. */
__attribute__((constructor(102))) static void preload_begins(void)
{
    int saved = errno; /* a program begins with 0 */
    kept = smk_core_inert() ? NULL : smk_sys_map(sizeof *kept);
    if (kept) {
        keep_variables();
        leave_environment();
        if (kept->box > 2)
            smk_box_take(kept->box);
        if (kept->record)
            begin_recording();
        else
            begin_waiting();
    }
    errno = saved;
}
