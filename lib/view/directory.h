/* directory.h: what a store has in memory, as bytes behind its blocks. */
#ifndef SMK_VIEW_DIRECTORY_H
#define SMK_VIEW_DIRECTORY_H

#include "view/state.h"

/* Behind what is there. */
void smk_view_put(struct smk_view_bytes *bytes, const void *data, size_t size);

/* Of a store that is finished. 0 or SMK_E_NOMEM. */
int smk_view_directory_put(const struct smk_view_store *store, struct smk_view_bytes *bytes);
/* Into a store that is new. False: the bytes are no directory, or it does not fit the trace and the file. */
bool smk_view_directory_get(struct smk_view_store *store, const uint8_t *data, size_t size);

#endif
