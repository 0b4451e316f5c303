/* view.h: a trace as a viewer wants it: rows of items, and of each row a pyramid of powers of two, so that any stretch
 * of time can be drawn with at most two items a pixel, however long the trace is. For `stallmark view`
 * (docs/viewer-api.md), of which this is the part without a network.
 *
 *     files ──(a thread of its own: one pass of timeline.h)──▶ store, a file ──▶ tiles, sums, requests, moments
 *
 * smk_view_open comes back as soon as the headers of the chunks were read. The pass goes on behind it, and whatever it
 * has come to can be asked for meanwhile: answers say whether they are final. What was built is kept in a file beside
 * the trace ("t.stall.view"), which the next view of the same files opens at once; it is not trusted, and one that is
 * damaged, cut or of other files is built anew.
 *
 * Times are those of the trace: ns of the traced machine's CLOCK_MONOTONIC; smk_view_first is where the trace begins.
 * Names are as somebody wrote them: escape them before they are shown.
 *
 * Any thread may ask, several at once; open and close are one thread's. Results are the caller's, and none points into
 * the view. Since 0.1.
 */
#ifndef SMK_VIEW_VIEW_H
#define SMK_VIEW_VIEW_H

#include "analysis/names.h"
#include "analysis/timeline.h"
#include "base/mem.h"
#include "stallmark/reader.h"

#define SMK_VIEW_TILE_BUCKETS 512u
#define SMK_VIEW_TILE_ROWS    256u /* that may be asked for at once */
#define SMK_VIEW_PIXELS_MAX   8192u
#define SMK_VIEW_NONE         UINT32_MAX /* no row, no item */

struct smk_view;

/* ---- life ----------------------------------------------------------------------------------------------- */

struct smk_view_options {
    size_t max_memory;    /* bytes that the view may take, the trace's tables with it; 0: 448 MiB */
    uint64_t max_file;    /* bytes of the file that is built; 0: 16 GiB. Beyond: SMK_E_LIMIT */
    const char *file;     /* where it is kept; NULL: beside the first trace, and where that cannot be (a directory of
                           * somebody else, a full disk), in $XDG_CACHE_HOME/stallmark; "": nowhere, it has no name.
                           * Where none can be written it has none, and lies in $TMPDIR, /var/tmp, /tmp, or, up to 128
                           * MiB, in memory */
    const struct smk_line_source *lines; /* as in report.h; of all that has a place in the source */
    const char *debug_dir;
    bool no_symbols;
    bool in_turn;         /* no thread of its own: smk_view_open comes back when all is built */
};

/* As smk_trace_open_segments; `options` may be NULL. */
int smk_view_open(struct smk_view **view, const char *const *paths, size_t count,
                  const struct smk_view_options *options);
/* Ends the pass. NULL is allowed. */
void smk_view_close(struct smk_view *view);

enum smk_view_phase {
    SMK_VIEW_SCANNING, /* the builder opens the trace: chunk headers alone are known */
    SMK_VIEW_BUILDING,
    SMK_VIEW_READY,
    SMK_VIEW_FAILED    /* what was built until then can be asked for */
};

/* "scanning". */
const char *smk_view_phase_name(enum smk_view_phase phase);

struct smk_view_progress {
    enum smk_view_phase phase;
    uint64_t done, total; /* events */
    uint64_t known_to;    /* the pass has come to here; the time of a thread that waited then is known before that wait
                           * only */
    uint64_t serial;      /* another number whenever something changed */
    uint64_t file_bytes;
    uint64_t refused;     /* rows, items, names and unlocks that had no room */
    bool from_file;       /* it was built before */
    int error;            /* of SMK_VIEW_FAILED */
    char text[256];       /* what it says */
    char not_kept[1024];  /* the file that could not be written, and why: it is built elsewhere, and kept for the
                           * next time only where that is $XDG_CACHE_HOME; "": none */
};

/* Never waits. */
void smk_view_get_progress(struct smk_view *view, struct smk_view_progress *progress);
/* Until the serial is another one than this, at most so long. */
void smk_view_wait(struct smk_view *view, uint64_t serial, unsigned milliseconds, struct smk_view_progress *progress);

/* ---- the trace itself ----------------------------------------------------------------------------------- */

