/* A queue behind a mutex and a condition variable, and threads that take jobs out of it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "shop.h"

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static struct job *first, **last = &first; /* queue_lock */
static bool stopping;                      /* queue_lock */

static pthread_t *threads;
static unsigned thread_count;
static void (*job_finished)(struct job *);

static struct job *take_job(void)
{
    pthread_mutex_lock(&queue_lock);
    while (!first && !stopping)
        pthread_cond_wait(&queue_filled, &queue_lock);
    struct job *job = first;
    if (job) {
        first = job->next;
        if (!first)
            last = &first;
    }
    pthread_mutex_unlock(&queue_lock);
    return job;
}

static void *worker_main(void *arg)
{
    char name[32];
    snprintf(name, sizeof(name), "worker-%u", (unsigned)(uintptr_t)arg);
    smk_thread_name(name);
    for (struct job *job = take_job(); job; job = take_job()) {
        smk_handoff_end(job->handoff);
        {
            SMK_IN_REQUEST(job->request);
            job->work(job);
        }
        job_finished(job);
    }
    return NULL;
}

int pool_start(unsigned workers, void (*finished)(struct job *))
{
    job_finished = finished;
    smk_lock_name(&queue_lock, "queue_lock");
    threads = calloc(workers, sizeof(*threads));
    if (!threads)
        return -1;
    for (; thread_count < workers; thread_count++)
        if (pthread_create(&threads[thread_count], NULL, worker_main,
                           (void *)(uintptr_t)(thread_count + 1)) != 0)
            return -1;
    return 0;
}

void pool_put(struct job *job)
{
    job->next = NULL;
    job->handoff = SMK_HANDOFF_BEGIN(job->request, "pool");
    pthread_mutex_lock(&queue_lock);
    *last = job;
    last = &job->next;
    pthread_mutex_unlock(&queue_lock);
    pthread_cond_signal(&queue_filled);
}

void pool_stop(void)
{
    pthread_mutex_lock(&queue_lock);
    stopping = true;
    pthread_mutex_unlock(&queue_lock);
    pthread_cond_broadcast(&queue_filled);
    for (unsigned i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}
