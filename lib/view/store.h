/* store.h: what is built of a trace: rows with their items and pyramids, requests, unlocks, labels.
 *
 * A row's items are put behind each other in blocks of SMK_VIEW_BLOCK_ITEMS; what is in no full block yet is in memory.
 * Over them are levels of buckets of 2^12, 2^15, … ns. SMK_VIEW_STRETCH buckets of a level are a stretch, which is
 * written only where that makes reading cheaper: where it stands for few items there is none, and who asks reads the
 * level below, or the items. So idle time costs nothing and a level is never larger than half of what it stands for.
 *
 *     level 2        [ stretch ]                          (absent: the three below have few units)
 *     level 1    [ stretch ][ stretch ]            [ stretch ]
 *     items      ▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪      ▪   ▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪
 *
 * While it is built, each row has of each level the bucket and the stretch that are open, and nothing else: memory goes
 * with rows times levels, and 40 bytes for each block. Where it runs short, blocks are written before they are full,
 * and stretches that are open are not written at all, which makes reading slower there and nothing wrong.
 *
 * One thread at a time until `sealed`, which is turns.h's business; then nothing changes, and any thread reads.
 */
#ifndef SMK_VIEW_STORE_H
#define SMK_VIEW_STORE_H

#include "analysis/map.h"
#include "view/file.h"
#include "view/requests.h"
#include "view/turns.h"
#include "view/unit.h"

#define SMK_VIEW_LEVEL_FIRST 12u
#define SMK_VIEW_LEVEL_STEP  3u
#define SMK_VIEW_LEVELS      16u
#define SMK_VIEW_STRETCH_LOG 6u
#define SMK_VIEW_STRETCH     (1u << SMK_VIEW_STRETCH_LOG)
#define SMK_VIEW_BLOCK_ITEMS 512u
#define SMK_VIEW_BLOCK_BYTES 8192u /* at which one is full */
#define SMK_VIEW_BYTES_MAX   (64u << 10) /* that any block has */
#define SMK_VIEW_ROWS_MAX    32768u
#define SMK_VIEW_COLUMNS     2048u
#define SMK_VIEW_LABELS_MAX  65536u
#define SMK_VIEW_OBJECTS_MAX 65536u /* locks whose unlocks are kept */

/* ---- blocks --------------------------------------------------------------------------------------------- */

struct smk_view_block {
    uint64_t offset;
    uint64_t from, to; /* begin of the first item, end of the last; of a stretch begin of its first unit, and of itself;
                        * of unlocks the least and the largest begin */
    uint32_t bytes, crc;
    uint32_t first;    /* number of the first item */
    uint32_t count;
};

struct smk_view_blocks {
    struct smk_view_block *array;
    uint32_t count, capacity;
};

/* What is in no block yet. */
struct smk_view_pending {
    uint8_t *data;
    uint32_t size, capacity;
    uint32_t count;
    uint64_t from, to;
    struct smk_view_before before;
};

/* ---- rows ----------------------------------------------------------------------------------------------- */

struct smk_view_level {
    struct smk_view_bucket open;
    struct smk_view_pending units; /* of the stretch that is open */
    uint64_t stretch;
    uint32_t cost; /* units or items that are to be read where the stretch is not written */
    bool dropped;  /* there was no memory for this one: it is not written, whatever it would save */
    struct smk_view_blocks stretches;
};

struct smk_view_sum {
    uint64_t ns, count;
};

struct smk_view_line {
    struct smk_view_row is;
    uint64_t last;       /* end of the last item */
    struct smk_view_blocks blocks;
    struct smk_view_pending pending;
    struct smk_view_level *levels; /* NULL: there is no item yet */
    struct smk_view_sum *sums;     /* of a thread: SMK_VIEW_CLASSES */
};

/* Unlocks of one lock that somebody waited for, in order of their ends. */
struct smk_view_object {
    uint64_t address;
    uint32_t process;
    struct smk_view_blocks blocks;
    struct smk_view_pending pending;
};

struct smk_view_release {
    uint64_t from, to;
    uint32_t thread, stack;
};

/* ---- requests ------------------------------------------------------------------------------------------- */

#define SMK_VIEW_TABLE_ITEMS 256u

struct smk_view_request_block {
    uint64_t offset;
    uint64_t from, to;       /* the earliest begin, the latest end */
    uint64_t id_low, id_high;
    uint64_t longest;
    uint32_t count, crc;
};

struct smk_view_route {
    uint32_t route, unused;
    uint64_t count;
    uint64_t max_ns; /* of those that `counts` counts */
    uint64_t counts[SMK_VIEW_LATENCY_BUCKETS];
};

