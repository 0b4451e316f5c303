/* fuzz_reader: any bytes as a trace file: opened, verified, read to the end. The same bytes are read again
 * with their checksums made right, since a fuzzer does not guess a CRC. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/endian.h"
#include "format/chunk.h"
#include "stallmark/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file = -1;

static void read_events(smk_trace *trace)
{
    smk_cursor *cursor;
    const smk_event *event;
    uint64_t last = 0;
    if (smk_cursor_open(&cursor, trace, NULL) < 0)
        return;
    while (smk_cursor_next(cursor, &event) == 1) {
        if (event->time < last || !smk_event_name(event->id))
            abort();
        last = event->time;
        if (!smk_trace_process_at(trace, event->process))
            abort();
        smk_trace_process_tid(trace, event->process, event->tid, event->time);
        smk_trace_process_module(trace, event->process, event->args[0]);
        smk_trace_process_lock_name(trace, event->process, event->args[0]);
        for (uint32_t i = 0; i < event->text_len; i++)
            last += event->text[i] == '\0' && event->time == UINT64_MAX; /* touches each byte */
        last = event->time;
    }
    smk_cursor_close(cursor);
}

static void read_trace(const uint8_t *data, size_t size, bool verify)
{
    smk_open_options options = {.size = sizeof(options), .verify = verify, .max_memory = 256u << 20};
    smk_trace *trace;
    if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        return;
    if (smk_trace_open_fd(&trace, file, &options) < 0)
        return;
    read_events(trace);
    for (size_t i = 0; smk_trace_process_at(trace, i); i++) {
        const smk_process_info *info = smk_trace_process_at(trace, i);
        if (info->process != i || info->chunks == 0 || !info->name || !info->capture_id)
            abort();
    }
    for (size_t i = 0; smk_trace_problem(trace, i); i++)
        if (!smk_trace_problem(trace, i)[0])
            abort();
    smk_trace_close(trace);
}

/* Both checksums of each chunk, whose payload is at most what there is. */
static void repair(uint8_t *data, size_t size)
{
    for (size_t at = 0; at + SMK_CHUNK_HEADER <= size;) {
        uint8_t *head = data + at;
        if (smk_get_le32(head) != SMK_CHUNK_MAGIC) {
            at++;
            continue;
        }
        size_t left = size - at - SMK_CHUNK_HEADER;
        uint32_t stored = smk_get_le32(head + 16);
        if (stored > left) {
            stored = (uint32_t)left;
            smk_put_le32(head + 16, stored);
        }
        smk_put_le32(head + 12, smk_crc32c(0, head + SMK_CHUNK_HEADER, stored));
        smk_put_le32(head + 8, 0);
        smk_put_le32(head + 8, smk_crc32c(0, head, SMK_CHUNK_HEADER));
        at += SMK_CHUNK_HEADER + stored;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (file < 0)
        file = memfd_create("fuzz", MFD_CLOEXEC);
    read_trace(data, size, size & 1);
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, data, size);
    repair(copy, size);
    read_trace(copy, size, true);
    free(copy);
    return 0;
}
