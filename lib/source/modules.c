/* modules.c: see modules.h. Follows in the next commits: until then no module is known. */
#include "source/modules.h"

uint64_t smk_modules_each(void (*add)(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias,
                                      const char *path, const uint8_t *build_id, uint32_t build_id_len),
                          void *arg)
{
    (void)add, (void)arg;
    return 0;
}
