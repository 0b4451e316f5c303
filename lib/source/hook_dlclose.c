/* hook_dlclose.c: a module that goes is in the list of modules, and no longer in the map.
 *
 * What stood there gives its place to the next one that is loaded: a walk would take its rules for the next
 * one's, and the file would have the wrong module for its addresses. Before: who was never seen by the writer's
 * rounds, though a walk met it, is put into the list. After: who went is taken out of the map, so that the
 * next one there is met as unknown code.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "core/gate.h"
#include "core/thread.h"
#include "source/module_map.h"
#include "source/modules.h"
#include "source/resolve.h"

SMK_EXPORT int dlclose(void *handle)
{
    if (smk_tls.quiet || !smk_gate_open(UINT32_MAX))
        return SMK_REAL(dlclose)(handle);
    if (smk_map_is_wanted())
        smk_modules_refresh();
    int answer = SMK_REAL(dlclose)(handle);
    smk_modules_refresh();
    return answer;
}
