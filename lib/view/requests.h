/* requests.h: the requests of a view: the table, the cloud of points, latencies, and the parts of one.
 *
 * Threads and results as in view.h. Since 0.1.
 */
#ifndef SMK_VIEW_REQUESTS_H
#define SMK_VIEW_REQUESTS_H

#include "view/view.h"

struct smk_view_request {
    uint64_t id;
    uint64_t from, to;
    uint64_t read;    /* when its bytes were read: before that the loop was late; `from` where it was on no socket */
    uint32_t process;
    uint32_t route;   /* string; 0: not known */
    uint32_t status;
    uint32_t row;     /* of the thread that said it ended; SMK_VIEW_NONE */
    bool open;        /* it had not ended */
    bool begin_unseen;
    bool error;       /* its status is one */
    uint8_t unused[5]; /* it lies in a file: what the compiler would leave as it was */
};

enum smk_view_order { SMK_VIEW_SLOWEST, SMK_VIEW_NEWEST };

struct smk_view_request_query {
    uint64_t from, to;       /* those that overlap it; to 0: without end */
    uint64_t min_ns, max_ns; /* max_ns 0: without end */
    const uint32_t *routes;  /* strings */
    uint32_t route_count;    /* 0: all */
    enum smk_view_order order;
    uint32_t offset, limit;  /* of the answer; together at most 10,000 */
};

struct smk_view_request_list {
    struct smk_mem mem;
    struct smk_view_request *array;
    uint32_t count, capacity;
    uint64_t total; /* that fit the query */
    bool final;
};

int smk_view_requests(struct smk_view *view, const struct smk_view_request_query *query,
                      struct smk_view_request_list *list);
void smk_view_requests_free(struct smk_view_request_list *list);

/* SMK_E_NOTFOUND. */
int smk_view_find_request(struct smk_view *view, uint32_t process, uint64_t id, struct smk_view_request *request);

/* The routes that requests have, by number from 0; false after the last. */
bool smk_view_route_at(struct smk_view *view, uint32_t number, uint32_t *route, uint64_t *count);

/* At most `points` of those that overlap [from, to], in order of their ends: all above p99 of them, as far as that
 * leaves half for the rest, of which some are taken without regard to how long they were. */
int smk_view_scatter(struct smk_view *view, uint64_t from, uint64_t to, uint32_t points,
                     struct smk_view_request_list *list);

/* Eight buckets an octave; edges of bucket i: smk_view_latency_edge(i) up to that of i + 1. */
#define SMK_VIEW_LATENCY_BUCKETS 384u
uint64_t smk_view_latency_edge(uint32_t bucket);

struct smk_view_latency {
    uint64_t counts[SMK_VIEW_LATENCY_BUCKETS];
    uint64_t count, max_ns;
    uint64_t p50_ns, p90_ns, p99_ns; /* within an eighth of an octave; 0 where there is no request */
    bool final;
};

/* Of those that ended and whose begin was seen, that overlap [from, to] and whose route is one of these; count 0:
 * all. */
int smk_view_latencies(struct smk_view *view, uint64_t from, uint64_t to, const uint32_t *routes, uint32_t count,
                       struct smk_view_latency *latency);

/* What a thread did for a request: a stretch of an item of its row. Among them the waits of the thread that read it,
 * for whichever of the requests that it read with it. Without a row: it lay in a queue, which is the label. */
struct smk_view_part {
    uint64_t from, to;
    uint32_t row, item, look, label;
};

#define SMK_VIEW_PARTS_MAX 65536u

struct smk_view_parts {
    struct smk_mem mem;
    struct smk_view_request request;
    struct smk_view_part *array; /* by time; several threads may overlap */
    uint32_t count, capacity;
    bool cut; /* there were more than 65,536 */
    bool final;
};

int smk_view_parts_of(struct smk_view *view, uint32_t process, uint64_t id, struct smk_view_parts *parts);
void smk_view_parts_free(struct smk_view_parts *parts);

#endif
