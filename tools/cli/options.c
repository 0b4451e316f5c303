#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* All options of a command, as an error message lists them. */
static void list_options(char *out, size_t size, const struct smk_cli_option *options)
{
    size_t used = 0;
    out[0] = '\0';
    for (const struct smk_cli_option *o = options; o->name; o++) {
        int n = snprintf(out + used, size - used, "--%s%s%.1s, ", o->name, o->letter ? " -" : "",
                         &o->letter);
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
    snprintf(out + used, size - used, "--help");
}

static int fail_unknown(const char *text, const struct smk_cli_option *options)
{
    char list[1024];
    list_options(list, sizeof(list), options);
    return smk_cli_fail("unknown option '%s'; allowed are %s", text, list);
}

/* Is `value` one of the words of "a|b|c"? */
static bool one_of(const char *allowed, const char *value)
{
    size_t len = strlen(value);
    for (const char *word = allowed; word; word = strchr(word, '|') ? strchr(word, '|') + 1 : NULL)
        if (strcspn(word, "|") == len && strncmp(word, value, len) == 0)
            return true;
    return false;
}

static int set_number(const struct smk_cli_option *option, const char *value)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(value, &end, 10);
    /* strtoull takes signs and blanks, which are no number to us. */
    bool bad = value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0;
    if (bad || (option->type == SMK_CLI_COUNT && number == 0))
        return smk_cli_fail("'%s' is no value for --%s; allowed is %s", value, option->name,
                            option->allowed ? option->allowed : "a decimal number");
    *(uint64_t *)option->value = number;
    return 0;
}

static int set_directory(const struct smk_cli_option *option, const char *value)
{
    struct stat st;
    if (stat(value, &st) != 0)
        return smk_cli_fail("'%s' is no value for --%s: %s; allowed is a directory", value, option->name,
                            strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return smk_cli_fail("'%s' is no value for --%s: it is no directory", value, option->name);
    *(const char **)option->value = value;
    return 0;
}

static int set_value(const struct smk_cli_option *option, const char *value)
{
    if (option->type == SMK_CLI_NUMBER || option->type == SMK_CLI_COUNT)
        return set_number(option, value);
    if (option->type == SMK_CLI_DIRECTORY)
        return set_directory(option, value);
    if (option->allowed && !one_of(option->allowed, value))
        return smk_cli_fail("'%s' is no value for --%s; allowed is %s", value, option->name,
                            option->allowed);
    *(const char **)option->value = value;
    return 0;
}

static const struct smk_cli_option *find_long(const struct smk_cli_option *options, const char *name,
                                              size_t len)
{
    for (; options->name; options++)
        if (strlen(options->name) == len && strncmp(options->name, name, len) == 0)
            return options;
    return NULL;
}

static const struct smk_cli_option *find_short(const struct smk_cli_option *options, char letter)
{
    for (; options->name; options++)
        if (options->letter && options->letter == letter)
            return options;
    return NULL;
}

/* The option at argv[*at], of which `inline_value` is what stands in the same word, or NULL. */
static int take(const struct smk_cli_option *option, const char *inline_value, int argc, char **argv,
                int *at)
{
    if (option->type == SMK_CLI_FLAG) {
        if (inline_value)
            return smk_cli_fail("--%s takes no value, got '%s'", option->name, inline_value);
        *(bool *)option->value = true;
        return 0;
    }
    if (!inline_value) {
        if (*at + 1 >= argc)
            return smk_cli_fail("--%s needs a value%s%s", option->name,
                                option->allowed ? ": " : "", option->allowed ? option->allowed : "");
        inline_value = argv[++*at];
    }
    return set_value(option, inline_value);
}

static int take_word(const struct smk_cli_option *options, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    const struct smk_cli_option *option;
    if (word[1] == '-') {
        const char *name = word + 2;
        size_t len = strcspn(name, "=");
        option = find_long(options, name, len);
        if (option)
            return take(option, name[len] == '=' ? name + len + 1 : NULL, argc, argv, at);
    } else {
        option = find_short(options, word[1]);
        if (option)
            return take(option, word[2] ? word + 2 : NULL, argc, argv, at);
    }
    return fail_unknown(word, options);
}

static bool parse(struct smk_cli_args *args, const struct smk_command *command,
                  const struct smk_cli_option *options, int argc, char **argv, bool leading)
{
    int count = 0, at = 1;
    *args = (struct smk_cli_args){.operand = argv + 1};
    for (; at < argc; at++) {
        const char *word = argv[at];
        if (strcmp(word, "--") == 0) {
            at++;
            break;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            fputs(command->usage, stdout);
            return false;
        }
        if (word[0] == '-' && word[1] != '\0') {
            args->exit_code = take_word(options, argc, argv, &at);
            if (args->exit_code)
                return false;
        } else if (leading) {
            break;
        } else {
            args->operand[count++] = argv[at]; /* never overtakes `at` */
        }
    }
    while (at < argc)
        args->operand[count++] = argv[at++];
    args->operand[count] = NULL;
    args->count = count;
    return true;
}

bool smk_cli_parse(struct smk_cli_args *args, const struct smk_command *command,
                   const struct smk_cli_option *options, int argc, char **argv)
{
    return parse(args, command, options, argc, argv, false);
}

bool smk_cli_parse_leading(struct smk_cli_args *args, const struct smk_command *command,
                           const struct smk_cli_option *options, int argc, char **argv)
{
    return parse(args, command, options, argc, argv, true);
}
