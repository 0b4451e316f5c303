/* status.c: GET /debug/trace/status: what the agent knows of itself. */
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/atomic.h"
#include "base/sys.h"
#include "captures.h"
#include "control.h"
#include "core/capture.h"
#include "core/clock.h"
#include "core/cost.h"
#include "core/gaps.h"
#include "core/gate.h"
#include "core/init.h"
#include "core/intern.h"
#include "core/limits.h"
#include "core/pool.h"
#include "core/shed.h"
#include "core/stats.h"
#include "core/thread.h"
#include "family.h"
#include "family_member.h"
#include "fronts.h"
#include "heap.h"
#include "json.h"
#include "live.h"
#include "loop_watch.h"
#include "recorder.h"
#include "routes.h"
#include "rules.h"
#include "source/sched.h"
#include "stallmark/version.h"
#include "store.h"

static void put_recorder(struct smk_json *json)
{
    char categories[200], by[60];
    smk_categories_format(smk_recorder_categories(), categories, sizeof categories);
    smk_recorder_format_by(by, sizeof by);
    smk_json_begin(json, "recorder", '{');
    smk_json_flag(json, "on", smk_recorder_is_on());
    smk_json_text(json, "wanted_by", by[0] ? by : NULL);
    smk_json_text(json, "categories", categories);
    smk_json_number(json, "reach_wanted_ns", smk_recorder_reach_ns());
    smk_json_number(json, "window_ns", smk_recorder_preroll_ns());
    smk_json_number(json, "bytes", smk_recorder_bytes());
    smk_json_text(json, "why_off", smk_recorder_why_off());
    smk_json_end(json, '}');
}

static void put_buffer(struct smk_json *json)
{
    smk_json_begin(json, "buffer", '{');
    smk_json_number(json, "bytes", smk_pool_ready() ? smk_pool_bytes() : 0);
    smk_json_flag(json, "in_memory", smk_pool_ready());
    smk_json_number(json, "recycled", smk_load_relaxed(&smk_pool.recycled));
    smk_json_number(json, "torn", smk_load_relaxed(&smk_pool.torn));
    smk_json_text(json, "why", smk_agent.buffer_why[0] ? smk_agent.buffer_why : NULL);
    smk_json_end(json, '}');
}

static void put_threads(struct smk_json *json)
{
    struct smk_threads_stats threads;
    smk_threads_stats(&threads);
    smk_json_begin(json, "threads", '{');
    smk_json_number(json, "traced", threads.live);
    smk_json_number(json, "started", threads.started);
    smk_json_number(json, "untraced", threads.untraced);
    smk_json_number(json, "late_events", threads.late);
    smk_json_end(json, '}');
}

static void put_budget(struct smk_json *json)
{
    char text[200];
    struct smk_shed_status status;
    smk_shed_get_status(&status);
    smk_json_begin(json, "budget", '{');
    smk_format_share(status.share, text, sizeof text);
    smk_json_text(json, "share", text);
    smk_json_number(json, "window_ns", status.window_ns);
    smk_json_number(json, "cost_ns", status.cost_ns);
    smk_json_number(json, "allowed_ns", status.allowed_ns);
    smk_categories_format(status.categories, text, sizeof text);
    smk_json_text(json, "not_recorded", text);
    smk_json_number(json, "shed", status.shed);
    smk_json_number(json, "taken_back", status.taken_back);
    smk_json_number(json, "gaps_joined", smk_gaps_joined());
    smk_json_end(json, '}');
}

/* Since the process began; ns by category is estimated, CPU times are measured. */
static void put_categories(struct smk_json *json, const struct smk_cost *cost)
{
    smk_json_begin(json, "categories", '{');
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++) {
        if (cost->ns[i] == 0)
            continue;
        smk_json_begin(json, smk_category_name(1u << i), '{');
        smk_json_number(json, "events", cost->events[i]);
        smk_json_number(json, "calls", cost->calls[i]);
        smk_json_number(json, "stacks", cost->stacks[i]);
        smk_json_number(json, "ns", cost->ns[i]);
        smk_json_end(json, '}');
    }
    smk_json_end(json, '}');
}

static void put_cost(struct smk_json *json)
{
    uint64_t error;
    struct smk_cost cost, nothing = {0};
    smk_cost_read(&cost);
    smk_json_begin(json, "cost", '{');
    smk_json_number(json, "total_ns", smk_cost_between(&nothing, &cost, &error));
    smk_json_number(json, "error_ns", error);
    smk_json_begin(json, "passing", '{');
    smk_json_number(json, "calls", cost.passed);
    smk_json_number(json, "requests", cost.found);
    smk_json_number(json, "ns", cost.passing_ns);
    smk_json_end(json, '}');
    smk_json_number(json, "process_cpu_ns", cost.process_ns);
    smk_json_number(json, "own_cpu_ns", cost.own_ns);
    smk_json_number(json, "writer_cpu_ns", smk_load_relaxed(&smk_stats.writer_cpu_ns));
    smk_json_number(json, "sources_cpu_ns", smk_load_relaxed(&smk_stats.sources_cpu_ns));
    smk_json_number(json, "control_cpu_ns", smk_control_cpu_ns());
    put_categories(json, &cost);
    put_budget(json);
    smk_json_number(json, "event_ns", smk_cost_event_ns());
    smk_json_number(json, "bytes_written", smk_load_relaxed(&smk_stats.bytes_written));
    smk_json_number(json, "events_written", smk_load_relaxed(&smk_stats.events_written));
    smk_json_number(json, "heap_bytes", smk_heap_used());
    smk_json_number(json, "heap_refused", smk_heap_failed());
    smk_json_end(json, '}');
}

