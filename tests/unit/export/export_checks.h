/* export_checks.h: what a format makes of a trace, in memory; and traces that are hard on it. */
#ifndef SMK_TESTS_EXPORT_CHECKS_H
#define SMK_TESTS_EXPORT_CHECKS_H

#include "unit/analysis/trace_builder.h"

#include <ctype.h>

#include "export/ctf.h"
#include "export/export.h"

#define AT(ms) ((uint64_t)(ms) * 1000000)

/* What is written with `put`; stops with the byte that is one too many. */
struct sink {
    struct build_output got;
    size_t most; /* 0: no limit */
};

static inline int sink_put(void *arg, const void *bytes, size_t len)
{
    struct sink *sink = arg;
    if (sink->most && sink->got.len + len > sink->most)
        return 1;
    return build_take(&sink->got, bytes, len);
}

static inline const struct smk_export_format *format_of(const char *name)
{
    const struct smk_export_format *format;
    for (size_t i = 0; (format = smk_export_format_at(i)) != NULL; i++)
        if (strcmp(format->name, name) == 0)
            return format;
    fail_msg("no format '%s'", name);
    return NULL;
}

static inline int export_with(smk_trace *trace, const struct smk_export_format *format, size_t max_memory,
                              struct sink *sink)
{
    const struct smk_export_options options = {.no_symbols = true, .max_memory = max_memory};
    return smk_export(trace, format, &options, sink_put, sink);
}

/* All of it; free(text). */
static inline struct build_output export_all(smk_trace *trace, const char *name)
{
    struct sink sink = {.most = 0};
    if (export_with(trace, format_of(name), 0, &sink) != 0)
        fail_msg("%s: %s", name, smk_last_error());
    return sink.got;
}

static inline void check_has(const struct build_output *output, const char *text)
{
    if (!memmem(output->text, output->len, text, strlen(text)))
        fail_msg("'%s' is not in:\n%.2000s", text, output->text);
}

static inline void check_has_not(const struct build_output *output, const char *text)
{
    if (memmem(output->text, output->len, text, strlen(text)))
        fail_msg("'%s' is in:\n%.2000s", text, output->text);
}

/* ---- JSON, as far as that it is some ------------------------------------------------------------------- */

static inline const char *json_value(const char *at);

static inline const char *json_space(const char *at)
{
    while (at && isspace((unsigned char)*at))
        at++;
    return at;
}

static inline const char *json_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\' && !strchr("\"\\/bfnrtu", *++at))
            return NULL;
    }
    return at + 1;
}

static inline const char *json_list(const char *at, char end)
{
    at = json_space(at + 1);
    if (*at == end)
        return at + 1;
    for (;;) {
        if (end == '}') {
            at = json_space(json_string(json_space(at)));
            if (!at || *at++ != ':')
                return NULL;
        }
        at = json_space(json_value(at));
        if (!at || (*at != ',' && *at != end))
            return NULL;
        if (*at++ == end)
            return at;
    }
}

/* Behind it, or NULL. */
static inline const char *json_value(const char *at)
{
    static const char *const words[] = {"true", "false", "null"};
    at = json_space(at);
    if (*at == '{' || *at == '[')
        return json_list(at, *at == '{' ? '}' : ']');
    if (*at == '"')
        return json_string(at);
    for (size_t i = 0; i < SMK_ARRAY_LEN(words); i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    size_t len = strspn(at, "-0123456789.eE+");
    return len ? at + len : NULL;
}

static inline void check_json(const struct build_output *output)
{
    const char *end = json_space(json_value(output->text));
    if (!end || *end)
        fail_msg("no JSON, from here: %.200s\nin: %.1000s", end ? end : "(the beginning)", output->text);
}

/* ---- traces --------------------------------------------------------------------------------------------- */

/* Of a second, from 1000 ms on; one that is closed by build_open. */
static inline void begin_build(struct build *b)
{
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(2000));
}

#endif
