/* settings.c: see settings.h. Each place is read over the one that counts less, so the last word stays. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "heap.h"
#include "recorder_spec.h"
#include "settings.h"

#define FILE_MAX   65536
#define PREFIX     "STALLMARK_"
#define ALLOWED    200
#define SHOWN      60 /* bytes of a wrong value in a message */

extern char **environ;

#define X(kind, name, standard, least, most, what)                                                         \
    {SMK_SETTING_##kind, #name, standard, least, most, what, offsetof(struct smk_settings, name)},
static const struct smk_setting table[] = {SMK_SETTINGS(X)};
#undef X

const struct smk_setting *smk_setting_at(size_t number)
{
    return number < SMK_ARRAY_LEN(table) ? &table[number] : NULL;
}

/* ---- what is allowed ------------------------------------------------------------------------------------ */

void smk_setting_allowed(const struct smk_setting *setting, char *text, size_t size)
{
    char least[32], most[32];
    switch (setting->kind) {
    case SMK_SETTING_TIME:
        smk_format_duration(setting->least, least, sizeof least);
        smk_format_duration(setting->most, most, sizeof most);
        snprintf(text, size, "a time from %s to %s, as 500ms or 1m30s", least, most);
        break;
    case SMK_SETTING_BYTES:
        smk_format_bytes(setting->least, least, sizeof least);
        smk_format_bytes(setting->most, most, sizeof most);
        snprintf(text, size, "a size from %s to %s, as 64MiB", least, most);
        break;
    case SMK_SETTING_COUNT:
        snprintf(text, size, "a whole number from %llu to %llu", (unsigned long long)setting->least,
                 (unsigned long long)setting->most);
        break;
    case SMK_SETTING_FLAG:
        snprintf(text, size, "on or off");
        break;
    case SMK_SETTING_SHARE:
        snprintf(text, size, "off, or a share from 0.01%% to 100%%, as 2%% or 0.25%%");
        break;
    case SMK_SETTING_TEXT:
        snprintf(text, size, "%s", strcmp(setting->name, "recorder") == 0
                                       ? SMK_RECORDER_ALLOWED
                                   : strcmp(setting->name, "rules") == 0
                                       ? "a text of 1 to 16384 bytes, a rule in each line"
                                       : "a text of 1 to 4096 bytes without control characters");
    }
}

void smk_setting_value(const struct smk_setting *setting, const struct smk_settings *settings, char *text,
                       size_t size)
{
    const void *field = (const char *)settings + setting->offset;
    switch (setting->kind) {
    case SMK_SETTING_TIME:
        smk_format_duration(*(const uint64_t *)field, text, size);
        break;
    case SMK_SETTING_BYTES:
        smk_format_bytes(*(const uint64_t *)field, text, size);
        break;
    case SMK_SETTING_COUNT:
        snprintf(text, size, "%llu", (unsigned long long)*(const uint64_t *)field);
        break;
    case SMK_SETTING_FLAG:
        snprintf(text, size, "%s", *(const bool *)field ? "on" : "off");
        break;
    case SMK_SETTING_SHARE:
        smk_format_share(*(const uint64_t *)field, text, size);
        break;
    case SMK_SETTING_TEXT:
        snprintf(text, size, "%s", *(char *const *)field ? *(char *const *)field : "");
    }
}

/* ---- one value ------------------------------------------------------------------------------------------ */

static bool parse_count(const char *text, size_t len, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > UINT64_MAX / 10 - 1)
            return false;
        *value = *value * 10 + (unsigned)(text[i] - '0');
    }
    return len > 0;
}

static bool parse_flag(const char *text, size_t len, bool *flag)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"on", true}, {"off", false}, {"1", true}, {"0", false}, {"yes", true}, {"no", false},
                 {"true", true}, {"false", false}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(words); i++)
        if (strlen(words[i].word) == len && memcmp(words[i].word, text, len) == 0) {
            *flag = words[i].value;
            return true;
        }
    return false;
}

static bool parse_text(const struct smk_setting *setting, const char *text, size_t len, char **field)
{
    struct smk_recorder_spec spec;
    if (len == 0 || len > setting->most)
        return false;
    bool lines = strcmp(setting->name, "rules") == 0;
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] < ' ' && !(lines && text[i] == '\n')) || text[i] == 0x7f)
            return false;
    if (strcmp(setting->name, "recorder") == 0 && !smk_recorder_parse(text, len, &spec))
        return false;
    char *copy = smk_heap_alloc(len + 1);
    if (!copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    smk_heap_free(*field);
    *field = copy;
    return true;
}

