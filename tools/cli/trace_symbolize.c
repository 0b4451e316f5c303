#define _GNU_SOURCE
#include "trace_symbolize.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "lines/lines.h"
#include "read/append.h"

struct work {
    const struct smk_symbolize *what;
    struct smk_mem mem;
    smk_trace *trace;
    struct smk_lines *lines;
    struct smk_line_source source;
    struct smk_symbols symbols;
    struct smk_append append;
    struct stat before; /* of the input */
    char path[PATH_MAX], partial[PATH_MAX + 32];
    int fd; /* of the partial file */
};

static int failed(const char *what, const char *path)
{
    return smk_fail_errno(errno, "%s %s", path, what);
}

/* ---- the new file ---------------------------------------------------------------------------------------- */

/* A symbolic link stays one: what it leads to is replaced. */
static int find_path(struct work *work)
{
    const char *output = work->what->output ? work->what->output : work->what->input;
    struct stat st;
    if (stat(output, &st) == 0 && !S_ISREG(st.st_mode))
        return smk_fail(SMK_E_INVALID, "%s is no regular file", output);
    if (realpath(output, work->path))
        return 0;
    if (!output[0] || (size_t)snprintf(work->path, sizeof(work->path), "%s", output) >= sizeof(work->path))
        return smk_fail(SMK_E_INVALID, "'%s' is no file name", output);
    return 0;
}

static int open_partial(struct work *work)
{
    snprintf(work->partial, sizeof(work->partial), "%s.%d.partial", work->path, getpid());
    work->fd = open(work->partial, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (work->fd < 0)
        return failed("cannot be written", work->path);
    /* As readable as the old one was, where we may say so; else it is ours alone. */
    if (fchown(work->fd, work->before.st_uid, work->before.st_gid) == 0 &&
        fchmod(work->fd, work->before.st_mode & 0777) != 0)
        return failed("cannot be written", work->path);
    return 0;
}

static bool is_as_it_was(const struct work *work)
{
    struct stat now;
    return stat(work->what->input, &now) == 0 && now.st_ino == work->before.st_ino &&
           now.st_dev == work->before.st_dev && now.st_size == work->before.st_size &&
           now.st_mtim.tv_sec == work->before.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == work->before.st_mtim.tv_nsec;
}

static int keep_file(struct work *work)
{
    int result = fsync(work->fd) == 0 ? 0 : failed("cannot be written", work->path);
    if (close(work->fd) != 0 && result == 0)
        result = failed("cannot be written", work->path);
    work->fd = -1;
    if (result == 0 && !is_as_it_was(work))
        result = smk_fail(SMK_E_BUSY, "%s changed meanwhile and stays as it is now", work->what->input);
    if (result == 0 && rename(work->partial, work->path) != 0)
        result = failed("cannot be written", work->path);
    if (result != 0)
        unlink(work->partial);
    return result;
}

/* ---- what goes into it ------------------------------------------------------------------------------------ */

static int add_symbol(void *arg, const smk_symbol_info *symbol)
{
    struct work *work = arg;
    return smk_append_symbol(&work->append, symbol);
}

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    smk_cli_progress("looking up names", done, total);
}

/* A file that is still being written is renamed by whoever writes it, and must stay that one. */
static int look_before(struct work *work)
{
    const char *input = work->what->input;
    if (!smk_trace_get_info(work->trace)->to_end && !work->what->output)
        return smk_fail(SMK_E_INVALID,
                        "%s has no end: a part of a capture, cut, or still being written; with -o FILE the names "
                        "go into a copy",
                        input);
    if (stat(input, &work->before) != 0)
        return failed("cannot be looked at", input);
    return find_path(work);
}

static int write_new(struct work *work)
{
    struct smk_bake bake = {
        .symbols = &work->symbols, .add = add_symbol, .arg = work, .progress = show_progress};
    int result = smk_append_begin(&work->append, &work->mem, work->what->input, work->trace);
    if (result == 0)
        result = smk_bake(&bake);
    bool wanted = bake.added || work->what->output;
    if (result == 0 && wanted)
        result = smk_append_write(&work->append, work->fd);
    smk_append_free(&work->append);
    if (result == 0 && wanted)
        result = keep_file(work);
    smk_cli_progress_end();
    if (result == 0 && work->what->tell)
        work->what->tell(work->what->arg, &bake, wanted);
    return result;
}

static void clean(struct work *work)
{
    if (work->fd >= 0) {
        close(work->fd);
        unlink(work->partial);
    }
    if (work->symbols.mem)
        smk_symbols_free(&work->symbols);
    smk_lines_free(work->lines);
    smk_trace_close(work->trace);
}

int smk_cli_symbolize(const struct smk_symbolize *symbolize)
{
    struct work *work = calloc(1, sizeof(*work));
    if (!work)
        return smk_fail(SMK_E_NOMEM, "no memory");
    work->what = symbolize;
    work->fd = -1;
    smk_mem_init(&work->mem, NULL, NULL, 0);
    int result = smk_trace_open(&work->trace, symbolize->input, NULL);
    if (result == 0)
        result = look_before(work);
    if (result == 0)
        result = open_partial(work);
    if (result == 0) {
        work->lines = smk_lines_new(symbolize->debug_dir);
        work->source = smk_lines_source(work->lines);
        smk_symbols_init(&work->symbols, &work->mem, work->trace, work->lines ? &work->source : NULL, false);
        work->symbols.debug_dir = symbolize->debug_dir;
        result = write_new(work);
    }
    clean(work);
    free(work);
    return result;
}

void smk_cli_bake(const char *path)
{
    struct smk_symbolize symbolize = {.input = path};
    if (smk_cli_symbolize(&symbolize) < 0)
        smk_cli_note("no names were put into %s: %s", path, smk_last_error());
}
