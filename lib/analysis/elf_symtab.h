/* elf_symtab.h: the functions and data objects of one ELF file, by address.
 *
 * A reader of our own: sorted tables of 16 bytes an entry, names read from the file when they are asked
 * for. The file may be hostile: every offset and size is checked against the file's, counts have
 * bounds, nothing is mapped (a file that shrinks would raise SIGBUS), and an error leaves the tables
 * empty. 64-bit little-endian only, which is what we trace.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_ELF_SYMTAB_H
#define SMK_ANALYSIS_ELF_SYMTAB_H

#include "base/mem.h"

#define SMK_BUILD_ID_MAX 64

struct smk_elf_entry {
    uint64_t value;
    uint32_t size;
    uint32_t name; /* offset in the string table; the two highest bits: rank, see elf_symtab.c */
};

struct smk_elf_table {
    struct smk_elf_entry *entries; /* by value */
    uint32_t count, capacity;
};

struct smk_elf {
    int fd;
    uint64_t file_size;
    uint64_t strings, strings_size; /* of the table that the symbols came from */
    struct smk_elf_table functions, objects;
    uint8_t build_id[SMK_BUILD_ID_MAX];
    size_t build_id_len;
    char debuglink[128]; /* file name in .gnu_debuglink, "" */
    bool has_symtab;     /* .symtab, not .dynsym alone */
};

/* Opens a regular file (nothing else is opened at all) and reads its headers. 0, or SMK_E_NOTFOUND,
 * SMK_E_PERMISSION, SMK_E_FORMAT, SMK_E_IO. */
int smk_elf_open(struct smk_elf *elf, const char *path);

/* Reads .symtab, or .dynsym where there is none. 0, SMK_E_FORMAT, SMK_E_LIMIT, SMK_E_NOMEM. */
int smk_elf_load_symbols(struct smk_elf *elf, struct smk_mem *mem);

void smk_elf_close(struct smk_elf *elf, struct smk_mem *mem);

/* The symbol that `value` (an address as in the file) lies in: its start and size say so. NULL: none. */
const struct smk_elf_entry *smk_elf_find(const struct smk_elf_table *table, uint64_t value);

/* Its name, cut to `size` and ended by NUL. False when it cannot be read. */
bool smk_elf_name(const struct smk_elf *elf, const struct smk_elf_entry *entry, char *name,
                  size_t size);

#endif
