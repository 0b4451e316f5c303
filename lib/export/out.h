/* out.h: bytes on their way to whoever wants them, in pieces of 64 KiB. No stdio, no locale: the agent uses it. */
#ifndef SMK_EXPORT_OUT_H
#define SMK_EXPORT_OUT_H

#include "base/compiler.h"
#include "base/mem.h"
#include "export/export.h"

struct smk_out {
    smk_export_put put;
    void *arg;
    uint8_t *buffer;
    size_t used;
    uint64_t total; /* bytes so far */
    int result;     /* of put: once it is not 0 nothing more is put */
};

/* False when there is no memory. Pairs with smk_out_free. */
bool smk_out_init(struct smk_out *out, struct smk_mem *mem, smk_export_put put, void *arg);
void smk_out_free(struct smk_out *out, struct smk_mem *mem);

void smk_out_bytes(struct smk_out *out, const void *bytes, size_t len);
void smk_out_text(struct smk_out *out, const char *text);
void smk_out_format(struct smk_out *out, const char *format, ...) SMK_PRINTF(2, 3);
void smk_out_number(struct smk_out *out, uint64_t number);
/* ns as microseconds with three decimals: "1234.567". */
void smk_out_us(struct smk_out *out, uint64_t ns);
/* A string of JSON, quotes included; the text is UTF-8. */
void smk_out_json(struct smk_out *out, const char *text);
/* What is left in the buffer; returns what `put` said. */
int smk_out_flush(struct smk_out *out);

#endif