static bool parse_value(const struct smk_setting *setting, const char *text, size_t len, void *field)
{
    uint64_t number = 0;
    bool good = false;
    switch (setting->kind) {
    case SMK_SETTING_FLAG:
        return parse_flag(text, len, field);
    case SMK_SETTING_TEXT:
        return parse_text(setting, text, len, field);
    case SMK_SETTING_TIME:
        good = smk_parse_duration(text, len, &number);
        break;
    case SMK_SETTING_BYTES:
        good = smk_parse_bytes(text, len, &number);
        break;
    case SMK_SETTING_COUNT:
        good = parse_count(text, len, &number);
        break;
    case SMK_SETTING_SHARE:
        good = smk_parse_share(text, len, &number);
    }
    if (!good || number < setting->least || number > setting->most)
        return false;
    *(uint64_t *)field = number;
    return true;
}

/* `where` is what the message begins with: "STALLMARK_LISTEN", "/etc/shop.conf:3". */
static int set(struct smk_settings *settings, const struct smk_setting *setting, const char *text, size_t len,
               const char *where)
{
    char allowed[ALLOWED];
    if (parse_value(setting, text, len, (char *)settings + setting->offset))
        return 0;
    smk_setting_allowed(setting, allowed, sizeof allowed);
    return smk_fail(SMK_E_INVALID, "%.150s: %s is '%.*s'; allowed is %s", where, setting->name,
                    (int)(len > SHOWN ? SHOWN : len), text, allowed);
}

static const struct smk_setting *find(const char *name, size_t len)
{
    for (size_t i = 0; i < SMK_ARRAY_LEN(table); i++)
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
            return &table[i];
    return NULL;
}

static int unknown(const char *name, size_t len, const char *where)
{
    char names[600];
    size_t used = 0;
    for (size_t i = 0; i < SMK_ARRAY_LEN(table) && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? " " : "", table[i].name);
    return smk_fail(SMK_E_INVALID, "%.100s: no setting '%.*s'; there are: %s", where,
                    (int)(len > SHOWN ? SHOWN : len), name, names);
}

/* ---- the file ------------------------------------------------------------------------------------------- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_space((*text)[0])) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_space((*text)[*len - 1]))
        (*len)--;
}

/* Each line `rule` of the file is one more of them. Whether it is a rule is found out when it is set: one that is
 * none does not keep the others, or the service, from starting. */
static int add_rule(struct smk_settings *settings, const char *value, size_t len, const char *where)
{
    const struct smk_setting *setting = find("rules", 5);
    char *all = settings->rules ? smk_heap_printf("%s\n%.*s", settings->rules, (int)len, value)
                                : smk_heap_printf("%.*s", (int)len, value);
    if (!all)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    int rc = set(settings, setting, all, strlen(all), where);
    smk_heap_free(all);
    return rc;
}

static int read_line(struct smk_settings *settings, const char *line, size_t len, const char *where)
{
    trim(&line, &len);
    if (len == 0 || line[0] == '#')
        return 0;
    const char *equals = memchr(line, '=', len);
    if (!equals)
        return smk_fail(SMK_E_INVALID, "%.150s: '%.*s': allowed is name = value, or a line that begins with #", where,
                        (int)(len > SHOWN ? SHOWN : len), line);
    const char *value = equals + 1;
    size_t name_len = (size_t)(equals - line), value_len = (size_t)(line + len - value);
    trim(&line, &name_len);
    trim(&value, &value_len);
    if (name_len == 4 && memcmp(line, "rule", 4) == 0)
        return add_rule(settings, value, value_len, where);
    const struct smk_setting *setting = find(line, name_len);
    if (!setting)
        return unknown(line, name_len, where);
    if (strcmp(setting->name, "config") == 0)
        return smk_fail(SMK_E_INVALID, "%.150s: a config file cannot name another", where);
    return set(settings, setting, value, value_len, where);
}

static int read_file(struct smk_settings *settings, const char *path)
{
    struct stat st;
    char *text = smk_heap_alloc(FILE_MAX);
    if (!text)
        return smk_fail(SMK_E_NOMEM, "no memory to read %.150s", path);
    int rc = 0, fd = smk_sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    bool regular = fd >= 0 && smk_sys_fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    ssize_t size = regular ? smk_sys_read(fd, text, FILE_MAX) : -1;
    if (fd >= 0)
        smk_sys_close(fd);
    if (fd < 0)
        rc = smk_fail_errno(-fd, "config: %.150s", path);
    else if (size < 0 || size == FILE_MAX)
        rc = smk_fail(SMK_E_INVALID, "config: %.150s: allowed is a file of less than 64 KiB", path);
    unsigned number = 0;
    for (char *line = text, *end = text + size; rc == 0 && line < end;) {
        char where[200];
        char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        snprintf(where, sizeof where, "%.150s:%u", path, ++number);
        rc = read_line(settings, line, (size_t)(stop - line), where);
        line = stop + 1;
    }
    smk_heap_free(text);
    return rc;
}

/* ---- the environment ------------------------------------------------------------------------------------ */

/* Names of the environment that are not the agent's. */
static bool is_others(const char *name, size_t len)
{
    static const char *const others[] = {"CLOCK", "RECORD", "FOLLOW_EXEC", "LISTEN_FD"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(others); i++)
        if (strlen(others[i]) == len && memcmp(others[i], name, len) == 0)
            return true;
    return len > 4 && memcmp(name, "RUN_", 4) == 0; /* from `stallmark run` to the preload */
}

