/* processes.h: files of several processes, sound and not. */
#ifndef SMK_TESTS_GEN_PROCESSES_H
#define SMK_TESTS_GEN_PROCESSES_H

#include "gen/sound.h"

#define PROCESS_ID(pid) (UINT64_C(pid) << 32 | 7)

/* What follows is of another process, in the same capture. */
static inline void file_process(struct file *f, uint64_t process)
{
    f->process = process;
    f->sequence = 0;
}

static inline void file_fact(struct file *f, const char *key, const char *value)
{
    struct bytes b = {0};
    put_fact(&b, key, value);
    file_chunk(f, SMK_CHUNK_FACTS, &b, &(struct smk_chunk){.count = 1});
}

/* One after the other; each calls other things by the same numbers. */
static void build_two_processes(struct file *f)
{
    static const char *const names[] = {"parent", "child"};
    for (unsigned i = 0; i < 2; i++) {
        file_process(f, PROCESS_ID(4711) + ((uint64_t)i << 32));
        file_begin(f);
        file_fact(f, SMK_FACT_PROCESS_NAME, names[i]);
        file_string(f, 2, names[i]);
        file_site(f, 2, names[i]);
        file_thread(f, 2, names[i]);
        file_counters(f, 100, FILE_FIRST + i, 1000, 2);
        file_end(f);
    }
}

/* A chunk of the first, a chunk of the second. */
static void build_interleaved(struct file *f)
{
    struct file both[2] = {{.process = PROCESS_ID(4711)}, {.process = PROCESS_ID(4712)}};
    size_t at[2] = {0};
    for (unsigned i = 0; i < 2; i++)
        build_two_segments(&both[i]);
    for (unsigned i = 0; at[0] < both[0].bytes.len || at[1] < both[1].bytes.len; i ^= 1) {
        const struct bytes *bytes = &both[i].bytes;
        if (at[i] == bytes->len)
            continue;
        size_t len = SMK_CHUNK_HEADER + smk_get_le32(bytes->data + at[i] + 16);
        put(&f->bytes, bytes->data + at[i], len);
        at[i] += len;
    }
    for (unsigned i = 0; i < 2; i++)
        file_free(&both[i]);
}

static void build_two_boots(struct file *f)
{
    static const char *const boots[] = {"0b7e", "51c3"};
    for (unsigned i = 0; i < 2; i++) {
        file_process(f, PROCESS_ID(4711));
        f->capture = 0x100 + i;
        file_begin(f);
        file_fact(f, SMK_FACT_BOOT, boots[i]);
        file_counters(f, 10, FILE_FIRST, 1000, 1);
        file_end(f);
    }
}

/* A process that has its own capture and another's id. */
static void build_same_names(struct file *f)
{
    build_two_processes(f);
    for (unsigned i = 0; i < 2; i++) {
        file_process(f, PROCESS_ID(4800) + i);
        f->capture = 0x77;
        build_names(f);
    }
}

static void build_processes(struct file *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        file_process(f, PROCESS_ID(1000) + ((uint64_t)i << 32));
        file_begin(f);
        file_counters(f, 2, FILE_FIRST + i, 1000, 1);
        file_end(f);
    }
}

static void build_thousand_processes(struct file *f) { build_processes(f, 1000); }
static void build_too_many_processes(struct file *f) { build_processes(f, 4097); }

/* ---- damage ---------------------------------------------------------------------------------------------- */

static void build_second_cut(struct file *f)
{
    build_two_processes(f);
    f->bytes.len -= 200;
}

static void build_second_twice(struct file *f)
{
    struct file second = {.process = PROCESS_ID(4712)};
    build_two_processes(f);
    build_two_processes(&second);
    put(&f->bytes, second.bytes.data + second.segment, second.bytes.len - second.segment);
    file_free(&second);
}

/* The child went on under its parent's id. */
static void build_one_id(struct file *f)
{
    file_begin(f);
    file_counters(f, 100, FILE_FIRST, 1000, 1);
    file_end(f);
    f->sequence = 0;
    file_begin(f);
    file_counters(f, 50, FILE_FIRST + 7, 1000, 1);
    file_end(f);
}

static void build_hole_in_second(struct file *f)
{
    build_sound(f);
    file_process(f, PROCESS_ID(4712));
    file_begin(f);
    f->sequence += 3;
    file_counters(f, 10, FILE_FIRST, 1000, 1);
    file_end(f);
}

static void build_second_without_begin(struct file *f)
{
    build_sound(f);
    file_process(f, PROCESS_ID(4712));
    f->segment = f->bytes.len;
    file_counters(f, 10, FILE_FIRST, 1000, 1);
}

static void build_defined_by_first(struct file *f)
{
    build_two_processes(f);
    file_process(f, PROCESS_ID(4713));
    file_begin(f);
    file_counters(f, 10, FILE_FIRST, 1000, 2);
    file_end(f);
}

/* The only chunk of a process is cut: the next one's first begins within it. */
static void build_first_begins_in_second(struct file *f)
{
    file_process(f, PROCESS_ID(4700));
    file_facts(f);
    f->bytes.len -= 20;
    file_process(f, PROCESS_ID(4711));
    build_sound(f);
}

#endif
