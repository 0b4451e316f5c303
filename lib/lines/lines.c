#include "lines/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/module_files.h"

#define LINK_MAX 256

/* One file, opened at the first question about it; `dwarf` NULL: it has no lines for us. */
struct lines_file {
    uint32_t process, module;
    int fd;
    Elf *elf;
    Dwarf *dwarf;
};

struct smk_lines {
    struct smk_mem mem;
    const char *debug_dir; /* the caller's; may be NULL */
    struct lines_file *files;
    uint32_t count, capacity;
};

struct smk_lines *smk_lines_new(const char *debug_dir)
{
    struct smk_mem mem;
    elf_version(EV_CURRENT);
    smk_mem_init(&mem, NULL, NULL, 0);
    struct smk_lines *lines = smk_mem_new(&mem, sizeof(*lines));
    if (!lines)
        return NULL;
    lines->mem = mem;
    lines->debug_dir = debug_dir;
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

static bool has_units(Dwarf *dwarf)
{
    Dwarf_CU *cu = NULL;
    return dwarf && dwarf_get_units(dwarf, NULL, &cu, NULL, NULL, NULL, NULL) == 0;
}

/* Opens a path if it is the module's file and has DWARF; else notes the name of its debug file. elfutils
 * reads instead of mapping: a file that shrinks under a map is a signal. */
static bool open_path(struct lines_file *file, const char *path, const smk_module_info *module,
                      char link[LINK_MAX])
{
    struct stat st;
    bool ours = false;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->fd < 0)
        return false;
    if (fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode))
        file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
    if (file->elf && has_build_id(file->elf, module))
        ours = true;
    if (ours)
        file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
    if (has_units(file->dwarf))
        return true;
    GElf_Word crc;
    const char *name = ours ? dwelf_elf_gnu_debuglink(file->elf, &crc) : NULL;
    size_t len = name ? strlen(name) : 0;
    if (len > 0 && len < LINK_MAX && !strchr(name, '/') && name[0] != '.')
        memcpy(link, name, len + 1);
    close_file(file);
    return false;
}

static void open_module(struct lines_file *file, const smk_module_info *module, const char *debug_dir)
{
    char path[SMK_MODULE_PATH_MAX], link[LINK_MAX] = "";
    struct smk_module_search search = {module, debug_dir, link};
    if (module->build_id_len < 2 || module->build_id_len > 64)
        return;
    for (unsigned i = 0; smk_module_path(&search, i, path); i++)
        if (path[0] && open_path(file, path, module, link))
            return;
}

static struct lines_file *file_of(struct smk_lines *lines, const smk_module_info *module)
{
    for (uint32_t i = 0; i < lines->count; i++)
        if (lines->files[i].module == module->id && lines->files[i].process == module->process)
            return &lines->files[i];
    if (!smk_mem_grow(&lines->mem, &lines->files, &lines->capacity, lines->count + 1u))
        return NULL;
    struct lines_file *file = &lines->files[lines->count++];
    *file = (struct lines_file){.process = module->process, .module = module->id, .fd = -1};
    open_module(file, module, lines->debug_dir);
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

/* As the linker would write it, where the compiler said so. */
static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    const char *name = NULL;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
        name = dwarf_formstring(&attribute);
    return name ? name : dwarf_diename(die);
}

/* Where an inlined function was called. */
static void find_call(Dwarf_Die *unit, Dwarf_Die *die, struct smk_line_frame *caller)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number, line;
    Dwarf_Files *files;
    size_t count;
    if (!dwarf_attr(die, DW_AT_call_file, &attribute) || dwarf_formudata(&attribute, &number) != 0 ||
        !dwarf_attr(die, DW_AT_call_line, &attribute) || dwarf_formudata(&attribute, &line) != 0 ||
        dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count)
        return;
    caller->file = dwarf_filesrc(files, number, NULL, NULL);
    caller->line = caller->file ? (uint32_t)line : 0;
}

/* The functions around an address, innermost first; `list` has the line of the innermost. dwarf_getscopes alone
 * goes from an inlined function to where it was written, not to where it was inlined. */
static uint32_t find_functions(Dwarf_Die *unit, Dwarf_Addr address, struct smk_line_frame *list, uint32_t max)
{
    Dwarf_Die *at = NULL, *scopes = NULL;
    uint32_t count = 0;
    int inner = dwarf_getscopes(unit, address, &at);
    int depth = inner > 0 ? dwarf_getscopes_die(&at[0], &scopes) : 0;
    for (int i = 0; i < depth; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        if (count == max) /* what it all is in counts more than the last step */
            count--;
        list[count++].function = name_of(&scopes[i]);
        if (tag == DW_TAG_subprogram)
            break;
        if (count < max) {
            list[count] = (struct smk_line_frame){.function = NULL};
            find_call(unit, &scopes[i], &list[count]);
        }
    }
    free(at);
    free(scopes);
    return count;
}

static uint32_t find_frames(void *arg, const smk_module_info *module, uint64_t pc, struct smk_line_frame *frames,
                            uint32_t max)
{
    struct lines_file *opened = file_of(arg, module);
    Dwarf_Addr address = pc - module->bias;
    Dwarf_Die unit;
    int number = 0;
    if (max == 0 || !opened || !opened->dwarf || !find_unit(opened->dwarf, address, &unit))
        return 0;
    frames[0] = (struct smk_line_frame){.function = NULL};
    Dwarf_Line *found = dwarf_getsrc_die(&unit, address);
    const char *name = found ? dwarf_linesrc(found, NULL, NULL) : NULL;
    if (name && dwarf_lineno(found, &number) == 0 && number > 0) {
        frames[0].file = name;
        frames[0].line = (uint32_t)number;
    }
    uint32_t count = find_functions(&unit, address, frames, max);
    return count ? count : frames[0].file != NULL;
}

struct smk_line_source smk_lines_source(struct smk_lines *lines)
{
    return (struct smk_line_source){lines, find_frames};
}
