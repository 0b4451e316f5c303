#include "traces.h"

#include <sys/stat.h>

#include "base/errors.h"
#include "base/hash.h"

/* Of the files by that name now: which they are, how long, and when they were changed last. */
static uint64_t identity(const struct smk_web_traces *traces)
{
    uint64_t key = 0;
    for (size_t i = 0; i < traces->count; i++) {
        struct stat st = {0};
        stat(traces->paths[i], &st);
        uint64_t words[] = {st.st_dev, st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
                            (uint64_t)st.st_mtim.tv_nsec};
        key = smk_hash_fold(key ^ smk_hash_bytes(words, sizeof(words)), 0xa0761d6478bd642fu);
    }
    return key;
}

void smk_web_traces_init(struct smk_web_traces *traces, const char *const *paths, size_t count)
{
    *traces = (struct smk_web_traces){.paths = paths, .count = count};
    traces->identity = identity(traces);
    pthread_mutex_init(&traces->lock, NULL);
    pthread_cond_init(&traces->given_back, NULL);
}

void smk_web_traces_free(struct smk_web_traces *traces)
{
    for (unsigned i = 0; i < SMK_WEB_TRACES; i++) {
        smk_trace_close(traces->array[i].trace);
        smk_lines_free(traces->array[i].lines);
    }
    pthread_cond_destroy(&traces->given_back);
    pthread_mutex_destroy(&traces->lock);
}

static struct smk_web_trace *free_one(struct smk_web_traces *traces)
{
    struct smk_web_trace *found = NULL;
    for (unsigned i = 0; i < SMK_WEB_TRACES; i++) {
        struct smk_web_trace *trace = &traces->array[i];
        if (!trace->lent && (!found || (trace->open && !found->open)))
            found = trace;
    }
    return found;
}

static int open_it(struct smk_web_traces *traces, struct smk_web_trace *trace)
{
    smk_open_options options = {.size = sizeof(options), .max_processes = traces->max_processes};
    int rc = smk_trace_open_segments(&trace->trace, traces->paths, traces->count, &options);
    if (rc < 0)
        return rc;
    if (identity(traces) != traces->identity) { /* asked behind the opening: it is of the file that was opened */
        smk_trace_close(trace->trace);
        trace->trace = NULL;
        return smk_fail(SMK_E_FORMAT, "%s is not the file any more that the viewer was begun with: begin it again",
                        traces->paths[0]);
    }
    trace->lines = traces->no_symbols ? NULL : smk_lines_new(traces->debug_dir);
    trace->source = smk_lines_source(trace->lines);
    trace->open = true;
    return 0;
}

struct smk_web_trace *smk_web_traces_lend(struct smk_web_traces *traces, int *error)
{
    struct smk_web_trace *trace;
    pthread_mutex_lock(&traces->lock);
    while ((trace = free_one(traces)) == NULL)
        pthread_cond_wait(&traces->given_back, &traces->lock);
    trace->lent = true;
    pthread_mutex_unlock(&traces->lock);
    *error = trace->open ? 0 : open_it(traces, trace);
    if (*error == 0)
        return trace;
    smk_web_traces_give_back(traces, trace);
    return NULL;
}

void smk_web_traces_give_back(struct smk_web_traces *traces, struct smk_web_trace *trace)
{
    pthread_mutex_lock(&traces->lock);
    trace->lent = false;
    pthread_cond_signal(&traces->given_back);
    pthread_mutex_unlock(&traces->lock);
}

void smk_web_traces_end(struct smk_web_traces *traces)
{
    pthread_mutex_lock(&traces->lock);
    traces->ends = true;
    pthread_mutex_unlock(&traces->lock);
}

bool smk_web_traces_go_on(void *arg, uint64_t done, uint64_t total)
{
    struct smk_web_traces *traces = arg;
    (void)done;
    (void)total;
    pthread_mutex_lock(&traces->lock);
    bool ends = traces->ends;
    pthread_mutex_unlock(&traces->lock);
    return !ends;
}

struct smk_request_view_options smk_web_view_options(struct smk_web_traces *traces, const struct smk_web_trace *trace)
{
    return (struct smk_request_view_options){.lines = trace->lines ? &trace->source : NULL,
                                             .debug_dir = traces->debug_dir,
                                             .no_symbols = traces->no_symbols,
                                             .progress = smk_web_traces_go_on,
                                             .progress_arg = traces};
}
