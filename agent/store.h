/* store.h: the captures that are kept: the directory, what is in it, and what has to go.
 *
 * The directory is the truth: it is read anew whenever somebody asks, so files of earlier processes, and
 * of others that use the same directory, are in the list too. Names of files are made from ids, and ids
 * are found in the list: no byte of a client's ever becomes part of a path. Only regular files of this
 * user with our kind of name and our magic in front are ever deleted.
 *
 * On the control loop's thread, but where said.
 */
#ifndef SMK_AGENT_STORE_H
#define SMK_AGENT_STORE_H

#include "base/compiler.h"
#include "format/tables.h"
#include "settings.h"
#include "tape.h"

struct smk_stored_segment {
    uint32_t number;
    bool partial;
    uint64_t bytes;
};

enum smk_stored_state {
    SMK_STORED_DONE,
    SMK_STORED_CUT,      /* its process died while it wrote it; it opens all the same */
    SMK_STORED_ELSEWHERE /* another process writes it */
};

struct smk_stored {
    char id[SMK_CAPTURE_ID_SIZE];
    bool rotates;
    enum smk_stored_state state;
    enum smk_reason reason;
    uint64_t bytes, started_unix_ns, ended_unix_ns;
    uint32_t count;
    uint32_t last;                       /* number of its last segment */
    struct smk_stored_segment *segments; /* by number; NULL: in memory */
    struct smk_tape *memory;             /* held by the store; NULL: in the directory */
};

/* Finds a directory by settings and environment. There may be none: then smk_store_why says why, and
 * captures are kept in memory. */
void smk_store_open(const struct smk_settings *settings);
void smk_store_close(void);

/* NULL: there is none. */
struct smk_directory *smk_store_directory(void);
const char *smk_store_why(void);

/* Reads the directory; newest first. The list is the store's, until the next call. */
const struct smk_stored *smk_store_list(uint32_t *count);
/* NULL: no such capture that is at its end. */
const struct smk_stored *smk_store_find(const char *id);

/* 0, SMK_E_NOTFOUND, SMK_E_BUSY: another process writes it; SMK_E_IO. */
int smk_store_delete(const char *id);

/* Deletes what is beyond keep_files, keep_bytes and keep_age, the oldest first; never what `busy` says
 * is being written, and never what is being downloaded. */
void smk_store_retain(bool (*busy)(const char *id));

/* Takes over a finished tape in memory (holds it). */
void smk_store_keep_memory(const char *id, struct smk_tape *tape, enum smk_reason reason, uint64_t started_unix_ns);

/* Bytes of all captures that ended in the last 24 hours. */
uint64_t smk_store_day_bytes(void);
void smk_store_count_bytes(uint64_t bytes);

/* 0, or SMK_E_NOSPACE: the file system has less left than free_floor. */
int smk_store_check_space(void);

struct smk_store_stats {
    uint64_t files, bytes;
    uint64_t keep_bytes;      /* so many are kept; less than the setting where files are memory */
    uint64_t deleted;         /* captures, by retention */
    uint64_t delete_failures;
};
void smk_store_get_stats(struct smk_store_stats *stats);

/* Path as it is shown: of a rotated capture with a * for the number. False: in memory. */
bool smk_store_path(const char *id, bool rotates, bool partial, char *path, size_t size);
void smk_store_name(const char *id, bool rotates, const struct smk_stored_segment *segment,
                    char name[SMK_FILE_NAME_MAX]);

/* A capture that is being downloaded is not deleted by retention. NULL: too many. Unpin: any thread. */
struct smk_pin;
struct smk_pin *smk_store_pin(const char *id);
void smk_store_unpin(struct smk_pin *pin);

/* In a fork's child nothing is downloaded. */
void smk_store_reset_in_child(void);

/* ---- for store_scan.c and tests ------------------------------------------------------------------------------ */

/* "20260131t235959123-k3v9x0q1.3.stall.partial": false for any other name. */
bool smk_store_parse_name(const char *name, char id[SMK_CAPTURE_ID_SIZE], bool *rotates,
                          struct smk_stored_segment *segment);

/* All captures in a directory, on the agent's heap; newest first. */
struct smk_stored *smk_store_scan(int dir, uint32_t *count);
void smk_store_free_list(struct smk_stored *list, uint32_t count);

/* Opens a directory for captures, made if it is missing: a real one, of this user or root, in which
 * nobody else can plant or replace files. A descriptor, or -1 and smk_last_error(). */
int smk_store_open_directory(const char *path);

#endif
