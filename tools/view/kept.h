/* kept.h: answers that take long to make, made once: who asks for one that is being made waits for it, and the last
 * ones stay. At most SMK_WEB_KEPT_WAITING at once make or wait; more are told to come again, so that workers are left
 * for all else. Any thread. */
#ifndef SMK_TOOLS_VIEW_KEPT_H
#define SMK_TOOLS_VIEW_KEPT_H

#include <pthread.h>

#include "reply.h"

#define SMK_WEB_KEPT_ANSWERS 64u
#define SMK_WEB_KEPT_BYTES   (64u << 20)
#define SMK_WEB_KEPT_WAITING 10u
#define SMK_WEB_KEPT_KEY     512u

struct smk_web_kept_answer {
    char key[SMK_WEB_KEPT_KEY]; /* "": free */
    char *data;
    size_t len;
    uint64_t used; /* when, in answers given */
    bool being_made;
};

struct smk_web_kept {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct smk_web_kept_answer answers[SMK_WEB_KEPT_ANSWERS];
    size_t bytes;
    uint64_t clock;
    unsigned waiting;
};

void smk_web_kept_init(struct smk_web_kept *kept);
void smk_web_kept_free(struct smk_web_kept *kept);

/* The answer to the question `key`; `make` makes it where it is not there, and what it refused is not kept. */
void smk_web_kept_answer(struct smk_web_kept *kept, const char *key, struct smk_web_reply *reply,
                         void (*make)(void *arg, const char *query, struct smk_web_reply *reply), void *arg,
                         const char *query);

#endif
