/* download.h: what the routes that read a capture have in common. */
#ifndef SMK_AGENT_DOWNLOAD_H
#define SMK_AGENT_DOWNLOAD_H

#include "exchange.h"
#include "store.h"

/* Finished, or cut; NULL, and the answer is filled, where it is neither. */
const struct smk_stored *smk_download_find(struct smk_exchange *exchange, const char *id);

#endif
