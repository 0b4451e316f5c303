/* The tables of docs/options.md and docs/http.md are the agent's. UPDATE=1 in the environment writes them. */
#include "unit/smk_test.h"

#include "routes.h"
#include "settings.h"

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 262144);
    assert_non_null(f);
    assert_true(fread(text, 1, 262143, f) > 0);
    fclose(f);
    return text;
}

/* Compares what stands between <!-- name --> and <!-- end of name --> with `table`. */
static void check(const char *doc, const char *name, const char *table)
{
    char path[400], from[80], to[80];
    snprintf(path, sizeof path, "%s/../docs/%s", SMK_TEST_DATA, doc);
    snprintf(from, sizeof from, "<!-- %s -->\n", name);
    snprintf(to, sizeof to, "<!-- end of %s -->\n", name);
    char *text = slurp(path), *begin = strstr(text, from), *end = strstr(text, to);
    assert_non_null(begin);
    assert_non_null(end);
    begin += strlen(from);
    bool same = (size_t)(end - begin) == strlen(table) && memcmp(begin, table, strlen(table)) == 0;
    if (!same && getenv("UPDATE")) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fwrite(text, 1, (size_t)(begin - text), f);
        fputs(table, f);
        fputs(end, f);
        fclose(f);
    } else if (!same) {
        print_error("%s: its table of %s is not the agent's; UPDATE=1 with this test writes it\n", path, name);
        fail();
    }
    free(text);
}

static char table[32768];
static size_t used;

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    used += (size_t)vsnprintf(table + used, sizeof table - used, format, args);
    va_end(args);
    assert_true(used < sizeof table);
}

static void test_options(void **state)
{
    (void)state;
    char allowed[200];
    used = 0;
    put("| name | default | allowed | what |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; smk_setting_at(i); i++) {
        const struct smk_setting *setting = smk_setting_at(i);
        smk_setting_allowed(setting, allowed, sizeof allowed);
        put("| `%s` | %s%s%s | %s | %s |\n", setting->name, setting->standard ? "`" : "",
            setting->standard ? setting->standard : "not set", setting->standard ? "`" : "", allowed, setting->what);
    }
    check("options.md", "options", table);
}

static void test_routes(void **state)
{
    (void)state;
    static const char *const scopes[] = {
        [SMK_SCOPE_NONE] = "none", [SMK_SCOPE_READ] = "read", [SMK_SCOPE_CONTROL] = "control"};
    char methods[64];
    used = 0;
    put("| method | path | scope | what |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; smk_route_at(i); i++) {
        const struct smk_route *route = smk_route_at(i);
        smk_methods_format(route->methods, methods, sizeof methods);
        put("| %s | `%s` | %s | %s |\n", methods, route->pattern,
            scopes[route->scope], route->what);
    }
    check("http.md", "routes", table);
}

static void test_parameters(void **state)
{
    (void)state;
    used = 0;
    put("| path | parameter | what |\n| --- | --- | --- |\n");
    for (size_t i = 0; smk_route_at(i); i++)
        for (const struct smk_parameter *p = smk_route_at(i)->parameters; p && p->name; p++)
            put("| `%s` | `%s` | %s |\n", smk_route_at(i)->pattern, p->name, p->what);
    check("http.md", "parameters", table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_parameters),
    };
    return SMK_RUN(tests);
}
