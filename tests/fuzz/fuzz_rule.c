/* fuzz_rule: any bytes as a rule. What is taken must be within its bounds, and be taken again as it was kept; what
 * is refused must name a place in it. The first byte cuts off a glob to match with the rest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_taken(const struct smk_rule *rule)
{
    struct smk_rule again;
    struct smk_rule_error error;
    if (rule->count < 1 || rule->count > SMK_RULE_COUNT_MOST || rule->window_most < 1 || rule->day_most < 1 ||
        rule->skip >= 10000 || (rule->name[0] && !smk_rule_is_name(rule->name, strlen(rule->name))))
        abort();
    if (!smk_rule_parse(&again, rule->text, strlen(rule->text), &error) || again.on != rule->on ||
        again.threshold != rule->threshold || strcmp(again.route, rule->route) != 0 ||
        strcmp(again.text, rule->text) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smk_rule rule;
    struct smk_rule_error error = {.at = SIZE_MAX};
    char message[300];
    char *text = malloc(size ? size : 1);
    memcpy(text, data, size);
    if (smk_rule_parse(&rule, text, size, &error))
        check_taken(&rule);
    else if (error.at > size || error.at + error.len > size || !error.expected[0])
        abort();
    else
        smk_rule_error_format(&error, text, size, message, sizeof message);
    free(text);
    if (size > 2 && data[0] < size) {
        char glob[256];
        memcpy(glob, data + 1, data[0] ? data[0] - 1u : 0);
        glob[data[0] ? data[0] - 1u : 0] = '\0';
        smk_rule_glob(glob, (const char *)data + data[0], size - data[0]);
    }
    return 0;
}
