/* elf_file.h: the little of an ELF file that decides whether the loader will take a preload into it.
 *
 * The file may be hostile: every offset and size is checked against the file's, what is kept has a
 * bound, nothing is mapped. One thread at a time.
 */
#ifndef SMK_TOOLS_ELF_FILE_H
#define SMK_TOOLS_ELF_FILE_H

#include "base/compiler.h"

enum { SMK_ELF_INTERP_SIZE = 256, SMK_ELF_VERSIONS_MAX = 256, SMK_ELF_VERSION_SIZE = 32 };

struct smk_elf_file {
    bool is_elf; /* the magic is there; without it nothing else is set */
    bool is_64;
    bool little_endian;
    uint16_t machine;                 /* EM_X86_64 … */
    bool executable;                  /* ET_EXEC or ET_DYN */
    bool dynamic;                     /* has PT_DYNAMIC */
    bool go;                          /* has the note of the Go linker */
    char interp[SMK_ELF_INTERP_SIZE]; /* its loader; "": none, the loader has no part in it */
};

/* Reads the headers. 0, or -errno where the file cannot be read or its headers make no sense. */
int smk_elf_file_read(const char *path, struct smk_elf_file *elf);

/* Names of symbol versions, GLIBC_2.34 and so on. */
struct smk_elf_versions {
    unsigned count;
    char name[SMK_ELF_VERSIONS_MAX][SMK_ELF_VERSION_SIZE];
};

/* What the object at `path` wants of the library `soname` (.gnu.version_r), and what a library itself
 * has (.gnu.version_d). 64-bit objects of this byte order. 0 or -errno; -ENOENT: has no such section. */
int smk_elf_needed_versions(const char *path, const char *soname,
                            struct smk_elf_versions *versions);
int smk_elf_defined_versions(const char *path, struct smk_elf_versions *versions);

/* The first of `needed` that `defined` has not; NULL: all are there. */
const char *smk_elf_missing_version(const struct smk_elf_versions *needed,
                                    const struct smk_elf_versions *defined);

#endif
