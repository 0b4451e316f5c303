#define _GNU_SOURCE
#include "browser.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static bool has_display(void)
{
    const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    return (x11 && *x11) || (wayland && *wayland);
}

static bool write_file(struct smk_browser *browser, const char *url)
{
    const char *directory = getenv("XDG_RUNTIME_DIR");
    if (!directory || directory[0] != '/')
        directory = "/tmp";
    if (snprintf(browser->path, sizeof(browser->path), "%s/stallmark-view-XXXXXX.html", directory) >=
        (int)sizeof(browser->path))
        browser->path[0] = '\0';
    int fd = browser->path[0] ? mkostemps(browser->path, 5, O_CLOEXEC) : -1; /* 0600 */
    if (fd < 0) {
        browser->path[0] = '\0';
        return false;
    }
    int written = dprintf(fd,
                          "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">"
                          "<meta http-equiv=\"refresh\" content=\"0; url=%s\"><title>stallmark</title>\n",
                          url);
    close(fd);
    return written > 0;
}

/* Its words go nowhere, and it gets the signals that we have blocked. */
static bool spawn(const char *path)
{
    char *arguments[] = {(char *)"xdg-open", (char *)path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    for (int fd = 0; fd <= 2; fd++)
        posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawnp(&pid, "xdg-open", &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error == 0;
}

bool smk_browser_open(struct smk_browser *browser, const char *url)
{
    browser->path[0] = '\0';
    if (!has_display() || !write_file(browser, url))
        return false;
    signal(SIGCHLD, SIG_IGN); /* nobody waits for it */
    return spawn(browser->path);
}

void smk_browser_end(struct smk_browser *browser)
{
    if (browser->path[0])
        unlink(browser->path);
    browser->path[0] = '\0';
}
