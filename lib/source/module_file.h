/* module_file.h: what the ELF headers of a mapped module say, read from memory, not from its file: no
 * path has to be opened, which may be deleted, behind a chroot, or on a server that does not answer. */
#ifndef SMK_SOURCE_MODULE_FILE_H
#define SMK_SOURCE_MODULE_FILE_H

#include "source/cfi.h"

#define SMK_BUILD_ID_MAX 32

struct smk_module_facts {
    uint64_t bias; /* address in the process minus address in the file */
    uint8_t build_id[SMK_BUILD_ID_MAX];
    uint32_t build_id_len;       /* 0: it has none */
    struct smk_cfi_table table; /* offsets from `elf`; count 0: it has none */
};

struct smk_module_tables_stats {
    uint64_t tables, rows, bytes; /* made so far, never given back */
    uint64_t bytes_max;
    uint64_t refused; /* modules whose table had no room, or could not be read */
};

/* Reads the module whose ELF header is mapped at `elf`, with code at `code`, which is at code_offset in
 * its file. False when there is no ELF header. Its table is made when it is seen for the first time; a
 * module that comes again, at another address too, gets the one that was made. One caller at a time. */
bool smk_module_read(uint64_t elf, uint64_t code, uint64_t code_offset, struct smk_module_facts *facts);

/* The bound of all tables' memory; what exists stays. */
#define SMK_TABLE_BYTES_DEFAULT (UINT64_C(64) << 20)
void smk_module_tables_set_max(uint64_t bytes);
void smk_module_tables_stats(struct smk_module_tables_stats *stats);

#endif
