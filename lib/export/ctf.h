/* ctf.h: the common trace format, 1.8: a directory of two files. For the command line; smk_export_ctf is the events,
 * which go into a file `stream`, and this is what goes into `metadata` beside it. */
#ifndef SMK_EXPORT_CTF_H
#define SMK_EXPORT_CTF_H

#include "export/export.h"

extern const struct smk_export_format smk_export_ctf_metadata;

#endif
