/* symbol_file.h: the symbol table of one module, out of its file or its debug file.
 *
 * A file is believed only when its build-id is the module's. Where the module's own file has no .symtab, a
 * debug file that has one is taken instead; where there is none, the names that the file exports.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_SYMBOL_FILE_H
#define SMK_ANALYSIS_SYMBOL_FILE_H

#include "analysis/elf_symtab.h"
#include "analysis/module_files.h"

struct smk_symbol_file {
    struct smk_elf elf;
    bool opened;
    const char *refused; /* static; NULL: there are symbols */
};

/* `debug_dir` may be NULL. */
void smk_symbol_file_open(struct smk_symbol_file *file, struct smk_mem *mem, const smk_module_info *module,
                          const char *debug_dir);
void smk_symbol_file_close(struct smk_symbol_file *file, struct smk_mem *mem);

#endif
