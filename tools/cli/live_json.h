/* live_json.h: the agent's answers to /debug/threads and /debug/requests, read back, with files and lines where the
 * binaries are at hand.
 *
 * What the agent says is somebody else's: what is missing or of the wrong type counts as not known.
 */
#ifndef SMK_TOOLS_LIVE_JSON_H
#define SMK_TOOLS_LIVE_JSON_H

#include <jansson.h>
#include <sys/types.h>

#include "analysis/live_requests.h"
#include "lines/lines.h"

struct smk_live_json {
    struct smk_live live; /* its texts are the JSON's, or the lines' */
    struct smk_mem mem;
    struct smk_lines *lines;
    struct smk_live_frame *frames;
    uint32_t frame_count, frame_capacity;
    smk_module_info *modules;
    char (*paths)[1024];
    uint8_t (*build_ids)[64];
    uint32_t module_count;
    struct smk_live_requests requests; /* smk_live_json_read_requests's; in `mem` with their counts as of reading */
};

/* Modules' files are looked for as process `pid` sees them; 0: as we do. `resolve`: look for files and lines. 0, or an
 * error with its smk_last_error(). Freed in either case, before `json` is. */
int smk_live_json_read(struct smk_live_json *read, const json_t *json, pid_t pid, bool resolve);
/* The same of /debug/requests: its requests, and the threads that are at them. */
int smk_live_json_read_requests(struct smk_live_json *read, const json_t *json, pid_t pid, bool resolve);
void smk_live_json_free(struct smk_live_json *read);

/* Puts the words of live.h into a FILE. */
int smk_live_json_put(void *file, const char *text, size_t len);

#endif
