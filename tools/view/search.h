/* search.h: what has a name in a trace, and where it is seen best: the longest wait for a lock or a file,
 * the longest run of a region, the longest wait in a function. Collected in one pass when it is first searched; at most
 * SMK_WEB_THINGS. */
#ifndef SMK_TOOLS_VIEW_SEARCH_H
#define SMK_TOOLS_VIEW_SEARCH_H

#include "web.h"

#define SMK_WEB_THINGS 65536u
#define SMK_WEB_HITS   60u

enum smk_web_what { SMK_WEB_LOCK, SMK_WEB_REGION, SMK_WEB_FILE, SMK_WEB_FUNCTION };

struct smk_web_thing {
    char *text;
    uint32_t thread; /* serial */
    uint64_t from, to;
    uint64_t count;
    enum smk_web_what what;
};

/* 0, or the error of the pass. Pairs with smk_web_things_free, which takes NULL. */
int smk_web_things_collect(struct smk_web *web, struct smk_web_things **things);
void smk_web_things_free(struct smk_web_things *things);

/* By number from 0; NULL after the last. */
const struct smk_web_thing *smk_web_thing_at(const struct smk_web_things *things, uint32_t number);

#endif
