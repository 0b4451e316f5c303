/* writer: a program that records without end, for tests that end it in their ways.
 *
 *     writer FILE                  three threads record until somebody kills it
 *     writer FILE exit|quick|abort|exec|leave
 *                                  ends so in the middle of a region: exit(), _exit(), abort(), execve of
 *                                  true, pthread_exit() of main
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

static void *work(void *arg)
{
    for (long i = 0;; i++) {
        SMK_REQUEST(request, "GET /cart");
        {
            SMK_REGION("load");
            SMK_LOG("step", i, "some words about it");
        }
        SMK_COUNTER("depth", i % 17);
        if (i % 64 == 0)
            usleep(50);
        if (arg && i == 2000)
            return NULL;
    }
}

static void end_so(const char *how, char **environment)
{
    SMK_REGION("the end comes in here");
    usleep(150000); /* a pass of the writer */
    if (strcmp(how, "exit") == 0)
        exit(0);
    if (strcmp(how, "quick") == 0)
        _exit(0);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "exec") == 0) {
        char *argv[] = {(char *)"true", NULL};
        execve("/bin/true", argv, environment);
    }
    if (strcmp(how, "leave") == 0)
        pthread_exit(NULL);
    exit(2);
}

int main(int argc, char **argv, char **environment)
{
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    if (argc < 2)
        return 2;
    options.path = argv[1];
    if (smk_capture_start(&options, NULL) < 0) {
        fprintf(stderr, "writer: %s\n", smk_last_error());
        return 2;
    }
    puts("recording");
    fflush(stdout);
    pthread_t thread;
    for (int i = 0; i < 2; i++)
        pthread_create(&thread, NULL, work, argc > 2 ? &options : NULL);
    if (argc > 2)
        end_so(argv[2], environment);
    work(NULL);
    return 0;
}
