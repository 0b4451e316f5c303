#define _GNU_SOURCE
#include "imports.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/sys.h"

#if defined(__x86_64__)
#define IS_IMPORT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#else
#define IS_IMPORT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#endif

struct object {
    uintptr_t base;
    const ElfW(Sym) * symbols;
    const char *strings;
    struct {
        const ElfW(Rela) * first;
        size_t count;
    } tables[2];
    uintptr_t read_only, read_only_end; /* what the loader protected behind itself */
};

/* ---- the object's own description ------------------------------------------------------------------- */

/* Some loaders leave addresses of the dynamic section as they are in the file. */
static uintptr_t address(const struct object *object, uintptr_t value)
{
    return value < object->base ? object->base + value : value;
}

static void read_dynamic(struct object *object, const ElfW(Dyn) * dynamic)
{
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        uintptr_t at = address(object, dynamic->d_un.d_ptr);
        switch (dynamic->d_tag) {
        case DT_SYMTAB:
            object->symbols = (const ElfW(Sym) *)at;
            break;
        case DT_STRTAB:
            object->strings = (const char *)at;
            break;
        case DT_JMPREL:
            object->tables[0].first = (const ElfW(Rela) *)at;
            break;
        case DT_PLTRELSZ:
            object->tables[0].count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
            break;
        case DT_RELA:
            object->tables[1].first = (const ElfW(Rela) *)at;
            break;
        case DT_RELASZ:
            object->tables[1].count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
            break;
        default:
            break;
        }
    }
}

static int find_read_only(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct object *object = arg;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    if (info->dlpi_addr != object->base)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_GNU_RELRO)
            continue;
        object->read_only = (object->base + part->p_vaddr) & ~(page - 1);
        object->read_only_end = (object->base + part->p_vaddr + part->p_memsz) & ~(page - 1);
    }
    return 1;
}

static bool read_object(struct object *object, void *handle)
{
    struct link_map *map = NULL;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || !map)
        return false;
    object->base = map->l_addr;
    read_dynamic(object, map->l_ld);
    dl_iterate_phdr(find_read_only, object);
    return object->symbols && object->strings;
}

/* ---- entries ------------------------------------------------------------------------------------------ */

/* Calls visit for each entry that imports `name`; how many there were. */
static size_t each_entry(const struct object *object, const char *name,
                         void (*visit)(void **entry, void *arg), void *arg)
{
    size_t found = 0;
    for (size_t t = 0; t < SMK_ARRAY_LEN(object->tables); t++) {
        for (size_t i = 0; object->tables[t].first && i < object->tables[t].count; i++) {
            const ElfW(Rela) *entry = &object->tables[t].first[i];
            const ElfW(Sym) *symbol = &object->symbols[ELF64_R_SYM(entry->r_info)];
            if (!IS_IMPORT(ELF64_R_TYPE(entry->r_info)) ||
                strcmp(object->strings + symbol->st_name, name) != 0)
                continue;
            found++;
            if (visit)
                visit((void **)(object->base + entry->r_offset), arg);
        }
    }
    return found;
}

static void replace_entry(void **entry, void *arg)
{
    const struct smk_import *import = arg;
    if (*entry == import->ours)
        return; /* done before */
    if (import->real)
        *import->real = *entry;
    *entry = import->ours;
}

int smk_imports_replace(void *handle, const struct smk_import *imports, size_t count)
{
    struct object object = {0};
    if (!read_object(&object, handle))
        return smk_fail(SMK_E_UNAVAILABLE, "the loaded object cannot be read");
    for (size_t i = 0; i < count; i++)
        if (imports[i].needed && each_entry(&object, imports[i].name, NULL, NULL) == 0)
            return smk_fail(SMK_E_UNAVAILABLE, "the loaded object does not call %s through a table",
                            imports[i].name);
    size_t size = object.read_only_end - object.read_only;
    int rc = size ? smk_sys_protect((void *)object.read_only, size, PROT_READ | PROT_WRITE) : 0;
    if (rc < 0)
        return smk_fail(SMK_E_UNAVAILABLE, "its table of calls cannot be written: %s",
                        strerrordesc_np(-rc));
    for (size_t i = 0; i < count; i++)
        each_entry(&object, imports[i].name, replace_entry, (void *)&imports[i]);
    if (size)
        smk_sys_protect((void *)object.read_only, size, PROT_READ);
    return 0;
}
