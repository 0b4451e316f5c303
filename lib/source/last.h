/* last.h: what has to be done before the process's memory goes, where no destructor comes: exec, _exit. */
#ifndef SMK_SOURCE_LAST_H
#define SMK_SOURCE_LAST_H

/* `last` is called once or more, on the thread that makes the call, in this process alone: never in a child of fork
 * or vfork. Before an exec only where its program is there, since one that fails goes on. */
void smk_source_before_end(void (*last)(void));

/* For the wrappers. */
void smk_last_before_exit(void);
/* `path` NULL: it is not known. */
void smk_last_before_exec(const char *path);

#endif
