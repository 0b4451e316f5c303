/* page.h: the files of the viewer's page, which are inside the program.
 *
 * A build that had no npm has none of them: smk_page_missing() says why. */
#ifndef SMK_TOOLS_VIEW_PAGE_H
#define SMK_TOOLS_VIEW_PAGE_H

#include <stddef.h>
#include <stdint.h>

struct smk_page_file {
    const char *path; /* "/viewer.js" */
    const char *type; /* of its content */
    const uint8_t *packed;
    size_t len;
    char tag[24]; /* of the content: another one for another */
};

/* NULL: there is none of that path. Stays until this thread asks again. */
const struct smk_page_file *smk_page_find(const char *path);

/* Unpacks one into memory that the caller frees, with a NUL behind it; NULL where memory is short. */
char *smk_page_unpack(const struct smk_page_file *file, size_t *len);

/* Why this program has no page; NULL where it has one. */
const char *smk_page_missing(void);

#endif
