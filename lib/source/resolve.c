#define _GNU_SOURCE
#include "source/resolve.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* An absent function's own stand-in does not look at its parameters. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* The version whose functions dlsym gave before glibc's bug 14932 was solved, where there are newer ones. */
#define OLDEST "GLIBC_2.2.5"

SMK_TLS uint8_t smk_resolving;

/* Of the objects behind ours in the order of the look-up: libc's, or whatever stands in front of libc there
 * and is not to be left out. */
void *smk_resolve_find(const char *name, const char *version)
{
    smk_resolving++;
    void *found = dlsym(RTLD_NEXT, name);
#ifdef __GLIBC__
    if (found && version && found == dlvsym(RTLD_NEXT, name, OLDEST)) {
        void *wanted = dlvsym(RTLD_NEXT, name, version);
        found = wanted ? wanted : found;
    }
#endif
    dlerror(); /* a failure is ours, and nobody else is to read it */
    smk_resolving--;
    return found;
}

/* absent_<name>: what is called where libc has none.  find_<name>: keeps the real one.
 * first_<name>: where its pointer leads before the constructor. */
#define X(result, name, version, params, args, absent)                                             \
    static result absent_##name params { return absent; }                                          \
    static void find_##name(void)                                                                  \
    {                                                                                              \
        result(*real) params = (__typeof__(real))smk_resolve_find(#name, version);                             \
        smk_store_relaxed(&smk_real.name, real ? real : absent_##name);                            \
    }                                                                                              \
    static result first_##name params                                                              \
    {                                                                                              \
        find_##name();                                                                             \
        return SMK_REAL(name) args;                                                                \
    }
SMK_REAL_PLAIN_CALLS(X)
#undef X

SMK_ALIGNED(SMK_CACHE_LINE) struct smk_real smk_real = {
#define X(result, name, version, params, args, absent) .name = first_##name,
    SMK_REAL_PLAIN_CALLS(X)
#undef X
#define X(result, name, version, params, args, absent) .name = smk_first_##name,
    SMK_REAL_ALLOC_CALLS(X)
#undef X
};

int smk_resolve_all(void)
{
    int absent_count = smk_resolve_alloc();
#define X(result, name, version, params, args, absent)                                             \
    find_##name();                                                                                 \
    absent_count += SMK_REAL(name) == absent_##name;
    SMK_REAL_PLAIN_CALLS(X)
#undef X
    return absent_count;
}

size_t smk_resolve_absent(char *text, size_t size)
{
    size_t len = smk_resolve_alloc_absent(text, size);
#define X(result, name, version, params, args, absent)                                             \
    if (SMK_REAL(name) == absent_##name && len + sizeof #name < size) {                            \
        memcpy(text + len, #name " ", sizeof #name);                                               \
        len += sizeof #name;                                                                       \
    }
    SMK_REAL_PLAIN_CALLS(X)
#undef X
    text[len] = '\0';
    return len;
}
