/* export.h: a trace in the formats of other tools, as a stream of bytes.
 *
 * A format is one file: perfetto.c, pprof.c …; sqlite, which needs its library, is the command line's. Each is one
 * pass of the timeline (analysis/timeline.h) that writes as it goes: memory does not grow with the length of the
 * trace, only with the number of its threads, locks, stacks and names, which are bounded each.
 *
 * Names out of the trace are escaped as everywhere (base/escape.h), and then as the format wants it. Times are the
 * traced machine's CLOCK_MONOTONIC in ns where the format can carry them.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_EXPORT_EXPORT_H
#define SMK_EXPORT_EXPORT_H

#include "analysis/report.h"

/* Returns 0, or anything else to stop. */
typedef int (*smk_export_put)(void *arg, const void *bytes, size_t len);

struct smk_export_options {
    smk_resize_fn resize; /* NULL: malloc */
    void *resize_arg;
    size_t max_memory;    /* bytes; 0: no limit */
    const struct smk_line_source *lines; /* NULL: functions without lines */
    const char *debug_dir; /* where debug files are looked for first; may be NULL */
    bool no_symbols;      /* opens no file but the trace */
    /* Progress, about ten times a second; returns false to give up. May be NULL. */
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

struct smk_exporter;

struct smk_export_format {
    const char *name; /* "perfetto" */
    const char *what; /* one line for --help: what opens it, what is in it */
    int (*run)(struct smk_exporter *exporter);
};

/* By number from 0; NULL after the last. */
const struct smk_export_format *smk_export_format_at(size_t number);

/* 0; SMK_E_IO: `put` stopped; SMK_E_LIMIT: max_memory, or progress gave up; SMK_E_NOMEM; the reader's errors. */
int smk_export(smk_trace *trace, const struct smk_export_format *format, const struct smk_export_options *options,
               smk_export_put put, void *arg);

#endif
