#include "kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void smk_web_kept_init(struct smk_web_kept *kept)
{
    memset(kept, 0, sizeof(*kept));
    pthread_mutex_init(&kept->lock, NULL);
    pthread_cond_init(&kept->changed, NULL);
}

void smk_web_kept_free(struct smk_web_kept *kept)
{
    for (unsigned i = 0; i < SMK_WEB_KEPT_ANSWERS; i++)
        free(kept->answers[i].data);
    pthread_cond_destroy(&kept->changed);
    pthread_mutex_destroy(&kept->lock);
}

/* ---- under the lock ------------------------------------------------------------------------------------- */

static void drop(struct smk_web_kept *kept, struct smk_web_kept_answer *answer)
{
    free(answer->data);
    kept->bytes -= answer->len;
    *answer = (struct smk_web_kept_answer){0};
}

static struct smk_web_kept_answer *find(struct smk_web_kept *kept, const char *key)
{
    for (unsigned i = 0; i < SMK_WEB_KEPT_ANSWERS; i++)
        if (strcmp(kept->answers[i].key, key) == 0)
            return &kept->answers[i];
    return NULL;
}

/* The one that was not asked for longest; NULL: all are being made. */
static struct smk_web_kept_answer *oldest(struct smk_web_kept *kept, bool with_free)
{
    struct smk_web_kept_answer *found = NULL;
    for (unsigned i = 0; i < SMK_WEB_KEPT_ANSWERS; i++) {
        struct smk_web_kept_answer *answer = &kept->answers[i];
        if (!answer->being_made && (with_free || answer->key[0]) && (!found || answer->used < found->used))
            found = answer;
    }
    return found;
}

/* Its place, taken by whoever is to make it; NULL: it is there, and in the reply, or the reply says why not. */
static struct smk_web_kept_answer *take_place(struct smk_web_kept *kept, const char *key, struct smk_web_reply *reply)
{
    struct smk_web_kept_answer *answer;
    while ((answer = find(kept, key)) != NULL && answer->being_made)
        pthread_cond_wait(&kept->changed, &kept->lock);
    if (answer) {
        answer->used = ++kept->clock;
        reply->status = 200;
        reply->type = SMK_WEB_JSON;
        smk_web_put(reply, answer->data, answer->len);
        return NULL;
    }
    answer = oldest(kept, true);
    if (!answer) {
        smk_web_refuse(reply, 503, "too much is asked at once");
        return NULL;
    }
    drop(kept, answer);
    snprintf(answer->key, sizeof(answer->key), "%s", key);
    answer->being_made = true;
    return answer;
}

static void keep(struct smk_web_kept *kept, struct smk_web_kept_answer *answer, const struct smk_web_reply *reply)
{
    answer->being_made = false;
    answer->used = ++kept->clock;
    answer->data = reply->status == 200 && reply->len <= SMK_WEB_KEPT_BYTES ? malloc(reply->len + 1) : NULL;
    if (!answer->data) {
        drop(kept, answer);
        return;
    }
    memcpy(answer->data, reply->data, reply->len);
    answer->len = reply->len;
    kept->bytes += answer->len;
    struct smk_web_kept_answer *old;
    while (kept->bytes > SMK_WEB_KEPT_BYTES && (old = oldest(kept, false)) != NULL && old != answer)
        drop(kept, old);
}

/* ---- the call ------------------------------------------------------------------------------------------- */

void smk_web_kept_answer(struct smk_web_kept *kept, const char *key, struct smk_web_reply *reply,
                         void (*make)(void *arg, const char *query, struct smk_web_reply *reply), void *arg,
                         const char *query)
{
    if (strlen(key) >= SMK_WEB_KEPT_KEY) {
        make(arg, query, reply);
        return;
    }
    pthread_mutex_lock(&kept->lock);
    if (kept->waiting >= SMK_WEB_KEPT_WAITING) {
        pthread_mutex_unlock(&kept->lock);
        smk_web_refuse(reply, 503, "%u answers that take long are being made; ask again when one has come",
                       SMK_WEB_KEPT_WAITING);
        return;
    }
    kept->waiting++;
    struct smk_web_kept_answer *answer = take_place(kept, key, reply);
    if (answer) {
        pthread_mutex_unlock(&kept->lock);
        make(arg, query, reply);
        pthread_mutex_lock(&kept->lock);
        keep(kept, answer, reply);
        pthread_cond_broadcast(&kept->changed);
    }
    kept->waiting--;
    pthread_mutex_unlock(&kept->lock);
}
