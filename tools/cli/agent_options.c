#include "agent_options.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/hosts.h"
#include "agent/recorder_spec.h"
#include "agent/settings.h"
#include "agent/token.h"
#include "cli.h"

static int read_tokens(const struct smk_settings *settings, struct smk_agent_answers *answers)
{
    struct smk_token control, look;
    int rc = 0;
    if (settings->token_file)
        rc = smk_token_read(&control, "token_file", settings->token_file);
    if (rc == 0 && settings->read_token_file)
        rc = smk_token_read(&look, "read_token_file", settings->read_token_file);
    answers->token = settings->token_file || settings->read_token_file;
    return rc;
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

/* Why the agent (agent/store.c) would not take it; NULL: it would. It is made as the agent would make it. */
static const char *why_not_directory(const char *path)
{
    struct stat st;
    if (path[0] != '/')
        return "allowed is an absolute path";
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || lstat(path, &st) != 0)
        return strerror(errno);
    if (!S_ISDIR(st.st_mode))
        return "is no directory";
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return "belongs to another user";
    if ((st.st_mode & 022) && !(st.st_mode & S_ISVTX))
        return "others may write to it";
    return access(path, W_OK | X_OK) != 0 ? strerror(errno) : NULL;
}

/* Without this file the agent does not start. */
static int try_log_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0)
        return smk_cli_fail("log_file: %s cannot be written: %s", path, strerror(errno));
    close(fd);
    return 0;
}

static int try_socket(const char *path)
{
    char copy[PATH_MAX];
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return smk_cli_fail("socket: %s is there and no socket", path);
    snprintf(copy, sizeof(copy), "%s", path);
    const char *directory = dirname(copy);
    if (access(directory, W_OK | X_OK) != 0)
        return smk_cli_fail("socket: %s cannot be made: %s: %s", path, directory, strerror(errno));
    return 0;
}

/* What the agent would find out when nobody listens to it any more. */
static int try_paths(const struct smk_settings *settings)
{
    const char *why = settings->directory ? why_not_directory(settings->directory) : NULL;
    int status = settings->log_file ? try_log_file(settings->log_file) : 0;
    if (!status && settings->socket && strcmp(settings->socket, "off") != 0)
        status = try_socket(settings->socket);
    if (!status && why)
        smk_cli_note("captures will be kept in memory: directory: %s: %s", settings->directory, why);
    return status;
}

int smk_agent_check_recorder(const char *text)
{
    struct smk_recorder_spec spec;
    if (!smk_recorder_parse(text, strlen(text), &spec))
        return smk_cli_fail("'%s' is no value for --recorder; allowed is " SMK_RECORDER_ALLOWED, text);
    return 0;
}

int smk_agent_options_check(struct smk_agent_answers *answers)
{
    static char hosts[SMK_HOSTS_SIZE];
    struct smk_settings settings;
    if (smk_settings_load(&settings, NULL) < 0)
        return smk_cli_fail("%s", smk_last_error());
    int rc = read_tokens(&settings, answers);
    if (rc == 0)
        rc = smk_parse_hosts(settings.hosts, hosts);
    copy(answers->listen, sizeof(answers->listen), settings.listen);
    copy(answers->socket, sizeof(answers->socket), settings.socket);
    int status = rc < 0 ? smk_cli_fail("%s", smk_last_error()) : try_paths(&settings);
    smk_settings_free(&settings);
    return status;
}
