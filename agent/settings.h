/* settings.h: THE table of the agent's options: one list behind the options struct, the environment
 * (STALLMARK_<NAME>), the config file (`name = value` lines, # comments) and their documentation
 * (docs/options.md is generated from it, tests/unit/agent/test_docs.c compares).
 *
 * The program's options count before the environment, the environment before the file, the file before
 * the default. A value that is malformed or out of range is an error that names the setting, where it
 * came from (file and line) and what is allowed; an unknown name too.
 */
#ifndef SMK_AGENT_SETTINGS_H
#define SMK_AGENT_SETTINGS_H

#include "base/compiler.h"
#include "stallmark/agent.h"

/*  kinds: TEXT (const char *, NULL when not set), BYTES ("64MiB"), TIME ("5s", Go's syntax), COUNT, FLAG,
 *  SHARE ("2%", in hundredths of a percent; "off" is 0)
 *
 *         kind   name                 default      least     most      what */
/* clang-format off */
#define SMK__256KIB (UINT64_C(1) << 18)
#define SMK__YEAR   (UINT64_C(366) * 86400 * 1000000000)
#define SMK__SEC     UINT64_C(1000000000)
#define SMK__TIB    (UINT64_C(1) << 40)
#define SMK_SETTINGS(X)                                                                            \
    X(TEXT,  listen,              NULL,       0, 4096, "of the TCP front, 127.0.0.1:6060; port 0: any; or none")\
    X(FLAG,  listen_next,         "off",      0, 0,    "where the port is taken, try the 20 after it")                \
    X(FLAG,  allow_remote,        "off",      0, 0,    "listen may be another address than loopback; needs a token")  \
    X(TEXT,  hosts,               NULL,       0, 4096, "more names that a Host header may have, with commas")         \
    X(TEXT,  socket,              NULL,       0, 4096, "path of the unix socket; off: none; not set: the default")    \
    X(TEXT,  directory,           NULL,       0, 4096, "of captures; not set: $STATE_DIRECTORY and so on")            \
    X(TEXT,  token_file,          NULL,       0, 4096, "file with the token that may do everything")                  \
    X(TEXT,  read_token_file,     NULL,       0, 4096, "file with the token that may look and download")              \
    X(TEXT,  config,              NULL,       0, 4096, "path of the config file")                                     \
    X(TEXT,  recorder,            "off",      0, 4096, "flight recorder: how much it holds, 10s, 32MiB; off; never")  \
    X(BYTES, buffer,              "32MiB",    UINT64_C(524288), UINT64_C(4294967296), "size of the buffer")           \
    X(FLAG,  requests_without_source, "on",   0, 0,    "requests on sockets that the program accepts")                \
    X(FLAG,  request_names,       "on",       0, 0,    "of those: method and path, or command; off: their protocol")  \
    X(COUNT, connections,         "16384",    1, 131072, "followed at once; requests of others are not seen")        \
    X(COUNT, routes,              "256",      1, 4096, "with figures of their own; what comes later is \"other\"")    \
    X(TIME,  alloc_slow,          "100us",    1000, 10 * SMK__SEC, "longer calls of the allocator are waits (alloc)") \
    X(SHARE, budget_recorder,     "2%",       0, 10000, "of the process's CPU time that the recorder may cost")       \
    X(SHARE, budget_armed,        "10%",      0, 10000, "the same while a capture is armed")                          \
    X(TIME,  budget_floor,        "500ms",    0, 64 * SMK__SEC, "CPU time a second that it counts as using at least") \
    X(COUNT, max_threads,         "16384",    16, 16384, "traced at once")                                             \
    X(COUNT, max_strings,         "65536",    256, 65536, "routes, names of threads, calls and files kept")           \
    X(COUNT, max_sites,           "16384",    16, 16384, "call sites that the program marked, kept")                  \
    X(COUNT, max_stacks,          "65536",    16, 65536, "different stacks kept")                                     \
    X(COUNT, max_lock_names,      "4096",     16, 4096, "locks that the program named, kept")                         \
    X(COUNT, max_lock_epochs,     "4096",     16, 4096, "locks whose end is seen: those waited for, and those named") \
    X(COUNT, max_open_waits,      "512",      1, 4096, "waits that go on at a capture's end, in its file")            \
    X(TIME,  request_cost,        "1ms",      0, 3600 * SMK__SEC, "slower requests say their faults and CPU time") \
    X(TIME,  loop_stall,          "100ms",    5000000, 60 * SMK__SEC, "an event loop that is held so long is told of") \
    X(TIME,  max_duration,        "10m",      SMK__SEC / 100, 86400 * SMK__SEC, "of a timed capture")  \
    X(BYTES, max_bytes,           "256MiB",   SMK__256KIB, SMK__TIB, "of a capture, unless it says so itself") \
    X(BYTES, max_bytes_limit,     "4GiB",     SMK__256KIB, SMK__TIB, "that a capture may ask for")   \
    X(BYTES, day_bytes,           "16GiB",    SMK__256KIB, SMK__TIB, "of all captures in 24 hours") \
    X(COUNT, keep_files,          "50",       1, 100000, "captures kept")                                             \
    X(BYTES, keep_bytes,          "2GiB",     SMK__256KIB, SMK__TIB, "of captures kept")          \
    X(TIME,  keep_age,            "168h",     SMK__SEC, SMK__YEAR, "age of captures kept") \
    X(BYTES, free_floor,          "256MiB",   0, SMK__TIB, "space that a capture leaves free")         \
    X(TEXT,  rules,               NULL,       0, 16384, "one a line; in the file each as rule = when …")               \
    X(FLAG,  allow_run,           "off",      0, 0,    "rules may run a command")                                     \
    X(FLAG,  allow_signals,       "off",      0, 0,    "rules may wait for a signal, which interrupts waits")          \
    X(COUNT, rule_samples,        "200",      10, 1000000, "requests of a route before 3x p99 means something")       \
    X(BYTES, rule_history,        "4MiB",     65536, 67108864, "of latencies that rules are tried on")                \
    X(TEXT,  log_file,            NULL,       0, 4096, "trace saved to …, and audit lines")                           \
    X(COUNT, http_clients,        "2",        1, 16,   "waiting or downloading clients on TCP")                       \
    X(TIME,  http_timeout,        "3s",       SMK__SEC / 10, 60 * SMK__SEC, "for a request to arrive")  \
    X(TIME,  http_stall,          "20s",      SMK__SEC, 600 * SMK__SEC, "without progress a download is cut") \
    X(BYTES, report_memory,       "64MiB",    UINT64_C(1048576), UINT64_C(1073741824), "of one /report")              \
    X(TIME,  report_time,         "5s",       SMK__SEC / 10, 60 * SMK__SEC, "of one /report")
