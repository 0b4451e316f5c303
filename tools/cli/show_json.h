/* show_json.h: an object of JSON for a reader who is no program: a name and a value a line. */
#ifndef SMK_TOOLS_SHOW_JSON_H
#define SMK_TOOLS_SHOW_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Members whose name is in `first` (ended by NULL) come first, the others in their order. Names that
 * end in _ns and _bytes get their value in units that one reads. All of it escaped. */
void smk_show_json(FILE *out, const json_t *object, const char *const first[]);

#endif
