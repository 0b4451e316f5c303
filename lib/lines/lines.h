/* lines.h: functions, files and lines of code addresses, out of DWARF, over elfutils.
 *
 * For programs that read traces; never in a traced process, which shall not load elfutils. A file is
 * believed when its build-id is the module's. Where it has no DWARF its debug file is looked for
 * (analysis/module_files.h); nothing is ever fetched from a network.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_LINES_LINES_H
#define SMK_LINES_LINES_H

#include "analysis/report.h"

struct smk_lines;

/* `debug_dir` is where debug files are looked for first, and stays the caller's; it may be NULL. NULL when
 * there is no memory. */
struct smk_lines *smk_lines_new(const char *debug_dir);
void smk_lines_free(struct smk_lines *lines);

/* What the analysis asks; valid until smk_lines_free. */
struct smk_line_source smk_lines_source(struct smk_lines *lines);

#endif
