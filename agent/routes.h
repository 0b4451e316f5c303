/* routes.h: THE table of routes: one behind all fronts, behind the index page and behind docs/http.md. */
#ifndef SMK_AGENT_ROUTES_H
#define SMK_AGENT_ROUTES_H

#include "exchange.h"
#include "query.h"
#include "stallmark/capture.h"

struct smk_route_match {
    char id[SMK_CAPTURE_ID_SIZE]; /* of ID, NAME and FILE in the pattern: letters, digits, '-' and '.' only */
    uint64_t number;              /* of N */
    struct smk_query query;
};

struct smk_route {
    const char *pattern; /* "/debug/traces/ID/N" */
    uint32_t methods;    /* enum smk_method, a union */
    enum smk_scope scope;
    const struct smk_parameter *parameters;
    /* Answers the exchange, now or later. */
    void (*handle)(struct smk_exchange *exchange, const struct smk_route_match *match);
    const char *what;
};

/* By number from 0; NULL after the last. */
const struct smk_route *smk_route_at(size_t number);

/* "GET, HEAD" */
void smk_methods_format(uint32_t methods, char *text, size_t size);

/* Answers with what the route's handler says, or 400, 403, 404, 405. On the control loop. */
void smk_routes_dispatch(struct smk_exchange *exchange);

/* 0: text, 1: JSON, or an error: by ?format=, else JSON where Accept names it and does not name text before it. */
int smk_route_wants_json(const struct smk_exchange *exchange, const struct smk_route_match *match);

/* ---- the handlers, each in the file that is named like it -------------------------------------------------- */

void smk_handle_index(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_page(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_status(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_metrics(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_trace(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_stop(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_snapshot(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_list(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_download(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_ticket(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_delete(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_segment(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_report(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_threads(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_requests(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_request(struct smk_exchange *exchange, const struct smk_route_match *match);

void smk_handle_pprof(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_pprof_index(struct smk_exchange *exchange, const struct smk_route_match *match);

void smk_handle_rules(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_rules_put(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_rule_post(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_rule_delete(struct smk_exchange *exchange, const struct smk_route_match *match);
void smk_handle_ledger(struct smk_exchange *exchange, const struct smk_route_match *match);

extern const struct smk_parameter smk_rules_parameters[], smk_rules_put_parameters[], smk_rule_parameters[];
extern const struct smk_parameter smk_ledger_parameters[];
extern const struct smk_parameter smk_threads_parameters[], smk_requests_parameters[], smk_request_parameters[];
extern const struct smk_parameter smk_trace_parameters[], smk_snapshot_parameters[];
extern const struct smk_parameter smk_download_parameters[], smk_report_parameters[];
extern const struct smk_parameter smk_pprof_parameters[];

#endif
