#include "format/events.h"

#include <string.h>

/* (TYPE, "name") … → {SMK_ARG_TYPE, "name"}, … */
#define ARG_OF(type, name)   {SMK_ARG_##type, name},
#define ARG_1(a)             ARG_OF a
#define ARG_2(a, ...)        ARG_OF a ARG_1(__VA_ARGS__)
#define ARG_3(a, ...)        ARG_OF a ARG_2(__VA_ARGS__)
#define ARG_4(a, ...)        ARG_OF a ARG_3(__VA_ARGS__)
#define ARG_5(a, ...)        ARG_OF a ARG_4(__VA_ARGS__)
#define ARG_6(a, ...)        ARG_OF a ARG_5(__VA_ARGS__)
#define ARG_7(a, ...)        ARG_OF a ARG_6(__VA_ARGS__)
#define COUNT(...)           COUNT_PICK(__VA_ARGS__, 7, 6, 5, 4, 3, 2, 1, 0)
#define COUNT_PICK(a, b, c, d, e, f, g, n, ...) n
#define CONCAT(a, b)         CONCAT_(a, b)
#define CONCAT_(a, b)        a##b
#define ARGS(...)            CONCAT(ARG_, COUNT(__VA_ARGS__))(__VA_ARGS__)

const struct smk_event_spec smk_event_specs[SMK_EV_LIMIT] = {
#define X(number, NAME, text, CATEGORY, version, ...)                                              \
    [number] = {.id = (number),                                                                    \
                .arg_count = COUNT(__VA_ARGS__),                                                   \
                .since = (version),                                                                \
                .category = SMK_CAT_##CATEGORY,                                                    \
                .name = text,                                                                      \
                .args = {ARGS(__VA_ARGS__)}},
    SMK_EVENTS(X)
#undef X
};

const struct smk_event_spec *smk_event_spec(unsigned id)
{
    return id < SMK_EV_LIMIT && smk_event_specs[id].name ? &smk_event_specs[id] : NULL;
}

static const char *const category_names[SMK_CATEGORY_COUNT] = {
#define X(bit, NAME, name, timed, recorder) [bit] = name,
    SMK_CATEGORIES(X)
#undef X
};

uint32_t smk_categories_timed(void)
{
#define X(bit, NAME, name, timed, recorder) | ((timed) ? 1u << (bit) : 0)
    return 0 SMK_CATEGORIES(X);
#undef X
}

uint32_t smk_categories_recorder(void)
{
#define X(bit, NAME, name, timed, recorder) | ((recorder) ? 1u << (bit) : 0)
    return 0 SMK_CATEGORIES(X);
#undef X
}

const char *smk_category_name(uint32_t category)
{
    for (unsigned bit = 0; bit < SMK_CATEGORY_COUNT; bit++)
        if (category == 1u << bit)
            return category_names[bit];
    return NULL;
}

uint32_t smk_category_by_name(const char *name, size_t len)
{
    for (unsigned bit = 0; bit < SMK_CATEGORY_COUNT; bit++)
        if (strlen(category_names[bit]) == len && memcmp(category_names[bit], name, len) == 0)
            return 1u << bit;
    return 0;
}

const char *smk_wait_kind_name(unsigned kind)
{
    static const char *const names[] = {
        "?",
#define X(value, NAME, name) [value] = name,
        SMK_WAIT_KINDS(X)
#undef X
    };
    return kind < SMK_ARRAY_LEN(names) ? names[kind] : "?";
}
