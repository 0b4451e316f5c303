/* family_capture.h: one capture of a family, at its first: the others are armed, what they send is kept, and when
 * all are through it is put behind our own part. On a thread of its own, since it waits for other processes and
 * for the disk; every wait is bounded, and who is not in time is missing in the file, which says so.
 *
 *     loop                      family's thread                       writer
 *     smk_captures_begin ─────▶ asks the others, keeps what they send
 *                               …                              ◀───── may_end: our own part is over
 *                               the rest; says how each ended ──────▶ facts, END, `finished`
 *                               puts the parts behind it
 *     the capture is over ◀──── `done`
 */
#ifndef SMK_AGENT_FAMILY_CAPTURE_H
#define SMK_AGENT_FAMILY_CAPTURE_H

#include "core/capture.h"
#include "family.h"
#include "tape.h"

struct smk_family_spec {
    const char *id, *name;
    uint64_t number;
    enum smk_capture_kind kind;
    uint32_t categories;
    uint64_t duration_ns, before_ns, after_ns;
    uint64_t max_bytes;   /* of all */
    const int *pids;      /* those that are wanted; count 0: all */
    uint32_t pid_count;
    bool without_own;     /* our own part has no events */
    struct smk_tape *tape; /* held by it */
    void (*done)(void *arg); /* on its thread: the tape is at its end */
    void *arg;
};

struct smk_family_capture;

/* NULL, and smk_last_error(). Begins nothing yet; *own_bytes gets our own share. */
struct smk_family_capture *smk_family_capture_new(const struct smk_family_spec *spec, uint64_t *own_bytes);
/* Our own part has begun. 0, or the thread could not be started: it stays the only one. */
int smk_family_capture_begin(struct smk_family_capture *family);

/* The writer's, as in struct smk_capture_spec. `own_done`: our own part is whole. */
bool smk_family_capture_may_end(struct smk_family_capture *family, enum smk_reason reason);
void smk_family_capture_facts(struct smk_family_capture *family, smk_add_fact add, void *table);
void smk_family_capture_own_done(struct smk_family_capture *family);

/* How many others there are, and how many of them record or did. */
void smk_family_capture_counts(const struct smk_family_capture *family, uint32_t *others, uint32_t *armed);

/* The agent ends: what there is, is all. True: it is at its end within `ns`. */
bool smk_family_capture_finish(struct smk_family_capture *family, uint64_t ns);
void smk_family_capture_release(struct smk_family_capture *family); /* NULL is allowed */

#endif
