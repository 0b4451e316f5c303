/* trace_sqlite_schema.h: the tables, what is asked of them often, and how they are found; docs/sqlite.md says what
 * they mean, and tests/export/sqlite.sh that it says it of each. */
#ifndef SMK_TOOLS_TRACE_SQLITE_SCHEMA_H
#define SMK_TOOLS_TRACE_SQLITE_SCHEMA_H

/*    name, columns in the order in which trace_sqlite.c puts them */
#define SMK_SQLITE_TABLES(X)                                                                                           \
    X(INFO, "info", "key TEXT NOT NULL, value TEXT NOT NULL, process INTEGER")                                         \
    X(PROCESS, "process",                                                                                              \
      "id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, parent INTEGER, name TEXT NOT NULL, exe TEXT, host TEXT, "        \
      "capture TEXT, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, complete_from_ns INTEGER, "                  \
      "realtime_offset_ns INTEGER NOT NULL, events INTEGER NOT NULL, lost INTEGER NOT NULL")                           \
    X(THREAD, "thread",                                                                                                \
      "id INTEGER PRIMARY KEY, process INTEGER NOT NULL, tid INTEGER NOT NULL, name TEXT NOT NULL, "                   \
      "started_ns INTEGER, lost INTEGER NOT NULL")                                                                     \
    X(STACK, "stack", "id INTEGER PRIMARY KEY, process INTEGER NOT NULL, function TEXT")                               \
    X(FRAME, "frame",                                                                                                  \
      "stack INTEGER NOT NULL, depth INTEGER NOT NULL, function TEXT NOT NULL, file TEXT, line INTEGER, "              \
      "inlined INTEGER NOT NULL, module TEXT, address TEXT NOT NULL")                                                  \
    X(SPAN, "span",                                                                                                    \
      "thread INTEGER NOT NULL, process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "          \
      "ns INTEGER NOT NULL, state TEXT NOT NULL, kind TEXT, cpu INTEGER, request INTEGER, "                            \
      "or_runnable INTEGER NOT NULL, whole_call INTEGER NOT NULL, in_gap INTEGER NOT NULL")                            \
    X(WAIT, "wait",                                                                                                    \
      "thread INTEGER NOT NULL, process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "          \
      "ns INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, call TEXT, object TEXT, object_name TEXT, "        \
      "holder INTEGER, releaser INTEGER, waker INTEGER, fd INTEGER, what TEXT, result INTEGER, amount INTEGER, "       \
      "request INTEGER, stack INTEGER, ended INTEGER NOT NULL, for_work INTEGER NOT NULL")                             \
    X(REGION, "region",                                                                                                \
      "thread INTEGER NOT NULL, process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "          \
      "ns INTEGER NOT NULL, name TEXT NOT NULL, depth INTEGER, request INTEGER, file TEXT, line INTEGER, "             \
      "ended INTEGER NOT NULL")                                                                                        \
    X(REGION_TIME, "region_time",                                                                                      \
      "path TEXT NOT NULL, region TEXT NOT NULL, depth INTEGER NOT NULL, times INTEGER NOT NULL, "                     \
      "state TEXT NOT NULL, kind TEXT, own_ns INTEGER NOT NULL, ns INTEGER NOT NULL")                                  \
    X(REQUEST, "request",                                                                                              \
      "id INTEGER NOT NULL, process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "              \
      "ns INTEGER NOT NULL, route TEXT NOT NULL, status INTEGER, loop_delay_ns INTEGER NOT NULL, "                     \
      "first_thread INTEGER, last_thread INTEGER, answered_with_it INTEGER NOT NULL, trace_id TEXT, "                  \
      "parent_id TEXT, whole INTEGER NOT NULL")                                                                        \
    X(HANDOFF, "handoff",                                                                                              \
      "thread INTEGER NOT NULL, process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "          \
      "ns INTEGER NOT NULL, name TEXT NOT NULL, giver INTEGER, request INTEGER")                                       \
    X(RELEASE, "release",                                                                                              \
      "thread INTEGER NOT NULL, process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "          \
      "ns INTEGER NOT NULL, name TEXT NOT NULL, object TEXT, held_ns INTEGER, waiters INTEGER, stack INTEGER")         \
    X(SAMPLE, "sample",                                                                                                \
      "thread INTEGER NOT NULL, process INTEGER NOT NULL, at_ns INTEGER NOT NULL, cpu INTEGER, request INTEGER, "      \
      "stack INTEGER")                                                                                                 \
    X(COUNTER, "counter",                                                                                              \
      "process INTEGER NOT NULL, at_ns INTEGER NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, thread INTEGER")  \
    X(CPU_TIME, "cpu_time",                                                                                            \
      "thread INTEGER NOT NULL, process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "          \
      "running_ns INTEGER NOT NULL, runnable_ns INTEGER NOT NULL, switches INTEGER NOT NULL")                          \
    X(GAP, "gap",                                                                                                      \
      "process INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, category TEXT NOT NULL, "           \
      "reason TEXT")

