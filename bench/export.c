/* export: how fast a trace is written in each format: million events a second of a core, bytes an event, and the most
 * memory, each in a process of its own. The trace is recorded here, as bench/report's; or it is a file that is given.
 *
 * usage: export [EVENTS | FILE] (1000000)
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "big_trace.h"
#include "export/ctf.h"
#include "export/export.h"

enum { EVENTS_DEFAULT = 1000000 };

static uint64_t written;

static int count(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    written += len;
    return 0;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The memory is that of a process which has the trace open, too. */
static int measure(const struct smk_export_format *format, const char *path)
{
    const struct smk_export_options options = {.no_symbols = true};
    struct rusage usage;
    smk_trace *trace;
    if (smk_trace_open(&trace, path, NULL) != 0) {
        fprintf(stderr, "export: %s\n", smk_last_error());
        return 2;
    }
    double begun = cpu_seconds(), events = (double)smk_trace_get_info(trace)->events;
    if (smk_export(trace, format, &options, count, NULL) != 0) {
        fprintf(stderr, "export: %s\n", smk_last_error());
        return 2;
    }
    double seconds = cpu_seconds() - begun;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-12s %8.2f s %8.2f million events a second %8.1f bytes an event %8ld MiB\n", format->name, seconds,
           events / seconds / 1e6, (double)written / events, usage.ru_maxrss / 1024);
    smk_trace_close(trace);
    return 0;
}

static int measure_apart(const struct smk_export_format *format, const char *path)
{
    int status = 2;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int result = measure(format, path);
        fflush(stdout);
        _exit(result);
    }
    if (child > 0)
        waitpid(child, &status, 0);
    return status;
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/stallmark-bench-export-XXXXXX";
    bool own = argc < 2 || argv[1][0] != '/';
    long events = own && argc > 1 ? strtol(argv[1], NULL, 10) : EVENTS_DEFAULT;
    const struct smk_export_format *format;
    int result = 0;
    if (own) {
        int fd = mkstemp(path);
        if (fd < 0)
            return 2;
        close(fd);
        pid_t child = fork(); /* what records has memory of its own */
        if (child == 0) {
            big_record(path, events > 0 ? events : EVENTS_DEFAULT);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    for (size_t i = 0; (format = smk_export_format_at(i)) != NULL; i++)
        result |= measure_apart(format, own ? path : argv[1]);
    if (own)
        unlink(path);
    return result ? 2 : 0;
}
