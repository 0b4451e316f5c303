/* trace_sqlite.h: a trace as an SQLite database (docs/sqlite.md). */
#ifndef SMK_TOOLS_TRACE_SQLITE_H
#define SMK_TOOLS_TRACE_SQLITE_H

#include "export/export.h"

/* Writes a database to `path`, in place of what is there, when it is whole. As smk_export; SMK_E_IO: SQLite says
 * why. */
int smk_cli_export_sqlite(smk_trace *trace, const struct smk_export_options *options, const char *path);

#endif
