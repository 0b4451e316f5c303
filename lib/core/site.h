/* site.h: call sites and names as ids. */
#ifndef SMK_CORE_SITE_H
#define SMK_CORE_SITE_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "stallmark/abi.h"

#define SMK_NAME_LEN_MAX 128 /* bytes; longer names are cut */
#define SMK_SITE_FULL    UINT32_MAX

/* Adds the site to the table and keeps its id in it; SMK_SITE_FULL where there is no room. */
SMK_COLD uint32_t smk_site_register(smk_site *site);

/* The site's id, 0 where the table is full. */
SMK_INLINE uint32_t smk_site_id(smk_site *site)
{
    uint32_t id = smk_load_relaxed(&site->id);
    if (SMK_UNLIKELY(id == 0))
        id = smk_site_register(site);
    return SMK_UNLIKELY(id == SMK_SITE_FULL) ? 0 : id;
}

/* The id of a name; 0 for NULL, and where the table is full. */
uint32_t smk_string_id(const char *name);

/* Entry of a site in smk_sites: line (4 bytes), then name, file and function, each ended by NUL. */
struct smk_site_view {
    uint32_t line;
    const char *name, *file, *function;
};

/* Reads the entry of an id; false for one that was never given out. */
bool smk_site_get(uint32_t id, struct smk_site_view *view);

#endif
