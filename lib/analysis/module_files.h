/* module_files.h: where a module's file and its debug file may lie.
 *
 * The order in which they are tried: the module's own path, then its debug file by build-id, then by the
 * name that the file itself gives (.gnu_debuglink), below the directory that the user gave first. Whoever
 * opens one believes it only when its build-id is the module's. Nothing is ever fetched from a network.
 *
 * Since 0.1.
 */
#ifndef SMK_ANALYSIS_MODULE_FILES_H
#define SMK_ANALYSIS_MODULE_FILES_H

#include "stallmark/reader.h"

#define SMK_MODULE_PATH_MAX 1024
#define SMK_DEBUG_DIR       "/usr/lib/debug"

struct smk_module_search {
    const smk_module_info *module;
    const char *debug_dir; /* of the user's; NULL: none */
    const char *debuglink; /* a file name without directory; NULL or "": not known */
};

/* The path number `number`, from 0; "" in place of one that there is not. False after the last. Number 0 is
 * the module's own. */
bool smk_module_path(const struct smk_module_search *search, unsigned number, char path[SMK_MODULE_PATH_MAX]);

/* "4f3a…", ended by NUL; "" for a module without one. */
#define SMK_BUILD_ID_TEXT 132
void smk_build_id_text(char text[SMK_BUILD_ID_TEXT], const smk_module_info *module);

#endif
