#include "query.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "settings.h"

#define SHOWN 40 /* bytes of a wrong value in a message */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes `len` bytes into `out`, which has as much room and one byte more. False: malformed. */
static bool decode(const char *raw, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)raw[i];
        if (byte == '%') {
            int high = i + 2 < len ? hex(raw[i + 1]) : -1;
            int low = high >= 0 ? hex(raw[i + 2]) : -1;
            if (low < 0)
                return false;
            byte = (unsigned char)(high << 4 | low);
            i += 2;
        }
        if (byte < ' ' || byte == 0x7f)
            return false;
        *out++ = (char)byte;
    }
    *out = '\0';
    return true;
}

static const struct smk_parameter *find(const struct smk_parameter *allowed, const char *name, size_t len)
{
    for (; allowed && allowed->name; allowed++)
        if (strlen(allowed->name) == len && memcmp(allowed->name, name, len) == 0)
            return allowed;
    return NULL;
}

static int unknown(const char *name, size_t len, const struct smk_parameter *allowed)
{
    char names[300] = "none";
    size_t used = 0;
    for (; allowed && allowed->name && used < sizeof names; allowed++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", allowed->name);
    return smk_fail(SMK_E_INVALID, "'%.*s' is no parameter here; there are: %s", (int)(len > SHOWN ? SHOWN : len),
                    name, names);
}

static int add(struct smk_query *query, const struct smk_parameter *parameter, const char *value,
               size_t value_len, size_t *used)
{
    char *text = query->text + *used;
    if (smk_query_get(query, parameter->name))
        return smk_fail(SMK_E_INVALID, "%s is given twice; once is allowed", parameter->name);
    if (*used + value_len + 1 > sizeof query->text || query->count == SMK_QUERY_MAX)
        return smk_fail(SMK_E_INVALID, "the values are %d bytes at most, in all", SMK_QUERY_TEXT);
    if (!decode(value, value_len, text))
        return smk_fail(SMK_E_INVALID, "%s is '%.*s': malformed; allowed are characters, and bytes as %%XX",
                        parameter->name, (int)(value_len > SHOWN ? SHOWN : value_len), value);
    *used += strlen(text) + 1;
    query->entries[query->count].parameter = parameter;
    query->entries[query->count++].value = text;
    return 0;
}

int smk_query_parse(struct smk_query *query, const char *raw, const struct smk_parameter *allowed)
{
    size_t used = 0;
    query->count = 0;
    if (!raw)
        return 0;
    for (bool more = *raw != '\0'; more;) {
        size_t len = strcspn(raw, "&");
        const char *equals = memchr(raw, '=', len);
        size_t name_len = equals ? (size_t)(equals - raw) : len;
        const struct smk_parameter *parameter = find(allowed, raw, name_len);
        if (!parameter)
            return unknown(raw, name_len, allowed);
        if (!equals || equals + 1 == raw + len)
            return smk_fail(SMK_E_INVALID, "%.*s has no value; allowed is name=value", (int)name_len, raw);
        int rc = add(query, parameter, equals + 1, len - name_len - 1, &used);
        if (rc < 0)
            return rc;
        more = raw[len] == '&';
        raw += len + 1;
    }
    return 0;
}

const char *smk_query_get(const struct smk_query *query, const char *name)
{
    for (uint32_t i = 0; i < query->count; i++)
        if (strcmp(query->entries[i].parameter->name, name) == 0)
            return query->entries[i].value;
    return NULL;
}

/* A number with a unit. `allowed`: how it is written. */
struct unit {
    bool (*parse)(const char *text, size_t len, uint64_t *value);
    void (*format)(uint64_t value, char *text, size_t size);
    const char *allowed;
};

static int with_unit(const struct smk_query *query, const char *name, const struct unit *unit, uint64_t least,
                     uint64_t most, uint64_t *out)
{
    char from[32], to[32];
    uint64_t value;
    const char *text = smk_query_get(query, name);
    if (!text)
        return 0;
    if (unit->parse(text, strlen(text), &value) && value >= least && value <= most) {
        *out = value;
        return 0;
    }
    unit->format(least, from, sizeof from);
    unit->format(most, to, sizeof to);
    return smk_fail(SMK_E_INVALID, "%s is '%.*s'; allowed is %s; from %s to %s", name, SHOWN, text, unit->allowed,
                    from, to);
}

int smk_query_time(const struct smk_query *query, const char *name, uint64_t least, uint64_t most, uint64_t *ns)
{
    static const struct unit unit = {smk_parse_duration, smk_format_duration,
                                     "a number and ns, us, ms, s, m or h, as in 500ms or 1m30s"};
    return with_unit(query, name, &unit, least, most, ns);
}

int smk_query_bytes(const struct smk_query *query, const char *name, uint64_t least, uint64_t most,
                    uint64_t *bytes)
{
    static const struct unit unit = {smk_parse_bytes, smk_format_bytes,
                                     "a number and B, KiB, MiB, GiB, KB, MB or GB, as in 64MiB"};
    return with_unit(query, name, &unit, least, most, bytes);
}

int smk_query_count(const struct smk_query *query, const char *name, uint64_t least, uint64_t most,
                    uint64_t *count)
{
    const char *text = smk_query_get(query, name);
    uint64_t value = 0;
    if (!text)
        return 0;
    size_t len = strspn(text, "0123456789");
    for (size_t i = 0; i < len && value <= most; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    if (len > 0 && text[len] == '\0' && len < 19 && value >= least && value <= most) {
        *count = value;
        return 0;
    }
    return smk_fail(SMK_E_INVALID, "%s is '%.*s'; allowed is a whole number from %llu to %llu", name, SHOWN, text,
                    (unsigned long long)least, (unsigned long long)most);
}

int smk_query_flag(const struct smk_query *query, const char *name, bool *flag)
{
    const char *text = smk_query_get(query, name);
    if (!text)
        return 0;
    if ((*text != '0' && *text != '1') || text[1])
        return smk_fail(SMK_E_INVALID, "%s is '%.*s'; allowed is 1 or 0", name, SHOWN, text);
    *flag = *text == '1';
    return 0;
}
