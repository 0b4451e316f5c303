#include "analysis/symbol_file.h"

#include <string.h>

#include "base/errors.h"

/* NULL: it is open, and the module's. Else why not. */
static const char *open_path(struct smk_elf *elf, const smk_module_info *module, const char *path)
{
    int result = smk_elf_open(elf, path);
    if (result != 0)
        return result == SMK_E_NOTFOUND     ? "the file is gone"
               : result == SMK_E_PERMISSION ? "the file may not be read"
                                            : "it cannot be read as an ELF file";
    if (elf->build_id_len == module->build_id_len &&
        memcmp(elf->build_id, module->build_id, module->build_id_len) == 0)
        return NULL;
    return "the file is another one now: its build-id differs";
}

static const char *load_path(struct smk_elf *elf, struct smk_mem *mem, const smk_module_info *module,
                             const char *path)
{
    const char *why = open_path(elf, module, path);
    if (!why && smk_elf_load_symbols(elf, mem) != 0)
        why = "its symbol table cannot be read";
    if (why)
        smk_elf_close(elf, mem);
    return why;
}

/* A debug file with a .symtab takes the place of what there is. */
static void try_debug_files(struct smk_symbol_file *file, struct smk_mem *mem, struct smk_module_search *search)
{
    char path[SMK_MODULE_PATH_MAX], link[sizeof(file->elf.debuglink)] = "";
    if (file->opened)
        memcpy(link, file->elf.debuglink, sizeof(link));
    search->debuglink = link;
    for (unsigned i = 1; smk_module_path(search, i, path); i++) {
        struct smk_elf elf;
        if (!path[0] || load_path(&elf, mem, search->module, path) != NULL)
            continue;
        if (elf.has_symtab || (!file->opened && elf.functions.count)) {
            smk_symbol_file_close(file, mem);
            *file = (struct smk_symbol_file){.elf = elf, .opened = true};
            return;
        }
        smk_elf_close(&elf, mem);
    }
}

void smk_symbol_file_open(struct smk_symbol_file *file, struct smk_mem *mem, const smk_module_info *module,
                          const char *debug_dir)
{
    struct smk_module_search search = {.module = module, .debug_dir = debug_dir};
    char path[SMK_MODULE_PATH_MAX];
    *file = (struct smk_symbol_file){.elf = {.fd = -1}};
    if (!module->path || module->path[0] != '/') {
        file->refused = "it is no file";
        return;
    }
    if (module->build_id_len == 0) {
        file->refused = "the trace has no build-id of it";
        return;
    }
    smk_module_path(&search, 0, path);
    file->refused = path[0] ? load_path(&file->elf, mem, module, path) : "its path is too long";
    file->opened = !file->refused;
    if (!file->opened || !file->elf.has_symtab)
        try_debug_files(file, mem, &search);
    if (file->opened && file->elf.functions.count == 0 && file->elf.objects.count == 0)
        file->refused = "it is stripped: it has no symbols";
}

void smk_symbol_file_close(struct smk_symbol_file *file, struct smk_mem *mem)
{
    if (file->opened)
        smk_elf_close(&file->elf, mem);
    file->opened = false;
}
