#include "lines/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file, opened at the first question about it; `dwarf` NULL: it has no lines for us. */
struct lines_file {
    uint32_t module;
    int fd;
    Elf *elf;
    Dwarf *dwarf;
};

struct smk_lines {
    struct smk_mem mem;
    struct lines_file *files;
    uint32_t count, capacity;
};

struct smk_lines *smk_lines_new(void)
{
    struct smk_mem mem;
    elf_version(EV_CURRENT);
    smk_mem_init(&mem, NULL, NULL, 0);
    struct smk_lines *lines = smk_mem_new(&mem, sizeof(*lines));
    if (lines)
        lines->mem = mem;
    return lines;
}

static void close_file(struct lines_file *file)
{
    if (file->dwarf)
        dwarf_end(file->dwarf);
    if (file->elf)
        elf_end(file->elf);
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct lines_file){.module = file->module, .fd = -1};
}

void smk_lines_free(struct smk_lines *lines)
{
    if (!lines)
        return;
    for (uint32_t i = 0; i < lines->count; i++)
        close_file(&lines->files[i]);
    struct smk_mem mem = lines->mem; /* lies in what is freed */
    smk_mem_free(&mem, lines->files, lines->capacity * sizeof(*lines->files));
    smk_mem_free(&mem, lines, sizeof(*lines));
}

/* ---- opening -------------------------------------------------------------------------------------------- */

static bool has_build_id(Elf *elf, const smk_module_info *module)
{
    const void *id;
    ssize_t len = dwelf_elf_gnu_build_id(elf, &id);
    return len > 0 && (size_t)len == module->build_id_len &&
           memcmp(id, module->build_id, (size_t)len) == 0;
}

/* Opens a path if it is the module's file and has DWARF. elfutils reads instead of mapping: a file that
 * shrinks under a map is a signal. */
static bool open_path(struct lines_file *file, const char *path, const smk_module_info *module)
{
    struct stat st;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->fd < 0)
        return false;
    if (fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode))
        file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
    if (file->elf && has_build_id(file->elf, module))
        file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
    if (file->dwarf)
        return true;
    close_file(file);
    return false;
}

static void open_module(struct lines_file *file, const smk_module_info *module)
{
    if (module->build_id_len < 2 || module->build_id_len > 64 || !module->path ||
        module->path[0] != '/' || open_path(file, module->path, module))
        return;
    char path[256];
    int n = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%02x/", module->build_id[0]);
    for (size_t i = 1; i < module->build_id_len; i++)
        n += snprintf(path + n, sizeof(path) - (size_t)n, "%02x", module->build_id[i]);
    snprintf(path + n, sizeof(path) - (size_t)n, ".debug");
    open_path(file, path, module);
}

static struct lines_file *file_of(struct smk_lines *lines, const smk_module_info *module)
{
    for (uint32_t i = 0; i < lines->count; i++)
        if (lines->files[i].module == module->id)
            return &lines->files[i];
    if (!smk_mem_grow(&lines->mem, &lines->files, &lines->capacity, lines->count + 1u))
        return NULL;
    struct lines_file *file = &lines->files[lines->count++];
    *file = (struct lines_file){.module = module->id, .fd = -1};
    open_module(file, module);
    return file;
}

/* ---- asking --------------------------------------------------------------------------------------------- */

/* The unit that an address lies in. The index by address (.debug_aranges) is not there in what clang
 * builds: then the units are asked one by one. */
static bool find_unit(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *unit)
{
    if (dwarf_addrdie(dwarf, address, unit))
        return true;
    Dwarf_CU *cu = NULL;
    Dwarf_Die die;
    while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0)
        if (dwarf_haspc(&die, address) == 1) {
            *unit = die;
            return true;
        }
    return false;
}

static bool find_line(void *arg, const smk_module_info *module, uint64_t pc, const char **file,
                      uint32_t *line)
{
    struct lines_file *opened = file_of(arg, module);
    Dwarf_Addr address = pc - module->bias;
    Dwarf_Die unit;
    int number = 0;
    if (!opened || !opened->dwarf || !find_unit(opened->dwarf, address, &unit))
        return false;
    Dwarf_Line *found = dwarf_getsrc_die(&unit, address);
    const char *name = found ? dwarf_linesrc(found, NULL, NULL) : NULL;
    if (!name || dwarf_lineno(found, &number) != 0 || number <= 0)
        return false;
    *file = name;
    *line = (uint32_t)number;
    return true;
}

struct smk_line_source smk_lines_source(struct smk_lines *lines)
{
    return (struct smk_line_source){lines, find_line};
}
