/* cases.h: hostile files, each with its verdict: cases 46 and 74 to 77 of the list of hostile inputs. The
 * unit tests take them as they are, tests/gen/hostile writes them for the command line.
 */
#ifndef SMK_TESTS_GEN_CASES_H
#define SMK_TESTS_GEN_CASES_H

#include "gen/damage.h"
#include "gen/processes.h"
#include "gen/sound.h"
#include "gen/wrong.h"

enum verdict {
    CLEAN,   /* opens, nothing to say */
    PROBLEM, /* opens, and says what is wrong */
    REFUSED  /* does not open */
};

struct hostile_case {
    const char *name;
    enum verdict verdict;
    const char *says; /* words of the problem or the error */
    void (*build)(struct file *f);
    bool big; /* some ten megabytes */
};

static const struct hostile_case hostile_cases[] = {
    {"sound", CLEAN, NULL, build_sound, false},
    {"two_segments", CLEAN, NULL, build_two_segments, false},
    {"no_index", CLEAN, NULL, build_no_index, false},
    {"all_overlap", CLEAN, NULL, build_all_overlap, false},
    {"empty_events", CLEAN, NULL, build_empty_events, false},
    {"million_empty", CLEAN, NULL, build_million_empty, true},
    {"names", CLEAN, NULL, build_names, false},
    {"name_with_nul", CLEAN, NULL, build_name_with_nul, false},
    {"name_of_100_kb", CLEAN, NULL, build_name_of_100_kb, false},
    {"circles", CLEAN, NULL, build_circles, false},
    {"ends_of_time", CLEAN, NULL, build_ends_of_time, false},
    {"many_facts", CLEAN, NULL, build_many_facts, false},
    {"symbols", CLEAN, NULL, build_symbols, false},
    {"clock_steep", CLEAN, NULL, build_clock_steep, false},
    {"two_processes", CLEAN, NULL, build_two_processes, false},
    {"interleaved", CLEAN, NULL, build_interleaved, false},
    {"two_boots", CLEAN, NULL, build_two_boots, false},
    {"same_names", CLEAN, NULL, build_same_names, false},
    {"thousand_processes", CLEAN, NULL, build_thousand_processes, false},

    {"nothing", REFUSED, "is empty", build_nothing, false},
    {"text", REFUSED, "not a stallmark trace", build_text, false},
    {"wrong_endian", REFUSED, "other byte order", build_wrong_endian, false},
    {"future_major", REFUSED, "later major version", build_future_major, false},
    {"magic_only", REFUSED, "no whole chunk", build_magic_only, false},
    {"headers_only", REFUSED, "no whole chunk", build_headers_only, false},
    {"too_many_processes", REFUSED, "beyond the 4096", build_too_many_processes, false},

    {"future_minor", PROBLEM, "does not know", build_future_minor, false},
    {"future_event", PROBLEM, "does not know", build_future_event, false},
    {"no_end", PROBLEM, "no END", build_no_end, false},
    {"garbage_in_front", PROBLEM, "21000 bytes at offset 0 are no chunk", build_garbage_in_front, false},
    {"garbage_between", PROBLEM, "21000 bytes at offset", build_garbage_between, false},
    {"garbage_behind", PROBLEM, "21000 bytes at offset", build_garbage_behind, false},
    {"wrong_payload_crc", PROBLEM, "checksum is wrong", build_wrong_payload_crc, false},
    {"spliced", PROBLEM, "offset", build_spliced, false},
    {"twice", PROBLEM, "more than once", build_twice, false},
    {"two_captures", PROBLEM, "overlap in time", build_two_captures, false},
    {"second_cut", PROBLEM, "cut at offset", build_second_cut, false},
    {"second_twice", PROBLEM, "12 chunks are there more than once", build_second_twice, false},
    {"one_id", PROBLEM, "two processes have one id", build_one_id, false},
    {"hole_in_second", PROBLEM, "3 chunks of the capture missing", build_hole_in_second, false},
    {"second_without_begin", PROBLEM, "no SEGMENT before the events chunk", build_second_without_begin, false},
    {"defined_by_first", PROBLEM, "does not define, 10 times; the first is site 2", build_defined_by_first,
     false},
    {"first_begins_in_second", PROBLEM, "another begins at", build_first_begins_in_second, false},
    {"hole", PROBLEM, "3 chunks of the capture missing", build_hole, false},
    {"huge_count", PROBLEM, "count is over the bound", build_huge_count, false},
    {"huge_size", PROBLEM, "size is over the bound", build_huge_size, false},
    {"count_beyond_payload", PROBLEM, "an entry is cut", build_count_beyond_payload, false},
    {"long_text", PROBLEM, "an entry is cut", build_long_text, false},
    {"long_number", PROBLEM, "an entry is cut", build_long_number, false},
    {"symbol_without_frames", PROBLEM, "an entry is cut", build_symbol_without_frames, false},
    {"symbol_of_1000_frames", PROBLEM, "too large", build_symbol_of_1000_frames, false},
    {"symbol_before_zero", PROBLEM, "too large", build_symbol_before_zero, false},
    {"deep_stack", PROBLEM, "too large", build_deep_stack, false},
    {"tail_behind_entries", PROBLEM, "behind its last entry", build_tail_behind_entries, false},
    {"redefined", PROBLEM, "differs from an earlier one", build_redefined, false},
    {"bomb", PROBLEM, "grow beyond the bound", build_bomb, false},
    {"lying_size", PROBLEM, "different sizes", build_lying_size, false},
    {"wide_window", PROBLEM, "window of over 8 MiB", build_wide_window, false},
    {"skippable", PROBLEM, "skippable", build_skippable, false},
    {"two_frames", PROBLEM, "not exactly one", build_two_frames, false},
    {"empty_frames", PROBLEM, "different sizes", build_empty_frames, false},
    {"cut_frame", PROBLEM, "not exactly one", build_cut_frame, false},
    {"no_frame", PROBLEM, "no zstd frame", build_no_frame, false},
    {"unknown_flag", PROBLEM, "flag", build_unknown_flag, false},
    {"undefined_site", PROBLEM, "does not define, 10 times; the first is site 77", build_undefined_site, false},
    {"undefined_thread", PROBLEM, "the first is thread 1", build_undefined_thread, false},
    {"defined_elsewhere", PROBLEM, "the first is site 2", build_defined_elsewhere, false},
    {"time_backwards", PROBLEM, "outside of the times", build_time_backwards, false},
    {"ends_before_it_begins", PROBLEM, "ends before it begins", build_ends_before_it_begins, false},
    {"column_missing", PROBLEM, "column of arguments", build_column_missing, false},
    {"column_twice", PROBLEM, "column twice", build_column_twice, false},
    {"column_too_long", PROBLEM, "column of arguments", build_column_too_long, false},
    {"event_over_127", PROBLEM, "over 127", build_event_over_127, false},
    {"events_without_bytes", PROBLEM, "not as many types", build_events_without_bytes, false},
    {"directory_lies", PROBLEM, "directory", build_directory_lies, false},
    {"text_lies", PROBLEM, "texts are cut", build_text_lies, false},
    {"clock_backwards", PROBLEM, "clock pairs go backwards", build_clock_backwards, false},
    {"index_lies", PROBLEM, "does not describe its segment", build_index_lies, false},
    {"end_lies", PROBLEM, "states 18446744073709551615 events", build_end_lies, false},
    {"end_goes_back_too_far", PROBLEM, "bytes, its segment has", build_end_goes_back_too_far, false},
    {"short_end", PROBLEM, "64 are right", build_short_end, false},
};

#define HOSTILE_CASES (sizeof hostile_cases / sizeof *hostile_cases)

#endif
