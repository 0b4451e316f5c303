/* state.h: a view from the inside; for the files of lib/view. */
#ifndef SMK_VIEW_STATE_H
#define SMK_VIEW_STATE_H

#include "analysis/locks.h"
#include "analysis/symbols.h"
#include "view/store.h"

#define SMK_VIEW_PATH_MAX 4112u

struct smk_view {
    struct smk_mem mem;
    struct smk_view_options options;
    char **paths;
    size_t path_count;
    char file[SMK_VIEW_PATH_MAX - 16]; /* where it is kept; "": it has no name */
    unsigned place;         /* the builder's: of cache.c, where it builds now */
    pthread_t builder;
    bool has_builder;

    pthread_mutex_t mutex;  /* store, refs of stores, progress */
    pthread_cond_t changed;
    struct smk_view_store *store;
    struct smk_view_progress progress;
    uint32_t damages;       /* the store's file was found to be damaged, and is built anew */
    bool rebuilding;
    bool stop;              /* the builder is to end */
    char partial[SMK_VIEW_PATH_MAX]; /* the builder's: what it builds is called until it is whole; "": nothing */

    pthread_mutex_t trace_mutex; /* recursive; all below */
    smk_trace *trace;
    struct smk_mem names;   /* of symbols and locks */
    struct smk_symbols symbols;
    struct smk_locks locks;
    uint32_t locks_told;    /* words of the store's that are in it */

    uint64_t first, duration;
    uint32_t level_max;
    uint64_t *events;       /* SMK_VIEW_COLUMNS, out of the chunks' headers */
};

/* ---- what is asked -------------------------------------------------------------------------------------- */

/* Of a result that is filled for the first time. */
void smk_view_mem(struct smk_mem *mem);

bool smk_view_is_sealed(const struct smk_view_store *store);

/* Reads a store, of which nothing changes meanwhile. */
struct smk_view_reader {
    struct smk_view_store *store;
    struct smk_mem mem;
    uint8_t *data; /* of the last block */
    uint32_t capacity;
    bool in_turn;  /* others wait for it to end */
    int result;    /* of the first thing that failed */
};
/* The view's store. Ends with smk_view_read_end alone. */
void smk_view_read_begin(struct smk_view_reader *reader, struct smk_view *view);
/* Its result, or `result` where that is none; what was found to be damaged is built anew. */
int smk_view_read_end(struct smk_view_reader *reader, struct smk_view *view, int result);
/* The same for who has a store anyway. */
void smk_view_reader_begin(struct smk_view_reader *reader, struct smk_view_store *store);
int smk_view_reader_end(struct smk_view_reader *reader);
/* A block's bytes, checked; NULL: `result` says why not. Valid until the next one. */
const uint8_t *smk_view_reader_get(struct smk_view_reader *reader, const struct smk_view_block *block);
const void *smk_view_reader_bytes(struct smk_view_reader *reader, uint64_t offset, uint32_t size, uint32_t crc);

/* The items of a row, from the one before `time` on: in order, until it says that there is none. */
struct smk_view_items {
    struct smk_view_reader *reader;
    const struct smk_view_line *line;
    uint32_t block; /* of blocks; their count: what is pending */
    uint32_t left;
    const uint8_t *at, *end;
    struct smk_view_before before;
    uint32_t number;
    struct smk_view_sum sums[SMK_VIEW_CLASSES]; /* of a thread, before the item that comes next */
};
/* From the begin of the block that the last item with from <= time lies in. */
void smk_view_items_from(struct smk_view_items *items, struct smk_view_reader *reader,
                         const struct smk_view_line *line, uint64_t time);
/* From this item on. */
void smk_view_items_at(struct smk_view_items *items, struct smk_view_reader *reader, const struct smk_view_line *line,
                       uint32_t number);
bool smk_view_items_next(struct smk_view_items *items, struct smk_view_entry *entry);
/* The item of a row at `time`: from <= time < to. False: there is none. */
bool smk_view_entry_at(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t time,
                       struct smk_view_entry *entry);

/* The first unlock of a lock that began at or behind `time`; false: there is none. */
bool smk_view_next_release(struct smk_view_reader *reader, uint32_t process, uint64_t address, uint64_t time,
                           struct smk_view_release *release);

/* Units of a row as smk_view_units_in, of a store that is taken. */
int smk_view_units_of(struct smk_view_reader *reader, const struct smk_view_line *line, unsigned level, uint64_t from,
                      uint64_t to, struct smk_view_units *units);

/* requests.c */
bool smk_view_request_of(struct smk_view_reader *reader, uint32_t process, uint64_t id,
                         struct smk_view_request *request);

/* queue.c: the queues that a request lay in, as parts of it; `parts` are in order before, and no longer behind it. */
struct smk_view_parts;
void smk_view_take_queues(struct smk_view *view, struct smk_view_reader *reader, struct smk_view_parts *parts);

/* The row; NULL and SMK_E_INVALID in words. */
const struct smk_view_line *smk_view_line_of(struct smk_view_store *store, uint32_t row);

/* ---- building ------------------------------------------------------------------------------------------- */

/* The pass; the store is filled and finished. 0, SMK_E_LIMIT where it was to stop, or what failed. */
int smk_view_build(struct smk_view *view, struct smk_view_store *store, smk_trace *trace);

/* build.c tells how far it is; false: it is to stop. */
bool smk_view_tell(struct smk_view *view, struct smk_view_store *store, uint64_t done, uint64_t total);

/* A store for this file, which becomes its; NULL and an error. */
struct smk_view_store *smk_view_store_new(struct smk_view *view, int fd);
void smk_view_store_drop(struct smk_view *view, struct smk_view_store *store);
/* Out of the headers of the chunks: how many events each column has. */
void smk_view_count_events(struct smk_view *view);

/* cache.c */

/* What is there and good, in a store that is sealed; NULL: it is to be built. */
struct smk_view_store *smk_view_cache_load(struct smk_view *view);
/* A file to build in, at view->place or the next that takes one; below 0 and an error. `partial`: its name, "": it has
 * none. */
int smk_view_cache_begin(struct smk_view *view, char partial[SMK_VIEW_PATH_MAX]);
/* How large it may get there. */
uint64_t smk_view_cache_max(const struct smk_view *view);
/* That place has no room. False: it was the last one. */
bool smk_view_cache_next(struct smk_view *view);
/* Header and directory behind the blocks of a store that is finished. Then it gets its name. */
int smk_view_cache_end(struct smk_view *view, struct smk_view_store *store, const char *partial);

#define SMK_VIEW_HEADER_BYTES 4096u /* blocks begin behind it */

#endif
