/* names.h: what a report calls locks, threads and functions. Names are as somebody wrote them: escape
 * them before they are shown. */
#ifndef SMK_ANALYSIS_NAMES_H
#define SMK_ANALYSIS_NAMES_H

#include "analysis/locks.h"
#include "analysis/symbols.h"

#define SMK_NAME_MAX 512

/* How a lock got its name. */
enum smk_lock_naming {
    SMK_LOCK_NAMED,    /* smk_lock_name */
    SMK_LOCK_SYMBOL,   /* a static object, or a place in one */
    SMK_LOCK_OWN_WAIT, /* the name of the own wait */
    SMK_LOCK_PLACE,    /* the function that waited for it first */
    SMK_LOCK_ADDRESS
};

/* With several processes it ends in " in nginx 4711". */
enum smk_lock_naming smk_name_of_lock(char name[SMK_NAME_MAX], struct smk_symbols *symbols,
                                      const struct smk_lock *lock);
const char *smk_lock_naming_name(enum smk_lock_naming naming);

/* "nginx", or "unknown program". */
const char *smk_program_of(const smk_process_info *info);
/* "nginx 4711": a process, where there are several; "nginx 4711#3" where another entry has that pid: its
 * number in the trace, from 1. */
void smk_name_of_process(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t process);

/* "worker-3"; "server/4711" where several threads have that name; "thread 4711" where it has none. With several
 * processes the pid stands before it: "4713/worker-3". */
void smk_name_of_thread(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t serial);
/* The name alone, for who counts threads of a name. */
void smk_plain_name_of_thread(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t serial);
void smk_name_of_tid(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t process, uint32_t tid,
                     uint64_t time);

/* The site's name, "site 12" where the file does not define it. */
void smk_name_of_site(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t site);
/* "fdatasync"; "a call" where the file does not say it. */
void smk_name_of_call(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t call);
void smk_name_of_route(char name[SMK_NAME_MAX], smk_trace *trace, uint32_t route);

#endif
