#include "show_json.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"

enum { NAME_WIDTH = 20, DEPTH_MAX = 6, INDENT = 2 };

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void put_scaled(FILE *out, double value, const char *const units[], double step,
                       size_t count)
{
    size_t unit = 0;
    for (; unit + 1 < count && value >= step; unit++)
        value /= step;
    fprintf(out, value >= 100 || value == (double)(long)value ? "%.0f %s" : "%.1f %s", value,
            units[unit]);
}

static void put_number(FILE *out, const char *name, const json_t *value)
{
    static const char *const times[] = {"ns", "us", "ms", "s"};
    static const char *const sizes[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double number = json_number_value(value);
    if (ends_with(name, "_ns"))
        put_scaled(out, number, times, 1000, SMK_ARRAY_LEN(times));
    else if (ends_with(name, "bytes"))
        put_scaled(out, number, sizes, 1024, SMK_ARRAY_LEN(sizes));
    else if (json_is_integer(value))
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        fprintf(out, "%g", number);
}

static void put_simple(FILE *out, const char *name, const json_t *value)
{
    if (json_is_string(value))
        smk_cli_put(out, json_string_value(value), json_string_length(value));
    else if (json_is_number(value))
        put_number(out, name, value);
    else
        fputs(json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "-", out);
}

/* "name value, name value" of what is in it, one line whatever it is. */
static void put_inline(FILE *out, const char *name, const json_t *value, unsigned depth)
{
    const char *key, *separator = "";
    size_t index;
    json_t *member;
    if (depth > DEPTH_MAX) {
        fputs("…", out);
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, member)
        {
            fputs(separator, out);
            smk_cli_puts(out, key);
            fputc(' ', out);
            put_inline(out, key, member, depth + 1);
            separator = ", ";
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, index, member)
        {
            fputs(separator, out);
            put_inline(out, name, member, depth + 1);
            separator = ", ";
        }
    } else {
        put_simple(out, name, value);
    }
}

static void put_name(FILE *out, const char *name, unsigned indent)
{
    fprintf(out, "%*s", (int)indent, "");
    smk_cli_puts(out, name);
    size_t width = strlen(name) + indent;
    fprintf(out, "%*s", width < NAME_WIDTH ? (int)(NAME_WIDTH - width) : 1, "");
}

static void put_member(FILE *out, const char *name, const json_t *value, unsigned indent)
{
    size_t index;
    json_t *member;
    const char *key;
    if (json_is_null(value))
        return;
    if (json_is_object(value) && json_object_size(value) > 0 && indent < DEPTH_MAX * INDENT) {
        fprintf(out, "%*s", (int)indent, "");
        smk_cli_puts(out, name);
        fputc('\n', out);
        json_object_foreach((json_t *)value, key, member)
            put_member(out, key, member, indent + INDENT);
        return;
    }
    if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
        fprintf(out, "%*s", (int)indent, "");
        smk_cli_puts(out, name);
        fputc('\n', out);
        json_array_foreach(value, index, member)
        {
            fprintf(out, "%*s", (int)(indent + INDENT), "");
            put_inline(out, name, member, 0);
            fputc('\n', out);
        }
        return;
    }
    put_name(out, name, indent);
    if ((json_is_array(value) && json_array_size(value) == 0) ||
        (json_is_object(value) && json_object_size(value) == 0))
        fputs("none", out);
    else
        put_inline(out, name, value, 0);
    fputc('\n', out);
}

void smk_show_line(FILE *out, const char *name, const char *value, unsigned indent)
{
    put_name(out, name, indent);
    smk_cli_puts(out, value);
    fputc('\n', out);
}

static bool is_in(const char *const names[], const char *name)
{
    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

void smk_show_json(FILE *out, const json_t *object, const char *const but[])
{
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)object, key, member)
        if (!is_in(but, key))
            put_member(out, key, member, 0);
}
