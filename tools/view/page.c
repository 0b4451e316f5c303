#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/hash.h"

#define SMK_PAGE_BYTES(name) extern const uint8_t smk_page_##name[], smk_page_##name##_end[]
SMK_PAGE_BYTES(html);
SMK_PAGE_BYTES(script);
SMK_PAGE_BYTES(style);
SMK_PAGE_BYTES(licences);
SMK_PAGE_BYTES(why);

/* Of a file that is longer something is wrong. */
#define UNPACKED_MAX (16u << 20)

static const struct {
    const char *path, *type;
    const uint8_t *from, *to;
} files[] = {
    {"/", "text/html; charset=utf-8", smk_page_html, smk_page_html_end},
    {"/viewer.js", "text/javascript; charset=utf-8", smk_page_script, smk_page_script_end},
    {"/viewer.css", "text/css; charset=utf-8", smk_page_style, smk_page_style_end},
    {"/licences.txt", "text/plain; charset=utf-8", smk_page_licences, smk_page_licences_end},
};

#define FILES (sizeof(files) / sizeof(files[0]))

/* What it says stays until this thread asks again. */
const struct smk_page_file *smk_page_find(const char *path)
{
    static _Thread_local struct smk_page_file found;
    for (size_t i = 0; i < FILES; i++) {
        if (strcmp(files[i].path, path) != 0)
            continue;
        size_t len = (size_t)(files[i].to - files[i].from);
        found = (struct smk_page_file){files[i].path, files[i].type, files[i].from, len, ""};
        snprintf(found.tag, sizeof(found.tag), "%016llx",
                 (unsigned long long)smk_hash_bytes(files[i].from, len));
        return len > 0 ? &found : NULL;
    }
    return NULL;
}

/* A gzip file ends with the length of what is in it. */
static size_t unpacked_len(const struct smk_page_file *file)
{
    const uint8_t *end = file->packed + file->len;
    if (file->len < 18)
        return 0;
    return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

char *smk_page_unpack(const struct smk_page_file *file, size_t *len)
{
    size_t want = unpacked_len(file);
    char *text = want > 0 && want <= UNPACKED_MAX ? malloc(want + 1) : NULL;
    z_stream stream = {.next_in = (Bytef *)file->packed, .avail_in = (uInt)file->len,
                       .next_out = (Bytef *)text, .avail_out = (uInt)want};
    if (!text || inflateInit2(&stream, 15 + 16) != Z_OK) {
        free(text);
        return NULL;
    }
    int rc = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (rc != Z_STREAM_END) {
        free(text);
        return NULL;
    }
    text[want] = '\0';
    *len = want;
    return text;
}

const char *smk_page_missing(void)
{
    static char why[256];
    if (&smk_page_script_end[0] > &smk_page_script[0])
        return NULL;
    snprintf(why, sizeof(why), "%.*s", (int)(smk_page_why_end - smk_page_why), (const char *)smk_page_why);
    return why[0] ? why : "its page was not built";
}
