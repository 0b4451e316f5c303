/* elf_check.h: will the loader take our preload into this program, and if not, why?
 *
 * LD_PRELOAD is a request to the dynamic loader, which ignores it without a word where the program has
 * no loader (static), where the program runs with more rights than its caller (setuid, setgid, file
 * capabilities), and which refuses objects of another machine; musl's loader takes it but not a library
 * made for glibc, and an older glibc ends the program at once. `stallmark run` says so beforehand.
 */
#ifndef SMK_TOOLS_ELF_CHECK_H
#define SMK_TOOLS_ELF_CHECK_H

#include <limits.h>

#include "base/compiler.h"

/* The file that execvp would run for `command`, in `path`. 0, or -errno: -ENOENT, -EACCES. */
int smk_find_program(const char *command, char path[PATH_MAX]);

/* A script whose #! line is `/usr/bin/env NAME` is run by NAME: true, and where that lies. */
bool smk_is_env_script(const char *path, char name[256], char interpreter[PATH_MAX]);

/* The shell that runs the script at `path`; false: it is no script, or none of a shell. */
bool smk_is_shell_script(const char *path, char name[256]);

/* True: `preload` will be loaded into the program at `path`, or into what its #! line names. False:
 * `reason` says why not, naming the file ("/bin/x is a static program, …"). */
bool smk_takes_preload(const char *path, const char *preload, char *reason, size_t size);

#endif
