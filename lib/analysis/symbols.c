#include "analysis/symbols.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"

struct smk_symbols_module {
    const smk_module_info *info;
    bool opened, usable, wanted;
    const char *refused; /* static; NULL: it is usable */
    struct smk_elf elf;
};

void smk_symbols_init(struct smk_symbols *symbols, struct smk_mem *mem, smk_trace *trace,
                      const struct smk_line_source *lines, bool no_files)
{
    *symbols = (struct smk_symbols){
        .trace = trace, .mem = mem, .lines = no_files ? NULL : lines, .no_files = no_files};
}

void smk_symbols_free(struct smk_symbols *symbols)
{
    struct smk_mem *mem = symbols->mem;
    for (uint32_t i = 0; i < symbols->module_count; i++)
        if (symbols->modules[i].opened)
            smk_elf_close(&symbols->modules[i].elf, mem);
    for (uint32_t i = 0; i < symbols->name_count; i++)
        smk_mem_free(mem, symbols->names[i], strlen(symbols->names[i]) + 1);
    smk_mem_free(mem, symbols->modules, symbols->module_capacity * sizeof(*symbols->modules));
    smk_mem_free(mem, symbols->places, symbols->place_capacity * sizeof(*symbols->places));
    smk_mem_free(mem, symbols->names, symbols->name_capacity * sizeof(*symbols->names));
    smk_map_free(&symbols->by_module, mem);
    smk_map_free(&symbols->by_pc, mem);
    smk_map_free(&symbols->by_name, mem);
    *symbols = (struct smk_symbols){0};
}

/* ---- names, each kept once ------------------------------------------------------------------------------ */

/* The number of a name; SMK_MAP_NONE when there is no memory. */
static uint32_t intern(struct smk_symbols *symbols, const char *name)
{
    size_t size = strlen(name) + 1;
    uint64_t hash = smk_hash_bytes(name, size);
    uint32_t index;
    for (;; hash++) { /* equal hashes of different names take the next key */
        index = smk_map_get(&symbols->by_name, hash);
        if (index == SMK_MAP_NONE)
            break;
        if (strcmp(symbols->names[index], name) == 0)
            return index;
    }
    index = symbols->name_count;
    if (!smk_mem_grow(symbols->mem, &symbols->names, &symbols->name_capacity, index + 1u))
        return SMK_MAP_NONE;
    char *copy = smk_mem_new(symbols->mem, size);
    if (!copy || !smk_map_put(&symbols->by_name, symbols->mem, hash, index)) {
        smk_mem_free(symbols->mem, copy, size);
        return SMK_MAP_NONE;
    }
    memcpy(copy, name, size);
    symbols->names[symbols->name_count++] = copy;
    return index;
}

/* ---- modules -------------------------------------------------------------------------------------------- */

static const char *refusal(struct smk_symbols *symbols, struct smk_symbols_module *module)
{
    const smk_module_info *info = module->info;
    if (symbols->no_files)
        return "names were not asked for";
    if (!info->path || info->path[0] != '/')
        return "it is no file";
    if (info->build_id_len == 0)
        return "the trace has no build-id of it";
    int result = smk_elf_open(&module->elf, info->path);
    if (result != 0)
        return result == SMK_E_NOTFOUND     ? "the file is gone"
               : result == SMK_E_PERMISSION ? "the file may not be read"
                                            : "it cannot be read as an ELF file";
    module->opened = true;
    if (module->elf.build_id_len != info->build_id_len ||
        memcmp(module->elf.build_id, info->build_id, info->build_id_len) != 0)
        return "the file is another one now: its build-id differs";
    if (smk_elf_load_symbols(&module->elf, symbols->mem) != 0)
        return "its symbol table cannot be read";
    return NULL;
}

static struct smk_symbols_module *module_of(struct smk_symbols *symbols, const smk_module_info *info)
{
    uint32_t index = smk_map_get(&symbols->by_module, info->id);
    if (index != SMK_MAP_NONE)
        return &symbols->modules[index];
    if (!smk_mem_grow(symbols->mem, &symbols->modules, &symbols->module_capacity,
                      symbols->module_count + 1u) ||
        !smk_map_put(&symbols->by_module, symbols->mem, info->id, symbols->module_count))
        return NULL;
    struct smk_symbols_module *module = &symbols->modules[symbols->module_count++];
    *module = (struct smk_symbols_module){.info = info, .elf = {.fd = -1}};
    module->refused = refusal(symbols, module);
    module->usable = !module->refused;
    return module;
}

bool smk_symbols_refused(const struct smk_symbols *symbols, uint32_t number, const char **path,
                         const char **reason)
{
    for (uint32_t i = 0; i < symbols->module_count; i++) {
        const struct smk_symbols_module *module = &symbols->modules[i];
        if (module->usable || !module->wanted || number-- > 0)
            continue;
        *path = module->info->path ? module->info->path : "";
        *reason = module->refused;
        return true;
    }
    return false;
}

