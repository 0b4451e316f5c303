/* escape.h: text that somebody else wrote, made safe to print.
 *
 * Names out of a trace file, answers of a server and command lines may hold what a terminal obeys or
 * what makes a line read as something that it is not. Any thread, signal handlers too; since 0.1.
 */
#ifndef SMK_BASE_ESCAPE_H
#define SMK_BASE_ESCAPE_H

#include "base/compiler.h"

/* Line feeds and tabs stay as they are. */
#define SMK_ESCAPE_KEEP_LINES 1u

/* Room that the longest escape needs. */
#define SMK_ESCAPE_MIN 16

/* Copies `text` to `out` with C0 and C1 controls, DEL, bidirectional and invisible characters and
 * bytes that are not UTF-8 written as \n, \t, \x1b, \u202e. Stops where `out` (at least
 * SMK_ESCAPE_MIN bytes) is full, at the end of a character: *used says how far it came in `text`.
 * Returns the bytes written; there is no NUL. Backslashes stay as they are: it is for reading, not for
 * reversing. */
size_t smk_escape(char *out, size_t size, const char *text, size_t len, unsigned keep, size_t *used);

#endif
