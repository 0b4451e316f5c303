/* names.c: what reader.h says of the table of events. */
#include <string.h>

#include "format/events.h"
#include "stallmark/reader.h"

static const char *const type_names[SMK_ARG_TYPES] = {
    [SMK_ARG_SITE] = "site",       [SMK_ARG_STRING] = "string", [SMK_ARG_STACK] = "stack",
    [SMK_ARG_TICKS] = "duration",  [SMK_ARG_ADDRESS] = "address", [SMK_ARG_THREAD] = "thread",
    [SMK_ARG_REQUEST] = "request", [SMK_ARG_NUMBER] = "number", [SMK_ARG_SIGNED] = "signed",
    [SMK_ARG_VALUE] = "value",     [SMK_ARG_BITS] = "bits",     [SMK_ARG_TEXT] = "text",
};

const char *smk_event_name(uint32_t id)
{
    const struct smk_event_spec *spec = smk_event_spec(id);
    return spec ? spec->name : NULL;
}

const char *smk_event_arg_name(uint32_t id, uint32_t arg)
{
    const struct smk_event_spec *spec = smk_event_spec(id);
    return spec && arg < spec->arg_count ? spec->args[arg].name : NULL;
}

const char *smk_event_arg_type(uint32_t id, uint32_t arg)
{
    const struct smk_event_spec *spec = smk_event_spec(id);
    return spec && arg < spec->arg_count ? type_names[spec->args[arg].type] : NULL;
}

const char *smk_event_category(uint32_t id)
{
    const struct smk_event_spec *spec = smk_event_spec(id);
    return spec ? smk_category_name(spec->category) : NULL;
}

uint32_t smk_event_find(const char *name)
{
    for (uint32_t id = 0; id < SMK_EV_LIMIT; id++)
        if (smk_event_specs[id].name && strcmp(smk_event_specs[id].name, name) == 0)
            return id;
    return 0;
}

int smk_event_find_arg(uint32_t id, const char *name)
{
    const struct smk_event_spec *spec = smk_event_spec(id);
    for (int i = 0; spec && i < spec->arg_count; i++)
        if (strcmp(spec->args[i].name, name) == 0)
            return i;
    return SMK_E_NOTFOUND;
}