static void put_stacks(struct smk_json *json)
{
    smk_json_begin(json, "stacks", '{');
    smk_json_number(json, "taken", smk_load_relaxed(&smk_stats.stacks_taken));
    smk_json_number(json, "cut", smk_load_relaxed(&smk_stats.stacks_cut));
    smk_json_number(json, "refused", smk_load_relaxed(&smk_stacks.refused));
    smk_json_end(json, '}');
}

/* Tables that only fill: what has no room is refused, and counted. */
static void put_tables(struct smk_json *json)
{
    struct smk_limit_status status;
    smk_json_begin(json, "tables", '{');
    for (unsigned i = 0; smk_limit_at(i, &status); i++) {
        smk_json_begin(json, status.name, '{');
        smk_json_number(json, "limit", status.limit);
        smk_json_number(json, "used", status.used);
        smk_json_number(json, "refused", status.refused);
        smk_json_end(json, '}');
    }
    smk_json_end(json, '}');
}

/* What is in use while a timed capture runs; before that, what would be. */
static void put_scheduler(struct smk_json *json)
{
    struct smk_sched_status status;
    smk_sched_status(&status);
    smk_json_begin(json, "scheduler", '{');
    smk_json_text(json, "source", status.source);
    smk_json_text(json, "why", status.why);
    smk_json_number(json, "threads", status.threads);
    smk_json_number(json, "threads_unseen", status.unseen);
    smk_json_number(json, "switches", status.switches);
    smk_json_number(json, "lost", status.lost);
    smk_json_text(json, "cpu_samples", status.samples);
    smk_json_number(json, "cpu_samples_taken", status.samples_taken);
    smk_json_number(json, "cpu_samples_lost", status.samples_lost);
    smk_json_text(json, "major_faults", status.faults);
    smk_json_number(json, "major_faults_seen", status.faults_seen);
    smk_json_number(json, "major_faults_lost", status.faults_lost);
    smk_json_end(json, '}');
}

/* One line each, as the file has them. */
static void put_missing(struct smk_json *json)
{
    char text[2048];
    const struct smk_source_calls *calls = smk_core_sources();
    size_t len = calls && calls->missing ? calls->missing(text, sizeof text - 1) : 0;
    smk_json_begin(json, "not_seen", '[');
    if (!calls)
        smk_json_text(json, NULL, "no event source is in this process: only what the program marks itself");
    text[len < sizeof text ? len : sizeof text - 1] = '\0';
    for (char *line = text, *rest; *line; line = rest) {
        size_t n = strcspn(line, "\n");
        rest = line + n + (line[n] == '\n');
        line[n] = '\0';
        if (n)
            smk_json_text(json, NULL, line);
    }
    smk_json_end(json, ']');
}

static void put_fronts(struct smk_json *json)
{
    char address[128] = "", path[160] = "";
    struct smk_fronts_stats stats = {0};
    smk_front_tcp_address(address, sizeof address);
    smk_front_unix_path(path, sizeof path);
    smk_fronts_get_stats(&stats);
    smk_json_begin(json, "fronts", '{');
    smk_json_text(json, "tcp", address[0] ? address : NULL);
    smk_json_text(json, "socket", path[0] ? path : NULL);
    smk_json_text(json, "why_off", smk_agent.fronts_why[0]   ? smk_agent.fronts_why
                                   : smk_agent.socket_why[0] ? smk_agent.socket_why
                                   : smk_agent.tcp_why[0]    ? smk_agent.tcp_why
                                                             : NULL);
    smk_json_number(json, "requests_tcp", stats.requests[SMK_FRONT_TCP]);
    smk_json_number(json, "requests_unix", stats.requests[SMK_FRONT_UNIX]);
    smk_json_number(json, "requests_evhttp", stats.requests[SMK_FRONT_EVHTTP]);
    smk_json_number(json, "refused", stats.refused);
    smk_json_number(json, "unauthorized", stats.unauthorized);
    smk_json_number(json, "throttled", stats.throttled);
    smk_json_number(json, "busy", stats.busy);
    smk_json_number(json, "cut", stats.cut);
    smk_json_number(json, "accept_failures", stats.accept_failures);
    smk_json_end(json, '}');
}

