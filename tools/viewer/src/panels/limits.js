/* limits.js: what a table of requests is limited to, as the server is asked. Pure. */

/* What the server is asked with: whole numbers, and nothing that is not limited. */
export const queryOf = limits => ({
    t0: limits.t0 === null ? null : Math.max(0, Math.round(limits.t0)), t1: limits.t1 === null ? null : Math.round(limits.t1),
    min_ns: limits.min === null ? null : Math.max(0, Math.round(limits.min)),
    max_ns: limits.max === null ? null : Math.round(limits.max), route: limits.route,
});
