/* words.h: lines of text out of numbers and names: columns, escapes, units. No floating point, whose
 * printing may allocate, and no locale.
 *
 * A line is put together in memory and handed on whole. One thread at a time.
 */
#ifndef SMK_ANALYSIS_WORDS_H
#define SMK_ANALYSIS_WORDS_H

#include "analysis/report.h"

struct smk_words {
    smk_report_put put;
    void *arg;
    int result; /* of put: once it is not 0 nothing more is put */
    size_t used;
    unsigned column; /* characters in the line so far */
    char buffer[1024];
};

void smk_words_init(struct smk_words *words, smk_report_put put, void *arg);
/* Hands on what is there; returns what `put` said. */
int smk_words_flush(struct smk_words *words);

/* Our own words, with line feeds. */
void smk_words_say(struct smk_words *words, const char *format, ...) SMK_PRINTF(2, 3);
/* Somebody else's: escaped. */
void smk_words_name(struct smk_words *words, const char *name);
/* The same, cut to `width` characters with an ellipsis. */
void smk_words_name_cut(struct smk_words *words, const char *name, unsigned width);
/* Blanks up to a column, at least one. */
void smk_words_to(struct smk_words *words, unsigned column);
/* `text` so that it ends before `column`. */
void smk_words_right(struct smk_words *words, unsigned column, const char *text);

#define SMK_UNIT_MAX 32

/* Three digits and a unit: "431 us", "1.10 ms", "54.2 s". */
const char *smk_words_ns(char text[SMK_UNIT_MAX], uint64_t ns);
/* "431 B", "1.10 MiB", "54.2 GiB". */
const char *smk_words_bytes(char text[SMK_UNIT_MAX], uint64_t bytes);
/* "1,204". */
const char *smk_words_count(char text[SMK_UNIT_MAX], uint64_t count);
/* Of thousandths: "81 %", "0.6 %". */
const char *smk_words_mille(char text[SMK_UNIT_MAX], uint32_t mille);
/* "14:02:07.118" in UTC, of ns since 1970. */
const char *smk_words_clock(char text[SMK_UNIT_MAX], int64_t unix_ns);
/* "2026-11-23T14:02:07.118Z". */
const char *smk_words_date(char text[SMK_UNIT_MAX], int64_t unix_ns);

#endif