/* clang-format on */

struct smk_settings {
#define SMK__FIELD_TEXT  const char *
#define SMK__FIELD_BYTES uint64_t
#define SMK__FIELD_TIME  uint64_t
#define SMK__FIELD_COUNT uint64_t
#define SMK__FIELD_FLAG  bool
#define SMK__FIELD_SHARE uint64_t
#define X(kind, name, standard, least, most, what) SMK__FIELD_##kind name;
    SMK_SETTINGS(X)
#undef X
};

/* Reads all four places. 0, or SMK_E_INVALID and smk_last_error(). Texts are the agent's heap's. */
int smk_settings_load(struct smk_settings *settings, const smk_agent_options *options);
void smk_settings_free(struct smk_settings *settings);

/* Is there to be a TCP front? "none" is for the environment, which cannot take back what the file says. */
bool smk_settings_listen(const struct smk_settings *settings);

/* "5s", "1m30s", "500ms", "1.5h": Go's syntax, units ns us µs ms s m h in falling order, no sign. False:
 * malformed or over 2^63 ns. Exactly `len` bytes. */
bool smk_parse_duration(const char *text, size_t len, uint64_t *ns);
/* "64MiB", "1GB", "4096", "512KiB"; units B KB MB GB TB KiB MiB GiB TiB, and k K m M g G as binary. */
bool smk_parse_bytes(const char *text, size_t len, uint64_t *bytes);
/* "2%", "0.25%", "off", in hundredths of a percent. */
bool smk_parse_share(const char *text, size_t len, uint64_t *share);
/* Exact, in the largest unit that is: "90s", "64MiB". */
void smk_format_duration(uint64_t ns, char *text, size_t size);
void smk_format_bytes(uint64_t bytes, char *text, size_t size);
void smk_format_share(uint64_t share, char *text, size_t size);

/* ---- the table, for documentation, status and tests ---------------------------------------------------- */

enum smk_setting_kind { SMK_SETTING_TEXT, SMK_SETTING_BYTES, SMK_SETTING_TIME, SMK_SETTING_COUNT, SMK_SETTING_FLAG,
                        SMK_SETTING_SHARE };

struct smk_setting {
    enum smk_setting_kind kind;
    const char *name, *standard; /* standard NULL: not set */
    uint64_t least, most;
    const char *what;
    size_t offset; /* in struct smk_settings */
};

/* By number from 0; NULL after the last. */
const struct smk_setting *smk_setting_at(size_t number);
/* What is allowed: "a size from 512KiB to 4GiB, as 64MiB". */
void smk_setting_allowed(const struct smk_setting *setting, char *text, size_t size);
/* The value in force: "64MiB", "5s", "on"; "" of a text that is not set. */
void smk_setting_value(const struct smk_setting *setting, const struct smk_settings *settings, char *text,
                       size_t size);

#endif
