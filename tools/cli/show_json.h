/* show_json.h: an object of JSON for a reader who is no program: a name and a value a line. */
#ifndef SMK_TOOLS_SHOW_JSON_H
#define SMK_TOOLS_SHOW_JSON_H

#include <jansson.h>
#include <stdio.h>

/* All members in their order but those that are null, and those whose name is in `but` (ended by NULL).
 * Names that end in _ns and bytes get their value in units that one reads. All of it escaped. */
void smk_show_json(FILE *out, const json_t *object, const char *const but[]);

/* "name   value", one line, indented. */
void smk_show_line(FILE *out, const char *name, const char *value, unsigned indent);

#endif
