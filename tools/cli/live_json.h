/* live_json.h: the agent's answer to /debug/threads, read back, with files and lines where the binaries are at hand.
 *
 * What the agent says is somebody else's: what is missing or of the wrong type counts as not known.
 */
#ifndef SMK_TOOLS_LIVE_JSON_H
#define SMK_TOOLS_LIVE_JSON_H

#include <jansson.h>

#include "analysis/live.h"
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
};

/* `root` is put before the paths of modules: "/proc/4711/root", or "". `resolve`: look for files and lines. 0, or an
 * error with its smk_last_error(). Freed in either case, before `json` is. */
int smk_live_json_read(struct smk_live_json *read, const json_t *json, const char *root, bool resolve);
void smk_live_json_free(struct smk_live_json *read);

#endif
