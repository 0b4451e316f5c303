/* page.c: the files that the control page consists of, as they lie in agent/page, in this object's read-only data. */
#include <string.h>

#include "base/errors.h"
#include "page.h"
#include "routes.h"

/* A page of ours runs our own scripts, asks this server alone, and lies in nobody's frame. */
#define POLICY                                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "           \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* smk_page_NAME to smk_page_NAME_end. The build lists the files as what this depends on (CMakeLists.txt). */
#define FILE_DATA(name, file)                                                                                      \
    __asm__(".pushsection .rodata\n"                                                                               \
            ".local smk_page_" #name "\n.local smk_page_" #name "_end\n"                                           \
            "smk_page_" #name ":\n.incbin \"" SMK_PAGE_DIRECTORY "/" file "\"\n"                                   \
            "smk_page_" #name "_end:\n.byte 0\n.popsection\n");                                                    \
    extern const char smk_page_##name[] __attribute__((visibility("hidden")));                                     \
    extern const char smk_page_##name##_end[] __attribute__((visibility("hidden")));

FILE_DATA(main, "main.js")
FILE_DATA(api, "api.js")
FILE_DATA(dom, "dom.js")
FILE_DATA(words, "words.js")
FILE_DATA(arm, "arm.js")
FILE_DATA(captures, "captures.js")
FILE_DATA(rules, "rules.js")
FILE_DATA(live, "live.js")
FILE_DATA(cost, "cost.js")
FILE_DATA(style, "style.css")

#define SCRIPT "text/javascript; charset=utf-8"

static const struct {
    const char *name, *type, *data, *end;
} files[] = {
    {"main.js", SCRIPT, smk_page_main, smk_page_main_end},
    {"api.js", SCRIPT, smk_page_api, smk_page_api_end},
    {"dom.js", SCRIPT, smk_page_dom, smk_page_dom_end},
    {"words.js", SCRIPT, smk_page_words, smk_page_words_end},
    {"arm.js", SCRIPT, smk_page_arm, smk_page_arm_end},
    {"captures.js", SCRIPT, smk_page_captures, smk_page_captures_end},
    {"rules.js", SCRIPT, smk_page_rules, smk_page_rules_end},
    {"live.js", SCRIPT, smk_page_live, smk_page_live_end},
    {"cost.js", SCRIPT, smk_page_cost, smk_page_cost_end},
    {"style.css", "text/css; charset=utf-8", smk_page_style, smk_page_style_end},
};

void smk_page_policy(struct smk_answer *answer) { smk_answer_header(answer, "Content-Security-Policy", "%s", POLICY); }

void smk_handle_page(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_answer *answer = &exchange->answer;
    for (size_t i = 0; i < SMK_ARRAY_LEN(files); i++)
        if (strcmp(files[i].name, match->id) == 0) {
            smk_page_policy(answer);
            smk_answer_static(answer, 200, files[i].type, files[i].data, (size_t)(files[i].end - files[i].data));
            smk_exchange_answer(exchange);
            return;
        }
    smk_answer_failure(answer, smk_fail(SMK_E_NOTFOUND, "the control page has no file %s", match->id));
    smk_exchange_answer(exchange);
}
