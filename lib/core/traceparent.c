#include "core/traceparent.h"

/* Lower-case hexadecimal only, as the standard asks. */
static const char *hex(const char *p, int digits, uint64_t *value)
{
    *value = 0;
    for (; digits > 0; digits--, p++) {
        unsigned digit;
        if (*p >= '0' && *p <= '9')
            digit = (unsigned)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            digit = (unsigned)(*p - 'a' + 10);
        else
            return NULL;
        *value = *value << 4 | digit;
    }
    return p;
}

static const char *dash(const char *p) { return p && *p == '-' ? p + 1 : NULL; }

bool smk_traceparent_parse(const char *text, struct smk_traceparent *parent)
{
    uint64_t version, flags;
    const char *p = dash(hex(text, 2, &version));
    if (!p || !(p = hex(p, 16, &parent->trace_high)) || !(p = dash(hex(p, 16, &parent->trace_low))) ||
        !(p = dash(hex(p, 16, &parent->parent))) || !(p = hex(p, 2, &flags)))
        return false;
    parent->flags = (uint8_t)flags;
    if (version == 0xff || (version == 0 ? *p != '\0' : *p != '\0' && *p != '-'))
        return false;
    return (parent->trace_high | parent->trace_low) != 0 && parent->parent != 0;
}
