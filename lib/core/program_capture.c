/* program_capture.c: the public stallmark/capture.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/capture.h"
#include "core/fds.h"
#include "core/init.h"
#include "format/events.h"

#define STOP_WAIT_NS UINT64_C(10000000000)

/* One at a time: `lock` guards the slot, `finished` frees it. */
static struct {
    struct smk_lock lock;
    struct smk_capture *capture; /* lock; NULL: none runs */
    char id[SMK_CAPTURE_ID_SIZE];
    smk_capture_options options;
    char path[1024];
    struct smk_file_sink file;
    int fd;
} program = {.lock = SMK_LOCK_INIT(SMK_RANK_PROGRAM)};

/* ---- a callback as a sink --------------------------------------------------------------------------------- */

static int callback_open(void *arg, uint32_t number)
{
    (void)arg;
    (void)number;
    return 0;
}

static int callback_write(void *arg, const void *data, size_t size)
{
    const smk_capture_options *options = arg;
    return options->write(options->arg, data, size) == 0 ? 0 : -ECANCELED;
}

static int callback_close(void *arg, bool good)
{
    (void)arg;
    (void)good;
    return 0;
}

static const struct smk_sink callback_sink = {callback_open, callback_write, callback_close};

/* ---- start ------------------------------------------------------------------------------------------------ */

static int check_options(const smk_capture_options *options)
{
    if (!options || options->size != sizeof *options)
        return smk_fail(SMK_E_INVALID, "options: begin with SMK_CAPTURE_OPTIONS");
    int ways = (options->path != NULL) + (options->fd >= 0) + (options->write != NULL);
    if (ways != 1)
        return smk_fail(SMK_E_INVALID, "%d of the options path, fd and write are set; allowed is exactly one", ways);
    if (options->path && strlen(options->path) >= sizeof program.path)
        return smk_fail(SMK_E_INVALID, "options: a path is at most 1023 bytes long");
    return 0;
}

static int open_directory(const char *path)
{
    char dir[sizeof program.path];
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (*file == '\0' || strlen(file) >= sizeof program.file.base)
        return smk_fail(SMK_E_INVALID, "options: the path names no file");
    snprintf(dir, sizeof dir, "%.*s", (int)len, path);
    const char *open_this = !slash ? "." : len == 0 ? "/" : dir;
    int fd = smk_sys_open(open_this, O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return smk_fail_errno(-fd, "%s", open_this);
    program.file = (struct smk_file_sink){.dir = smk_fd_keep(fd), .fd = -1, .exact = true};
    snprintf(program.file.base, sizeof program.file.base, "%s", file);
    return 0;
}

static int choose_sink(struct smk_capture_spec *spec)
{
    const smk_capture_options *options = &program.options;
    if (options->write) {
        spec->sink = &callback_sink;
        spec->sink_arg = &program.options;
    } else if (options->fd >= 0) {
        program.fd = options->fd;
        spec->sink = &smk_fd_sink_calls;
        spec->sink_arg = &program.fd;
    } else {
        spec->sink = &smk_file_sink_calls;
        spec->sink_arg = &program.file;
        return open_directory(options->path);
    }
    return 0;
}

static void close_directory(void)
{
    if (program.options.path)
        smk_fd_close(program.file.dir);
}

/* On the writer. The slot is free before the callback, which may start the next one. */
static void finished(void *arg, struct smk_capture *capture, enum smk_reason reason)
{
    char id[SMK_CAPTURE_ID_SIZE], path[sizeof program.path];
    (void)arg;
    smk_lock(&program.lock);
    smk_capture_options options = program.options;
    memcpy(id, program.id, sizeof id);
    memcpy(path, program.path, sizeof path);
    close_directory();
    program.capture = NULL;
    smk_unlock(&program.lock);
    smk_capture_release(capture);
    if (options.on_finished)
        options.on_finished(options.arg, id, options.path ? path : NULL, smk_reason_name(reason));
}

static int start_locked(const smk_capture_options *options)
{
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_PROGRAM,
                                    .name = options->name,
                                    .categories = smk_categories_timed(),
                                    .duration_ns = options->duration_ns,
                                    .max_bytes = options->max_bytes,
                                    .finished = finished};
    int rc = 0;
    if (options->categories)
        rc = smk_categories_parse(options->categories, strlen(options->categories), &spec.categories);
    if (rc < 0)
        return rc;
    program.options = *options;
    if (options->path)
        snprintf(program.path, sizeof program.path, "%s", options->path);
    smk_capture_new_id(program.id);
    memcpy(spec.id, program.id, sizeof spec.id);
    rc = choose_sink(&spec);
    if (rc < 0)
        return rc;
    rc = smk_capture_begin(&spec, &program.capture);
    if (rc < 0)
        close_directory();
    return rc;
}

SMK_EXPORT int smk_capture_start(const smk_capture_options *options, char id[SMK_CAPTURE_ID_SIZE])
{
    int rc = check_options(options);
    if (rc < 0)
        return rc;
    smk_lock(&program.lock);
    if (program.capture)
        rc = smk_fail(SMK_E_BUSY, "capture %s is running already", program.id);
    else
        rc = start_locked(options);
    if (id && (rc == 0 || rc == SMK_E_BUSY))
        memcpy(id, program.id, SMK_CAPTURE_ID_SIZE);
    smk_unlock(&program.lock);
    return rc;
}

/* ---- stop ------------------------------------------------------------------------------------------------- */

SMK_EXPORT int smk_capture_running(char id[SMK_CAPTURE_ID_SIZE])
{
    smk_lock(&program.lock);
    int running = program.capture != NULL;
    if (running && id)
        memcpy(id, program.id, SMK_CAPTURE_ID_SIZE);
    smk_unlock(&program.lock);
    return running;
}

SMK_EXPORT int smk_capture_stop(void)
{
    smk_lock(&program.lock);
    struct smk_capture *capture = program.capture;
    if (capture)
        smk_capture_hold(capture);
    smk_unlock(&program.lock);
    if (!capture)
        return 0;
    smk_capture_end(capture, SMK_REASON_STOPPED);
    bool done = smk_capture_wait(capture, STOP_WAIT_NS);
    smk_capture_release(capture);
    return done ? 0 : smk_fail(SMK_E_TIMEOUT, "the capture is still being written");
}

/* In a fork's child the capture is the parent's. */
void smk_program_capture_reset_in_child(void)
{
    smk_lock_reset(&program.lock);
    program.capture = NULL;
}