/* ---- places --------------------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* Wrappers of locks between a program and the lock, ours and the thread library's. */
static bool is_ours(const char *module, const char *function)
{
    static const char *const names[] = {"pthread_", "__pthread_", "___pthread_", "__gthread", "mtx_",
                                        "smk_", "__lll_", "_ZNSt5mutex", "_ZNSt15recursive_mutex",
                                        "_ZNSt10lock_guard", "_ZNSt11unique_lock", "_L_lock", "_L_unlock"};
    if (begins(base_name(module), "libstallmark"))
        return true;
    for (size_t i = 0; i < SMK_ARRAY_LEN(names); i++)
        if (begins(function, names[i]))
            return true;
    return false;
}

static void name_by_address(char *name, size_t size, const smk_module_info *module, uint64_t pc)
{
    if (module && module->path && module->path[0])
        snprintf(name, size, "%s+0x%llx", base_name(module->path),
                 (unsigned long long)(pc - module->bias));
    else
        snprintf(name, size, "0x%llx", (unsigned long long)pc);
}

static bool name_by_symbol(struct smk_symbols *symbols, const smk_module_info *info, uint64_t pc,
                           char *name, size_t size)
{
    struct smk_symbols_module *module = module_of(symbols, info);
    if (!module)
        return false;
    module->wanted = true;
    if (!module->usable)
        return false;
    const struct smk_elf_entry *entry = smk_elf_find(&module->elf.functions, pc - info->bias);
    return entry && smk_elf_name(&module->elf, entry, name, size);
}

static bool module_is_usable(const struct smk_symbols *symbols, const smk_module_info *info)
{
    uint32_t index = smk_map_get(&symbols->by_module, info->id);
    return index != SMK_MAP_NONE && symbols->modules[index].usable;
}

static void find_line(struct smk_symbols *symbols, struct smk_place *place, const smk_module_info *info,
                      uint64_t pc)
{
    const char *file;
    uint32_t line;
    if (!symbols->lines || !module_is_usable(symbols, info) ||
        !symbols->lines->find(symbols->lines->arg, info, pc, &file, &line))
        return;
    place->file = base_name(file);
    place->line = line;
}

static const struct smk_place *place_of(struct smk_symbols *symbols, uint64_t pc)
{
    uint32_t index = smk_map_get(&symbols->by_pc, pc);
    if (index != SMK_MAP_NONE)
        return &symbols->places[index];
    char name[SMK_SYMBOL_NAME_MAX];
    const smk_module_info *info = smk_trace_module(symbols->trace, pc);
    struct smk_place place = {.module = info && info->path ? info->path : ""};
    place.named = info && name_by_symbol(symbols, info, pc, name, sizeof(name));
    if (!place.named)
        name_by_address(name, sizeof(name), info, pc);
    place.function_id = intern(symbols, name);
    if (place.function_id == SMK_MAP_NONE)
        return NULL;
    place.function = symbols->names[place.function_id];
    place.ours = is_ours(place.module, place.function);
    if (info)
        find_line(symbols, &place, info, pc);
    index = symbols->place_count;
    if (!smk_mem_grow(symbols->mem, &symbols->places, &symbols->place_capacity, index + 1u) ||
        !smk_map_put(&symbols->by_pc, symbols->mem, pc, index))
        return NULL;
    symbols->places[symbols->place_count++] = place;
    return &symbols->places[index];
}

const struct smk_place *smk_symbols_frame(struct smk_symbols *symbols, const smk_stack_info *stack,
                                          uint32_t frame)
{
    if (frame >= stack->depth)
        return NULL;
    uint64_t pc = stack->pcs[frame];
    return place_of(symbols, pc ? pc - 1 : 0);
}

uint32_t smk_symbols_own_frame(struct smk_symbols *symbols, const smk_stack_info *stack)
{
    for (uint32_t i = 0; i < stack->depth; i++) {
        const struct smk_place *place = smk_symbols_frame(symbols, stack, i);
        if (place && !place->ours)
            return i;
    }
    return stack->depth;
}

/* ---- objects -------------------------------------------------------------------------------------------- */

static const char *object_in(struct smk_symbols *symbols, const smk_module_info *info, uint64_t address,
                             uint64_t *offset)
{
    char name[SMK_SYMBOL_NAME_MAX];
    struct smk_symbols_module *module = module_of(symbols, info);
    if (!module || !module->usable)
        return NULL;
    const struct smk_elf_entry *entry = smk_elf_find(&module->elf.objects, address - info->bias);
    if (!entry || !smk_elf_name(&module->elf, entry, name, sizeof(name)))
        return NULL;
    *offset = address - info->bias - entry->value;
    uint32_t index = intern(symbols, name);
    return index == SMK_MAP_NONE ? NULL : symbols->names[index];
}

const char *smk_symbols_object(struct smk_symbols *symbols, uint64_t address, uint64_t *offset)
{
    const smk_module_info *info = smk_trace_module(symbols->trace, address);
    if (info)
        return object_in(symbols, info, address, offset);
    /* What is zero at start lies behind what the file holds, and so behind its module's end: the module
     * that ends last before the address; its symbol's size says whether it reaches there. */
    const smk_module_info *before = NULL;
    for (size_t i = 0; (info = smk_trace_module_at(symbols->trace, i)) != NULL; i++)
        if (info->end <= address && (!before || info->end > before->end))
            before = info;
    return before ? object_in(symbols, before, address, offset) : NULL;
}
