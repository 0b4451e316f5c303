/* trace_dump.h: events and tables of a trace as text and as JSON, one a line. */
#ifndef SMK_TOOLS_TRACE_DUMP_H
#define SMK_TOOLS_TRACE_DUMP_H

#include <stdio.h>

#include "stallmark/reader.h"

struct smk_dump {
    const smk_trace *trace;
    FILE *out;
    uint64_t origin; /* ns: times count from here */
    bool json;
    bool several; /* processes: lines say which */
};

void smk_dump_event(const struct smk_dump *dump, const smk_event *event);

/* All but the events. */
void smk_dump_tables(const struct smk_dump *dump);

/* Text in quotes, reversible: backslashes and quotes have a backslash before them. */
void smk_dump_quoted(FILE *out, const char *text, size_t len);

#endif
