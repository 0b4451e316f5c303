/* html_tiles.h: the timeline of an exported page: tiles of all rows, from the coarsest level down, and the labels and
 * the longest waits that are in them. */
#ifndef SMK_TOOLS_VIEW_HTML_TILES_H
#define SMK_TOOLS_VIEW_HTML_TILES_H

#include "html_answers.h"
#include "web.h"

#include "analysis/map.h"

/* An item that somebody may click on. */
struct smk_web_shown {
    uint64_t ns;
    uint32_t row, item;
};

struct smk_web_tiles {
    struct smk_web *web;
    struct smk_web_answers *answers;
    struct smk_mem mem;
    struct smk_map labels;         /* ids that were seen */
    uint32_t *label_ids;           /* the same, in order of their coming */
    uint32_t label_count, label_capacity;
    struct smk_web_shown *shown;   /* waits of the finest level, longest first */
    uint32_t shown_count, shown_capacity;
    unsigned level;                /* the finest that is in the page */
};

/* Until the answers have `max` bytes; the coarsest level must fit. 0 or SMK_E_…. */
int smk_web_tiles_make(struct smk_web_tiles *tiles, uint64_t max);
/* /api/labels, of all that are in the tiles. */
int smk_web_tiles_labels(struct smk_web_tiles *tiles);
void smk_web_tiles_free(struct smk_web_tiles *tiles);

#endif
