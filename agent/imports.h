/* imports.h: putting our own functions in the place of those that a loaded object calls.
 *
 * What an object calls in others it calls through a table of addresses that the loader has filled. This
 * changes that table in one object: nobody else's calls are touched.
 */
#ifndef SMK_AGENT_IMPORTS_H
#define SMK_AGENT_IMPORTS_H

#include "base/compiler.h"

struct smk_import {
    const char *name;
    void *ours;
    void **real; /* gets what stood there; NULL: not wanted */
    bool needed; /* it is an error if the object has no such entry */
};

/* `handle` is dlopen's, with RTLD_NOW. All or, on error, none: SMK_E_UNAVAILABLE and smk_last_error(). */
int smk_imports_replace(void *handle, const struct smk_import *imports, size_t count);

#endif
