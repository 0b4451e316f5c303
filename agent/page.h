/* page.h: the control page: GET /debug/ (index.c) and the files that it loads (page.c). */
#ifndef SMK_AGENT_PAGE_H
#define SMK_AGENT_PAGE_H

#include "exchange.h"

/* Lets this answer's page run its own scripts, which no other answer may. */
void smk_page_policy(struct smk_answer *answer);

#endif
