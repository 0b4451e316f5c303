#include "trace_answer.h"

void smk_answer_begin(struct smk_answer *about)
{
    about->lines = about->no_symbols ? NULL : smk_lines_new(about->debug_dir);
    about->source = smk_lines_source(about->lines);
}

void smk_answer_end(struct smk_answer *about) { smk_lines_free(about->lines); }

int smk_answer_trace(struct smk_answer *about, char **paths, int count,
                     int (*answer)(struct smk_answer *about, smk_trace *trace, const char *path, void *arg), void *arg)
{
    smk_trace *trace;
    int result = smk_cli_open_trace(&trace, paths, count, false, about->max_processes);
    if (result != 0)
        return result;
    smk_answer_begin(about);
    result = answer(about, trace, paths[0], arg);
    smk_answer_end(about);
    smk_trace_close(trace);
    return result;
}

int smk_answer_said(int result)
{
    return result == 0 ? SMK_EXIT_FINE : smk_cli_fail("standard output could not be written");
}

static bool show_progress(void *arg, uint64_t done, uint64_t total)
{
    (void)arg;
    smk_cli_progress("reading events", done, total);
    return true;
}

struct smk_request_view_options smk_answer_options(const struct smk_answer *about)
{
    return (struct smk_request_view_options){.lines = about->lines ? &about->source : NULL,
                                             .debug_dir = about->debug_dir,
                                             .no_symbols = about->no_symbols,
                                             .progress = show_progress};
}

int smk_answer_put(void *arg, const char *text, size_t len) { return fwrite(text, 1, len, arg) == len ? 0 : 1; }
