/* rotate DIRECTORY bytes|time SECONDS: records from three threads into segments of a rotating capture, and
 * prints how many events it emitted. Linked with the modules: only the agent rotates through a public door. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "core/capture.h"
#include "core/fds.h"
#include "core/init.h"
#include "format/events.h"
#include "stallmark/trace.h"

static uint32_t stop;
static uint64_t emitted;

static void *work(void *arg)
{
    uint64_t count = 0;
    for (int64_t i = 0; !smk_load_relaxed(&stop); i++) {
        SMK_LOG("step", i * 2654435761u, "words");
        SMK_COUNTER("depth", i % 13);
        count += 2;
        if (i % 32 == 0)
            usleep(1000);
    }
    smk_add_relaxed(&emitted, count);
    return arg;
}

int main(int argc, char **argv)
{
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_TIMED, .categories = SMK_CAT_OTHER};
    struct smk_file_sink file = {.fd = -1, .rotates = true};
    struct smk_capture *capture;
    pthread_t threads[3];
    if (argc != 4 || smk_core_init(NULL) < 0 || (file.dir = open(argv[1], O_PATH | O_DIRECTORY)) < 0)
        return 2;
    snprintf(file.base, sizeof file.base, "capture");
    smk_capture_new_id(spec.id);
    spec.sink = &smk_file_sink_calls;
    spec.sink_arg = &file;
    if (strcmp(argv[2], "bytes") == 0)
        spec.rotate_bytes = SMK_ROTATE_BYTES_MIN;
    else
        spec.rotate_every_ns = 500000000;
    if (smk_capture_begin(&spec, &capture) < 0)
        return 2;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    sleep((unsigned)atoi(argv[3]));
    smk_store_relaxed(&stop, 1);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    smk_capture_end(capture, SMK_REASON_STOPPED);
    if (!smk_capture_wait(capture, UINT64_C(30000000000)))
        return 1;
    struct smk_capture_progress progress;
    smk_capture_get_progress(capture, &progress);
    printf("%llu emitted %llu written %llu lost\n", (unsigned long long)emitted,
           (unsigned long long)progress.events, (unsigned long long)progress.lost);
    return emitted != progress.events + progress.lost;
}