/* The first arms them all; who is not it says who is. */
static void put_family(struct smk_json *json)
{
    struct smk_family_process others[SMK_FAMILY_MAX];
    uint32_t count = smk_family_others(others);
    smk_json_begin(json, "family", '{');
    smk_json_number(json, "first", (uint64_t)smk_family_first());
    smk_json_begin(json, "pids", '[');
    smk_json_number(json, NULL, (uint64_t)smk_sys_getpid());
    for (uint32_t i = 0; i < count; i++)
        smk_json_number(json, NULL, (uint64_t)others[i].pid);
    smk_json_end(json, ']');
    smk_json_number(json, "limit", SMK_FAMILY_MAX);
    smk_json_number(json, "unlisted", smk_family_unlisted());
    smk_json_number(json, "refused", smk_member_refused());
    smk_json_end(json, '}');
}

static void put_store(struct smk_json *json)
{
    struct smk_store_stats stats;
    struct smk_directory *directory = smk_store_directory();
    uint32_t count;
    uint64_t left = 0;
    smk_store_list(&count);
    smk_store_get_stats(&stats);
    bool known = directory && smk_sys_free_space(directory->fd, &left) == 0;
    smk_json_begin(json, "store", '{');
    smk_json_text(json, "directory", directory ? directory->path : NULL);
    smk_json_text(json, "why_in_memory", directory ? NULL : smk_store_why());
    smk_json_number(json, "captures", stats.files);
    smk_json_number(json, "bytes", stats.bytes);
    smk_json_number(json, "keep_bytes", stats.keep_bytes);
    smk_json_flag(json, "files_are_memory", directory && smk_sys_is_in_memory(directory->fd));
    smk_json_number(json, "deleted", stats.deleted);
    smk_json_number(json, "delete_failures", stats.delete_failures);
    smk_json_number(json, "day_bytes", smk_store_day_bytes());
    if (known)
        smk_json_number(json, "free_bytes", left);
    smk_json_end(json, '}');
}

static void put_captures(struct smk_json *json)
{
    struct smk_captures_stats stats;
    smk_captures_get_stats(&stats);
    smk_json_begin(json, "captures", '[');
    for (size_t i = 0; smk_captures_at(i); i++) {
        smk_json_begin(json, NULL, '{');
        smk_captures_put(json, smk_captures_at(i));
        smk_json_end(json, '}');
    }
    smk_json_end(json, ']');
    smk_json_begin(json, "loss", '{');
    smk_json_number(json, "events", stats.events);
    smk_json_number(json, "lost", stats.lost);
    smk_json_end(json, '}');
}

static void put_versions(struct smk_json *json)
{
    smk_json_begin(json, "versions", '{');
    smk_json_text(json, "stallmark", smk_version());
    smk_json_number(json, "abi", SMK_ABI_VERSION);
    smk_json_number(json, "format", SMK_FORMAT_VERSION);
    smk_json_text(json, "libevent", smk_control_libevent());
    smk_json_end(json, '}');
}

static void put_limits(struct smk_json *json)
{
    char value[256];
    smk_json_begin(json, "limits", '{');
    for (size_t i = 0; smk_setting_at(i); i++) {
        smk_setting_value(smk_setting_at(i), &smk_agent.settings, value, sizeof value);
        smk_json_text(json, smk_setting_at(i)->name, value[0] ? value : NULL);
    }
    smk_json_end(json, '}');
}

static void put_head(struct smk_json *json)
{
    char categories[200];
    uint32_t gate = smk_load_relaxed(&smk_gate);
    smk_categories_format(gate, categories, sizeof categories);
    smk_json_text(json, "state", smk_core_inert() ? "inert" : gate ? "armed" : "disarmed");
    smk_json_text(json, "categories", categories);
    smk_json_text(json, "inert", smk_core_inert());
    smk_json_number(json, "pid", (uint64_t)smk_sys_getpid());
    smk_json_time(json, "started", smk_agent.started_unix_ns);
    smk_json_begin(json, "clock", '{');
    smk_json_text(json, "source", smk_clock_source());
    smk_json_text(json, "why", smk_clock_reason());
    smk_json_end(json, '}');
    put_scheduler(json);
}

void smk_handle_status(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_json json = {0};
    size_t len = 0;
    (void)match;
    smk_json_begin(&json, NULL, '{');
    put_head(&json);
    put_captures(&json);
    put_recorder(&json);
    put_buffer(&json);
    put_threads(&json);
    smk_live_put_status(&json);
    smk_loop_watch_put_status(&json);
    smk_rules_put_status(&json);
    put_stacks(&json);
    put_tables(&json);
    put_cost(&json);
    put_missing(&json);
    put_store(&json);
    put_fronts(&json);
    put_family(&json);
    put_versions(&json);
    put_limits(&json);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(&exchange->answer, 200, "application/json", text, len);
    smk_exchange_answer(exchange);
}