/* When all is in: rows come much faster without. */
#define SMK_SQLITE_INDICES                                                                                             \
    "CREATE UNIQUE INDEX frame_stack ON frame (stack, depth);"                                                         \
    "CREATE INDEX span_thread ON span (thread, from_ns);"                                                              \
    "CREATE INDEX span_request ON span (request) WHERE request IS NOT NULL;"                                           \
    "CREATE INDEX wait_thread ON wait (thread, from_ns);"                                                              \
    "CREATE INDEX wait_kind ON wait (kind, name);"                                                                     \
    "CREATE INDEX wait_object ON wait (object) WHERE object IS NOT NULL;"                                              \
    "CREATE INDEX wait_request ON wait (request) WHERE request IS NOT NULL;"                                           \
    "CREATE INDEX region_thread ON region (thread, from_ns);"                                                          \
    "CREATE INDEX region_name ON region (name);"                                                                       \
    "CREATE INDEX request_id ON request (id);"                                                                         \
    "CREATE INDEX request_route ON request (route, ns);"                                                               \
    "CREATE INDEX request_from ON request (from_ns);"                                                                  \
    "CREATE INDEX release_object ON release (object, from_ns);"                                                        \
    "CREATE INDEX sample_thread ON sample (thread, at_ns);"                                                            \
    "CREATE INDEX counter_name ON counter (name, at_ns);"

#define SMK_SQLITE_VIEWS                                                                                               \
    "CREATE VIEW waits_by_kind AS SELECT kind, for_work, count(*) AS waits, sum(ns) AS ns, max(ns) AS max_ns "         \
    "FROM wait GROUP BY kind, for_work ORDER BY ns DESC;"                                                              \
    "CREATE VIEW locks AS SELECT object_name AS lock, process, object, count(*) AS waits, sum(ns) AS ns, "             \
    "sum(ns) / count(*) AS mean_ns, max(ns) AS max_ns, count(DISTINCT thread) AS threads FROM wait "                   \
    "WHERE kind = 'lock' GROUP BY process, object, object_name ORDER BY ns DESC;"                                      \
    "CREATE VIEW holders AS SELECT w.object_name AS lock, w.process, w.holder AS tid, "                                \
    "(SELECT name FROM thread t WHERE t.tid = w.holder AND t.process = w.process LIMIT 1) AS name, "                   \
    "count(*) AS waits, sum(w.ns) AS ns FROM wait w WHERE w.holder IS NOT NULL "                                       \
    "GROUP BY w.process, w.object, w.object_name, w.holder ORDER BY ns DESC;"                                          \
    "CREATE VIEW wait_places AS SELECT w.kind, w.name, s.function, count(*) AS waits, sum(w.ns) AS ns, "               \
    "max(w.ns) AS max_ns FROM wait w LEFT JOIN stack s ON s.id = w.stack "                                             \
    "GROUP BY w.kind, w.name, s.function ORDER BY ns DESC;"                                                            \
    "CREATE VIEW time_by_thread AS SELECT t.id AS thread, t.tid, t.name, s.state, s.kind, count(*) AS spans, "         \
    "sum(s.ns) AS ns FROM span s JOIN thread t ON t.id = s.thread GROUP BY t.id, s.state, s.kind "                     \
    "ORDER BY t.id, ns DESC;"                                                                                          \
    "CREATE VIEW regions_by_state AS SELECT region, state, kind, sum(own_ns) AS own_ns FROM region_time "              \
    "GROUP BY region, state, kind ORDER BY own_ns DESC;"                                                               \
    "CREATE VIEW routes AS WITH ranked AS (SELECT route, ns, row_number() OVER w AS rank, "                            \
    "count(*) OVER (PARTITION BY route) AS n FROM request WHERE whole WINDOW w AS (PARTITION BY route ORDER BY ns)) "  \
    "SELECT route, n AS requests, sum(ns) / n AS mean_ns, max(CASE WHEN rank <= (n + 1) / 2 THEN ns END) AS p50_ns, "  \
    "max(CASE WHEN rank <= (n * 99 + 99) / 100 THEN ns END) AS p99_ns, max(ns) AS max_ns FROM ranked "                 \
    "GROUP BY route ORDER BY sum(ns) DESC;"                                                                            \
    "CREATE VIEW request_time AS SELECT r.id AS request, r.process, r.route, r.ns AS latency_ns, s.state, s.kind, "    \
    "sum(s.ns) AS ns FROM request r JOIN span s ON s.request = r.id AND s.process = r.process "                        \
    "AND s.from_ns >= r.from_ns AND s.from_ns < r.to_ns GROUP BY r.process, r.id, r.from_ns, s.state, s.kind;"

#endif