static const struct smk_setting *find_upper(const char *name, size_t len)
{
    char lower[40];
    if (len >= sizeof lower)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if (name[i] >= 'a' && name[i] <= 'z')
            return NULL;
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
    }
    return find(lower, len);
}

/* `only` NULL: all of them. An empty value is one that is not set. */
static int read_environment(struct smk_settings *settings, const char *only)
{
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals || strncmp(*entry, PREFIX, strlen(PREFIX)) != 0 || equals[1] == '\0')
            continue;
        const char *name = *entry + strlen(PREFIX);
        size_t len = (size_t)(equals - name);
        const struct smk_setting *setting = find_upper(name, len);
        char where[80];
        snprintf(where, sizeof where, "%.*s", (int)(equals - *entry), *entry);
        if (!setting && is_others(name, len))
            continue;
        if (!setting)
            return unknown(name, len, "the environment");
        if (only && strcmp(setting->name, only) != 0)
            continue;
        int rc = set(settings, setting, equals + 1, strlen(equals + 1), where);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- the program ---------------------------------------------------------------------------------------- */

static int read_option(struct smk_settings *settings, const char *name, const char *value)
{
    char where[80];
    if (!value)
        return 0;
    const struct smk_setting *setting = find(name, strlen(name));
    if (!setting)
        return unknown(name, strlen(name), "options.settings");
    snprintf(where, sizeof where, "options.%.40s", name);
    return set(settings, setting, value, strlen(value), where);
}

static int read_options(struct smk_settings *settings, const smk_agent_options *options)
{
    const struct smk_agent_setting fields[] = {
        {"listen", options->listen},         {"socket", options->socket},
        {"directory", options->directory},   {"token_file", options->token_file},
        {"config", options->config},         {"read_token_file", options->read_token_file},
        {"recorder", options->recorder},     {"log_file", options->log_file},
        {"rules", options->rules},
    };
    int rc = 0;
    for (const struct smk_agent_setting *more = options->settings; rc == 0 && more && more->name; more++)
        rc = read_option(settings, more->name, more->value);
    for (size_t i = 0; rc == 0 && i < SMK_ARRAY_LEN(fields); i++)
        rc = read_option(settings, fields[i].name, fields[i].value);
    return rc;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static int set_defaults(struct smk_settings *settings)
{
    int rc = 0;
    memset(settings, 0, sizeof *settings);
    for (size_t i = 0; rc == 0 && i < SMK_ARRAY_LEN(table); i++)
        if (table[i].standard)
            rc = set(settings, &table[i], table[i].standard, strlen(table[i].standard), "default");
    return rc;
}

/* The program's name for the file counts before the environment's. */
static int find_file(struct smk_settings *settings, const smk_agent_options *options)
{
    int rc = read_environment(settings, "config");
    for (const struct smk_agent_setting *more = options ? options->settings : NULL; rc == 0 && more && more->name;
         more++)
        if (strcmp(more->name, "config") == 0)
            rc = read_option(settings, "config", more->value);
    return rc == 0 && options ? read_option(settings, "config", options->config) : rc;
}

bool smk_settings_listen(const struct smk_settings *settings)
{
    return settings->listen && strcmp(settings->listen, "none") != 0;
}

static int check_together(const struct smk_settings *settings)
{
    char bytes[32], limit[32];
    if (settings->max_bytes <= settings->max_bytes_limit)
        return 0;
    smk_format_bytes(settings->max_bytes, bytes, sizeof bytes);
    smk_format_bytes(settings->max_bytes_limit, limit, sizeof limit);
    return smk_fail(SMK_E_INVALID, "max_bytes is %s; allowed is at most max_bytes_limit, which is %s", bytes, limit);
}

int smk_settings_load(struct smk_settings *settings, const smk_agent_options *options)
{
    int rc = set_defaults(settings);
    if (rc == 0 && options && options->size != sizeof *options)
        rc = smk_fail(SMK_E_INVALID, "options: begin with SMK_AGENT_OPTIONS");
    if (rc == 0)
        rc = find_file(settings, options);
    if (rc == 0 && settings->config)
        rc = read_file(settings, settings->config);
    if (rc == 0)
        rc = read_environment(settings, NULL);
    if (rc == 0 && options)
        rc = read_options(settings, options);
    if (rc == 0)
        rc = check_together(settings);
    if (rc < 0)
        smk_settings_free(settings);
    return rc;
}

void smk_settings_free(struct smk_settings *settings)
{
    for (size_t i = 0; i < SMK_ARRAY_LEN(table); i++)
        if (table[i].kind == SMK_SETTING_TEXT)
            smk_heap_free(*(char **)((char *)settings + table[i].offset));
    memset(settings, 0, sizeof *settings);
}
