#include "query.h"

#include <stdio.h>
#include <string.h>

#define VALUE_MAX 4096u

/* "allowed are t0, t1, px". */
static bool refuse_name(struct smk_web_reply *reply, const char *name, size_t len,
                        const struct smk_web_parameter *parameters)
{
    char list[256] = "none";
    size_t used = 0;
    for (; parameters->name && used + 40 < sizeof(list); parameters++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", parameters->name);
    return smk_web_refuse(reply, 400, "unknown parameter '%.*s'; allowed: %s", (int)smk_min_u64(len, 64), name, list);
}

/* Always false. */
static bool refuse_value(struct smk_web_reply *reply, const struct smk_web_parameter *parameter, const char *value)
{
    char allowed[200];
    unsigned long long least = parameter->least, most = parameter->most;
    if (parameter->type == SMK_WEB_NUMBER && most)
        snprintf(allowed, sizeof(allowed), "a number from %llu to %llu", least, most);
    else if (parameter->type == SMK_WEB_NUMBER)
        snprintf(allowed, sizeof(allowed), "a number from %llu on", least);
    else if (parameter->type == SMK_WEB_LIST)
        snprintf(allowed, sizeof(allowed), "up to %u numbers with commas", SMK_WEB_LIST_MAX);
    else if (parameter->type == SMK_WEB_WORD)
        snprintf(allowed, sizeof(allowed), "%s", parameter->allowed);
    else
        snprintf(allowed, sizeof(allowed), "up to %u bytes of text", SMK_WEB_TEXT_MAX - 1);
    return smk_web_refuse(reply, 400, "'%.64s' is no value for %s; allowed: %s", value, parameter->name, allowed);
}

/* ---- values --------------------------------------------------------------------------------------------- */

/* Digits up to `end`. */
static bool read_digits(const char *text, const char *end, uint64_t *number)
{
    *number = 0;
    if (text == end || end - text > 20)
        return false;
    for (; text < end; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (digit > 9 || __builtin_mul_overflow(*number, 10u, number) || __builtin_add_overflow(*number, digit, number))
            return false;
    }
    return true;
}

static bool read_number(const struct smk_web_parameter *parameter, const char *value)
{
    uint64_t number;
    size_t whole = strcspn(value, ".");
    const char *rest = value + whole;
    if (*rest == '.' && rest[1 + strspn(rest + 1, "0123456789")] != '\0')
        return false;
    if (!read_digits(value, value + whole, &number) || number < parameter->least ||
        (parameter->most && number > parameter->most))
        return false;
    *(uint64_t *)parameter->value = number;
    return true;
}

static bool read_list(struct smk_web_list *list, const char *value)
{
    list->count = 0;
    for (;;) {
        uint64_t number;
        size_t len = strcspn(value, ",");
        if (list->count >= SMK_WEB_LIST_MAX || !read_digits(value, value + len, &number) || number > UINT32_MAX)
            return false;
        list->array[list->count++] = (uint32_t)number;
        if (value[len] == '\0')
            return true;
        value += len + 1;
    }
}

static bool read_word(const struct smk_web_parameter *parameter, const char *value)
{
    const char *word = parameter->allowed;
    for (unsigned number = 0;; number++) {
        size_t len = strcspn(word, "|");
        if (strlen(value) == len && strncmp(value, word, len) == 0) {
            *(unsigned *)parameter->value = number;
            return true;
        }
        if (word[len] == '\0')
            return false;
        word += len + 1;
    }
}

static bool read_value(const struct smk_web_parameter *parameter, const char *value)
{
    switch (parameter->type) {
    case SMK_WEB_NUMBER:
        return read_number(parameter, value);
    case SMK_WEB_LIST:
        return read_list(parameter->value, value);
    case SMK_WEB_WORD:
        return read_word(parameter, value);
    case SMK_WEB_TEXT:
        break;
    }
    if (strlen(value) >= SMK_WEB_TEXT_MAX)
        return false;
    memcpy(parameter->value, value, strlen(value) + 1);
    return true;
}

/* ---- the text ------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 and + decoded; false: it is too long, a % leads nowhere, or a byte of no text comes out. */
static bool decode(char to[VALUE_MAX], const char *from, size_t len)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        int c = from[i] == '+' ? ' ' : (unsigned char)from[i];
        if (from[i] == '%') {
            int high = i + 2 < len ? hex(from[i + 1]) : -1;
            int low = high >= 0 ? hex(from[i + 2]) : -1;
            if (low < 0)
                return false;
            c = high << 4 | low;
            i += 2;
        }
        if (c < ' ' || c == 0x7f || used + 1 >= VALUE_MAX)
            return false;
        to[used++] = (char)c;
    }
    to[used] = '\0';
    return true;
}

/* Which parameters have come: a bit each. */
static bool take(struct smk_web_reply *reply, const char *pair, size_t len, const struct smk_web_parameter *parameters,
                 uint32_t *come)
{
    char value[VALUE_MAX];
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals ? (size_t)(equals - pair) : len;
    for (unsigned i = 0; parameters[i].name; i++) {
        if (strlen(parameters[i].name) != name_len || strncmp(parameters[i].name, pair, name_len) != 0)
            continue;
        if (*come & 1u << i)
            return smk_web_refuse(reply, 400, "%s is given twice; allowed: once", parameters[i].name);
        *come |= 1u << i;
        if (!equals || !decode(value, equals + 1, len - name_len - 1))
            return refuse_value(reply, &parameters[i], "");
        if (parameters[i].given)
            *parameters[i].given = true;
        return read_value(&parameters[i], value) || refuse_value(reply, &parameters[i], value);
    }
    return refuse_name(reply, pair, name_len, parameters);
}

bool smk_web_query_read(struct smk_web_reply *reply, const char *query, const struct smk_web_parameter *parameters)
{
    uint32_t come = 0;
    while (query && *query) {
        size_t len = strcspn(query, "&");
        if (!take(reply, query, len, parameters, &come))
            return false;
        query += len + (query[len] == '&');
    }
    for (unsigned i = 0; parameters[i].name; i++)
        if (parameters[i].wanted && !(come & 1u << i))
            return smk_web_refuse(reply, 400, "%s is missing; allowed: a value for it", parameters[i].name);
    return true;
}
