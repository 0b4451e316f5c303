/* say.h: stacks, threads and waits in words, for the answers about one request, one moment, one pause. */
#ifndef SMK_ANALYSIS_SAY_H
#define SMK_ANALYSIS_SAY_H

#include "analysis/locks.h"
#include "analysis/names.h"
#include "analysis/span_index.h"
#include "analysis/symbols.h"
#include "analysis/words.h"

/* "render_log cart.c:68", of the innermost frame that is the program's own; false, and nothing is said: there is no
 * stack. */
bool smk_say_place(struct smk_words *words, struct smk_symbols *symbols, uint32_t stack);
/* All frames that have names, "a ← b ← c". */
void smk_say_stack(struct smk_words *words, struct smk_symbols *symbols, uint32_t stack, unsigned most);

/* The same place as text: "render_log cart.c:68"; "" where there is none. */
void smk_place_text(char text[SMK_NAME_MAX], struct smk_symbols *symbols, uint32_t stack);

void smk_say_thread(struct smk_words *words, smk_trace *trace, uint32_t serial);
void smk_say_route(struct smk_words *words, smk_trace *trace, uint32_t route);

/* What a wait is for: "cart_lock", "fdatasync /var/log/audit.log", "recv 10.0.0.3:80", "epoll_wait". */
void smk_wait_text(char text[SMK_NAME_MAX], struct smk_symbols *symbols, struct smk_locks *locks,
                   const struct smk_span_wait *wait);

/* ns since 1970 of a time of a process. */
int64_t smk_unix_of(smk_trace *trace, uint32_t process, uint64_t time);

/* JSON: "stack": frames, innermost first, as objects of function, module, file and line; null where there is none. */
struct smk_json_text;
void smk_put_json_stack(struct smk_json_text *json, struct smk_symbols *symbols, const char *key, uint32_t stack);
void smk_put_json_thread(struct smk_json_text *json, smk_trace *trace, const char *key, uint32_t serial);
/* The wait as an object: kind, call, object or lock, peer or file, holder, releaser, waker, from, to, stack. */
void smk_put_json_wait(struct smk_json_text *json, struct smk_symbols *symbols, struct smk_locks *locks,
                       const char *key, const struct smk_span_wait *wait);

#endif