/* The view's own open trace, for info, names, stacks and short passes: this thread's alone until it is left. Functions
 * of this module that need it enter it themselves, and may be called inside. A long pass (a report) holds up whoever
 * asks for names: open another one for that. */
smk_trace *smk_view_enter(struct smk_view *view);
struct smk_symbols *smk_view_symbols(struct smk_view *view); /* inside */
struct smk_locks *smk_view_locks(struct smk_view *view);     /* inside: for smk_wait_text */
void smk_view_leave(struct smk_view *view);

uint64_t smk_view_first(const struct smk_view *view);    /* ns: t = 0 of the viewer */
uint64_t smk_view_duration(const struct smk_view *view); /* ns */
/* Levels that it makes sense to ask for: of level_max one tile holds the trace. Level L: buckets of 2^L ns. */
unsigned smk_view_level_min(const struct smk_view *view);
unsigned smk_view_level_max(const struct smk_view *view);

/* ---- rows ----------------------------------------------------------------------------------------------- */

/*    NAME      name */
#define SMK_VIEW_ROW_KINDS(X)                                                                                      \
    X(THREAD, "thread")     /* its states, without holes */                                                        \
    X(REGIONS, "regions")   /* of a thread at a depth; without a thread: regions of requests, in lanes */          \
    X(SAMPLES, "samples")   /* CPU samples of a thread: points */                                                  \
    X(REQUESTS, "requests") /* of a route, in lanes */                                                             \
    X(COUNTER, "counter")                                                                                          \
    X(CPU, "cpu")           /* which thread ran there; when all is built */                                        \
    X(MARKS, "marks")       /* gaps of a process, in lanes; loop stalls of a thread: points */                     \
    X(LOGS, "logs")         /* what a thread said (SMK_LOG): points */

enum smk_view_row_kind {
#define X(NAME, name) SMK_VIEW_##NAME,
    SMK_VIEW_ROW_KINDS(X)
#undef X
    SMK_VIEW_ROW_KIND_COUNT
};

/* "thread". */
const char *smk_view_row_kind_name(enum smk_view_row_kind kind);

struct smk_view_row {
    uint32_t id;      /* from 0, in the order in which the trace tells of them: the same in each view of the files */
    uint32_t process;
    uint32_t thread;  /* serial; 0: it is no thread's */
    uint32_t parent;  /* row of the thread; of that itself its own; SMK_VIEW_NONE */
    uint32_t depth;   /* of regions; the lane; the number of a CPU */
    uint32_t label;   /* route, counter: what it is called after; 0: by its thread */
    uint32_t items;
    enum smk_view_row_kind kind;
    uint64_t from, to; /* of its items so far */
    uint64_t state_ns[SMK_SPAN_STATES]; /* of a thread */
};

/* How many there are by now; they become more while it is built, and never others. */
uint32_t smk_view_row_count(struct smk_view *view);
/* False: there is none. */
bool smk_view_get_row(struct smk_view *view, uint32_t row, struct smk_view_row *is);
/* The row of a thread's states; SMK_VIEW_NONE: nothing was told of it. */
uint32_t smk_view_row_of_thread(struct smk_view *view, uint32_t serial);
/* "worker-3"; "GET /report"; "queue_depth"; "CPU 3"; "render" of regions is not told: depth 0 is called "regions". */
void smk_view_row_name(struct smk_view *view, uint32_t row, char name[SMK_NAME_MAX]);

/* What a number in `label` stands for: a lock, a call with its file or peer, a site, a route, a stack's place. "" for 0
 * and for numbers that are none. */
void smk_view_label(struct smk_view *view, uint32_t label, char text[SMK_NAME_MAX]);

/* ---- items ---------------------------------------------------------------------------------------------- */

#define SMK_VIEW_STATE_OTHER 15u /* the state of items that are none of a thread */

enum smk_view_flag {
    SMK_VIEW_TOGETHER = 1, /* several are drawn together */
    SMK_VIEW_OPEN = 2,     /* it went on when the record ended */
    SMK_VIEW_UNSEEN = 4,   /* its begin, or that of its wait, was not seen */
    SMK_VIEW_IN_GAP = 8,
    SMK_VIEW_OR_RUNNABLE = 16,
    SMK_VIEW_WHOLE_CALL = 32,
    SMK_VIEW_ERROR = 64,   /* of a request: its status is one */
    SMK_VIEW_ESTIMATED = 128
};

