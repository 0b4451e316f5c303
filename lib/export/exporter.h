/* exporter.h: what the formats share: the trace, names, and where the bytes go. For lib/export and for sqlite. */
#ifndef SMK_EXPORT_EXPORTER_H
#define SMK_EXPORT_EXPORTER_H

#include "analysis/locks.h"
#include "analysis/names.h"
#include "analysis/timeline.h"
#include "export/export.h"
#include "export/out.h"

/* Bytes of an escaped name, NUL included; what is longer ends in an ellipsis. */
#define SMK_EXPORT_TEXT_MAX 1024

struct smk_export_text {
    char text[SMK_EXPORT_TEXT_MAX];
};

/* Contended locks, conditions and the like have names that are made once; of more only the first have one. */
#define SMK_EXPORT_LOCKS_MAX 262144u

struct smk_exporter {
    smk_trace *trace;
    const struct smk_export_options *options;
    struct smk_mem mem;
    struct smk_symbols symbols;
    struct smk_out out;
    struct smk_locks locks; /* for their names alone: nothing is kept of their waits */
    char **lock_names;      /* by index in locks; NULL: not made yet */
    uint32_t lock_name_capacity;
    uint32_t process;       /* that smk_export_timeline is to run over: its number + 1; 0: all */
};

int smk_exporter_init(struct smk_exporter *exporter, smk_trace *trace, const struct smk_export_options *options,
                      smk_export_put put, void *arg);
void smk_exporter_free(struct smk_exporter *exporter);

/* Runs the timeline over the whole trace, with the exporter's memory and progress. `arg` is a structure whose first
 * member is the pointer to the exporter. A format's `event` call hands its event to smk_export_event first; where
 * `event` is NULL that is done. */
int smk_export_timeline(struct smk_exporter *exporter, const struct smk_timeline_calls *calls, void *arg);

/* Names and epochs of locks. */
void smk_export_event(struct smk_exporter *exporter, const smk_event *event);

/* ---- names, escaped ------------------------------------------------------------------------------------- */

/* Returns to->text, as all of these do. NULL is "". */
const char *smk_export_clean(struct smk_export_text *to, const char *text);
const char *smk_export_string(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t string);
const char *smk_export_thread(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t serial);
const char *smk_export_process(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t process);
const char *smk_export_site(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t site);
const char *smk_export_route(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t route);
/* "worker-3/4711" for a tid at a time; "" for 0. */
const char *smk_export_tid(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t process, uint32_t tid,
                           uint64_t time);
/* What the wait was for, by its object: the name of a lock; "" where it has none. */
const char *smk_export_object(struct smk_exporter *exporter, struct smk_export_text *to,
                              const struct smk_span_wait *wait);
/* The wait in a few words: "lock cart_lock", "disk fdatasync". */
const char *smk_export_wait(struct smk_exporter *exporter, struct smk_export_text *to,
                            const struct smk_span_wait *wait);
/* The same of an unlock or a wake: "unlock cart_lock", "pthread_cond_signal". */
const char *smk_export_release(struct smk_exporter *exporter, struct smk_export_text *to,
                               const struct smk_span_release *release);

/* pid of a process; tid of a thread, 0 where the trace does not say. */
uint32_t smk_export_pid(const struct smk_exporter *exporter, uint32_t process);
uint32_t smk_export_tid_of(const struct smk_exporter *exporter, uint32_t serial);

/* ---- stacks --------------------------------------------------------------------------------------------- */

struct smk_export_frame {
    const char *function, *file; /* as they are: not escaped; file "": not known */
    const char *module;          /* path */
    uint32_t line, process;
    uint64_t pc;                 /* of the process; of a call its return address */
    bool inlined;                /* into the next */
};

/* Calls `each` for the frames of a stack, innermost first, what was inlined among them; stops when it returns
 * false. A stack of number 0, and one that the trace does not define, has none. */
void smk_export_stack(struct smk_exporter *exporter, uint32_t stack,
                      bool (*each)(void *arg, const struct smk_export_frame *frame), void *arg);

/* The function that the program itself was in: past the thread library's frames, and our own; "" where none is
 * known. */
const char *smk_export_function(struct smk_exporter *exporter, struct smk_export_text *to, uint32_t stack);

#endif
