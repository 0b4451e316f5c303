/* Two workers for requests that wait for a slow service: while both wait, all others stand in the queue. In the
 * healthy twin there are as many workers as requests at a time.
 *
 *     ./pool [--healthy] [FILE]
 */
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../example.h"

enum { REQUESTS = 32, AT_A_TIME = 8, SERVICE_US = 10000 };

static struct job {
    smk_request request;
    smk_handoff handoff;
    uint64_t queued_at;
} jobs[REQUESTS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int given, taken;
static uint64_t measured;

static struct job *take_job(void)
{
    pthread_mutex_lock(&lock);
    while (taken == given && given < REQUESTS)
        pthread_cond_wait(&more, &lock);
    struct job *job = taken < given ? &jobs[taken++] : NULL;
    if (job)
        measured += now_ns() - job->queued_at;
    pthread_mutex_unlock(&lock);
    return job;
}

/* A service of its own for each worker: nobody waits for another one's answer. */
static void *service_main(void *arg)
{
    int fd = *(int *)arg;
    char letter;
    smk_thread_name("service");
    while (recv(fd, &letter, 1, 0) == 1) {
        usleep(SERVICE_US);
        send(fd, &letter, 1, MSG_NOSIGNAL);
    }
    return NULL;
}

NOINLINE static void ask_service(int fd)
{
    char letter = '?';
    if (send(fd, &letter, 1, MSG_NOSIGNAL) != 1 || recv(fd, &letter, 1, 0) != 1)
        exit(1);
}

static void *worker(void *arg)
{
    int fds[2];
    pthread_t service;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        exit(1);
    pthread_create(&service, NULL, service_main, &fds[1]);
    smk_thread_name("worker");
    for (struct job *job = take_job(); job; job = take_job()) {
        smk_handoff_end(job->handoff);
        {
            SMK_IN_REQUEST(job->request);
            ask_service(fds[0]);
        }
        smk_request_end(job->request);
    }
    close(fds[0]);
    pthread_join(service, NULL);
    close(fds[1]);
    return arg;
}

static void give_job(struct job *job)
{
    job->request = smk_request_begin("GET /price");
    job->handoff = SMK_HANDOFF_BEGIN(job->request, "workers");
    pthread_mutex_lock(&lock);
    job->queued_at = now_ns();
    given++;
    pthread_cond_signal(&more);
    if (given == REQUESTS)
        pthread_cond_broadcast(&more); /* the last one: whoever waits may go */
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    bool healthy = example_begin(argc, argv);
    int workers = healthy ? AT_A_TIME : 2;
    pthread_t threads[AT_A_TIME];
    for (int i = 0; i < workers; i++)
        pthread_create(&threads[i], NULL, worker, NULL);
    for (int i = 0; i < REQUESTS; i++) {
        if (i % AT_A_TIME == 0)
            usleep(60000);
        give_job(&jobs[i]);
    }
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    return example_end(measured);
}
