/* measured: N regions, disarmed or armed, in a function of their own for callgrind. */
#include <stdlib.h>
#include <string.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

void measured_disarmed(int n);
void measured_armed(int n);

static inline __attribute__((always_inline)) void regions(int n)
{
    for (int i = 0; i < n; i++) {
        SMK_REGION("measured");
        __asm__ volatile("" ::: "memory");
    }
}

__attribute__((noinline)) void measured_disarmed(int n) { regions(n); }
__attribute__((noinline)) void measured_armed(int n) { regions(n); }

static int discard(void *arg, const void *data, size_t size)
{
    (void)arg;
    (void)data;
    (void)size;
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int n = atoi(argv[2]);
    if (strcmp(argv[1], "armed") != 0) {
        measured_disarmed(n);
        return 0;
    }
    smk_capture_options options = SMK_CAPTURE_OPTIONS;
    options.write = discard;
    if (smk_capture_start(&options, NULL) < 0)
        return 1;
    regions(1); /* the thread's slot, the site's number */
    measured_armed(n);
    return smk_capture_stop() < 0;
}