struct smk_view_table {
    struct smk_view_request_block *blocks;
    uint32_t block_count, block_capacity;
    struct smk_view_request *pending;
    uint32_t pending_count;
    uint64_t count;
    struct smk_view_route *routes;
    uint32_t route_count, route_capacity;
    struct smk_map by_route;
};

/* ---- names ---------------------------------------------------------------------------------------------- */

/* What a label is, in its highest four bits. */
enum smk_view_label_kind {
    SMK_VIEW_LABEL_NONE,
    SMK_VIEW_LABEL_WAIT,   /* number in `waits`: what one was for */
    SMK_VIEW_LABEL_STRING,
    SMK_VIEW_LABEL_SITE,
    SMK_VIEW_LABEL_STACK,
    SMK_VIEW_LABEL_THREAD, /* serial */
    SMK_VIEW_LABEL_CATEGORY
};

SMK_INLINE uint32_t smk_view_label_of(enum smk_view_label_kind kind, uint32_t id)
{
    return id < 1u << 28 ? (uint32_t)kind << 28 | id : 0;
}

/* What gives locks their names, in the order in which the trace says it: who knows it names them as a report does. */
enum smk_view_lock_what { SMK_VIEW_LOCK_WAIT, SMK_VIEW_LOCK_EPOCH, SMK_VIEW_LOCK_NAME };

struct smk_view_lock_word {
    uint64_t address, from, to;
    uint32_t process, what;
    uint32_t stack, site; /* of a wait; site: of a name the string */
    uint32_t thread, unused;
};

/* ---- all of it ------------------------------------------------------------------------------------------ */

struct smk_view_density_sums {
    uint64_t width;  /* ns of a column */
    uint64_t *part;  /* by class and column: ns in columns that a span fills not all of */
    int64_t *whole;  /* by class and column: spans that fill this column and the next ones, less those that end */
};

struct smk_view_store {
    struct smk_mem mem;
    struct smk_view_turns turns;
    struct smk_view_file file;
    uint32_t refs;          /* the view's mutex */
    uint32_t sealed;        /* 1: nothing changes any more */
    uint64_t origin, end;   /* of the trace */
    uint32_t processes;     /* that it has */
    uint32_t level_count;
    struct smk_view_line **rows;
    uint32_t row_count, row_capacity;
    struct smk_map by_thread; /* serial to row */
    struct smk_view_object *objects;
    uint32_t object_count, object_capacity;
    struct smk_map by_object;
    struct smk_view_table table;
    struct smk_span_wait *waits; /* one of each that has a label */
    uint32_t wait_count, wait_capacity;
    struct smk_view_lock_word *locks;
    uint32_t lock_count, lock_capacity;
    struct smk_view_density_sums density;
    size_t relieved;        /* bytes that were left after smk_view_store_relieve */
    uint64_t refused;       /* rows, labels, unlocks and requests that had no room */
    uint64_t known_to;
};

bool smk_view_store_begin(struct smk_view_store *store, int fd, uint64_t max_file, size_t max_memory, uint64_t origin,
                          uint64_t end);
void smk_view_store_free(struct smk_view_store *store);
/* All that is pending goes to the file; 0, or what is wrong. */
int smk_view_store_finish(struct smk_view_store *store);
/* 0, or what is wrong with memory or the file. */
int smk_view_store_failed(const struct smk_view_store *store);

/* Lets go of what can be let go of, where memory runs short. Between two items. */
void smk_view_store_relieve(struct smk_view_store *store);

/* A new row; NULL: there is no room. */
struct smk_view_line *smk_view_store_row(struct smk_view_store *store, const struct smk_view_row *is);
/* Behind the row's last item: what would overlap it is cut off. The number is given. */
void smk_view_store_item(struct smk_view_store *store, struct smk_view_line *line, struct smk_view_entry *entry);

void smk_view_store_release(struct smk_view_store *store, uint32_t process, uint64_t address,
                            const struct smk_view_release *release);
void smk_view_store_request(struct smk_view_store *store, const struct smk_view_request *request);
/* The histogram and index of a route in the table; SMK_MAP_NONE: there is no room. */
uint32_t smk_view_store_route(struct smk_view_store *store, uint32_t route);

void smk_view_store_table_end(struct smk_view_store *store);
uint32_t smk_view_latency_bucket(uint64_t ns);

/* A stretch of a thread's row, for the overview. */
void smk_view_store_dense(struct smk_view_store *store, uint32_t class_number, uint64_t from, uint64_t to);

SMK_INLINE unsigned smk_view_level_log(uint32_t level) { return SMK_VIEW_LEVEL_FIRST + SMK_VIEW_LEVEL_STEP * level; }

/* A block of `size` bytes at the end of the file; false: it has no room. */
bool smk_view_block_put(struct smk_view_store *store, struct smk_view_blocks *blocks, const void *data, uint32_t size,
                        const struct smk_view_block *is);

#endif
