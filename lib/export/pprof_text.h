/* pprof_text.h: the block and the mutex profile as net/http/pprof writes them with debug=1. For the agent's pages; not
 * among the formats of `stallmark export`. */
#ifndef SMK_EXPORT_PPROF_TEXT_H
#define SMK_EXPORT_PPROF_TEXT_H

#include "export/export.h"

extern const struct smk_export_format smk_export_pprof_block_text, smk_export_pprof_mutex_text;

#endif