/* The word `look` of the wire. */
#define SMK_VIEW_LOOK_STATE(look)  ((look) & 15u)
#define SMK_VIEW_LOOK_KIND(look)   ((look) >> 4 & 15u)
#define SMK_VIEW_LOOK_FLAGS(look)  ((look) >> 8 & 255u)
#define SMK_VIEW_LOOK_SHARE(look)  ((look) >> 16 & 255u)
#define SMK_VIEW_LOOK_SECOND(look) ((look) >> 24) /* state, kind << 4 */

/* What is drawn as one: an item, or several of one bucket together, of which `item` is the longest. */
struct smk_view_unit {
    uint64_t from, to;
    uint32_t item;   /* number in its row, from 0 */
    uint32_t look;
    uint32_t label;  /* of the longest */
    uint32_t merged; /* items that it is */
    int64_t low, high, last; /* of a counter; of logs their numbers */
};

struct smk_view_units {
    struct smk_mem mem;
    struct smk_view_unit *array;
    uint32_t count, capacity;
    bool final; /* nothing will be added to this stretch */
};

/* At most two units for each bucket of 2^level ns that begins in [from, to), in order, and before them the one that
 * reaches into it. `from` is taken back to the begin of its bucket. An empty struct is filled, and one that was filled
 * anew; smk_view_units_free after the last. SMK_E_INVALID: no such row or level; SMK_E_FORMAT: the file was damaged
 * meanwhile and is being built anew; SMK_E_NOMEM. */
int smk_view_units_in(struct smk_view *view, uint32_t row, unsigned level, uint64_t from, uint64_t to,
                      struct smk_view_units *units);
void smk_view_units_free(struct smk_view_units *units);

/* Bytes of an answer. An empty struct is one. */
struct smk_view_bytes {
    struct smk_mem mem;
    uint8_t *data;
    uint32_t size, capacity;
};
void smk_view_bytes_free(struct smk_view_bytes *bytes);

/* The wire's answers, docs/viewer-api.md "Items in a tile", put behind what is in `bytes`. SMK_E_INVALID says what is
 * allowed. */
int smk_view_tile(struct smk_view *view, unsigned level, uint64_t tile, const uint32_t *rows, uint32_t count,
                  struct smk_view_bytes *bytes);
int smk_view_window(struct smk_view *view, uint64_t from, uint64_t to, uint32_t pixels, const uint32_t *rows,
                    uint32_t count, struct smk_view_bytes *bytes);

/* ---- sums ----------------------------------------------------------------------------------------------- */

/* The classes that a thread's time is told apart by, in the order of enum smk_span_state, then of enum smk_wait_kind:
 * unknown, running, runnable, waiting for nothing known, for a lock …, idle in a … */
#define SMK_VIEW_CLASSES (3u + 2u * 10u)
uint32_t smk_view_class(unsigned state, unsigned kind);
unsigned smk_view_class_state(uint32_t class_number);
unsigned smk_view_class_kind(uint32_t class_number);

struct smk_view_sums {
    uint64_t ns[SMK_VIEW_CLASSES];
    uint64_t count[SMK_VIEW_CLASSES]; /* items that lie in the stretch or reach into it */
    bool final;
};

/* Exact, of one thread's row in [from, to]. As smk_view_units_in. */
int smk_view_sums_in(struct smk_view *view, uint32_t row, uint64_t from, uint64_t to, struct smk_view_sums *sums);

/* For the overview: the trace in `columns` (1 to 2,048) stretches of equal length. */
struct smk_view_density {
    struct smk_mem mem;
    uint32_t columns;
    bool final;
    float *share[SMK_VIEW_CLASSES]; /* of the time of all threads that lived; NULL: that class is nowhere */
    uint64_t *events;               /* known from the begin on, out of the chunks' headers */
};
int smk_view_density_of(struct smk_view *view, uint32_t columns, struct smk_view_density *density);
void smk_view_density_free(struct smk_view_density *density);

#endif
