#include "analysis/symbols.h"

#include <stdio.h>
#include <string.h>

#include "analysis/symbol_file.h"
#include "base/errors.h"

#define FRAMES_MAX 16u /* of one address; of more the outermost are left out, but for the last */

struct smk_symbols_module {
    const smk_module_info *info;
    uint32_t nameless; /* addresses without a name */
    struct smk_symbol_file file;
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
        smk_symbol_file_close(&symbols->modules[i].file, mem);
    for (uint32_t i = 0; i < symbols->name_count; i++)
        smk_mem_free(mem, symbols->names[i], strlen(symbols->names[i]) + 1);
    smk_mem_free(mem, symbols->modules, symbols->module_capacity * sizeof(*symbols->modules));
    smk_mem_free(mem, symbols->places, symbols->place_capacity * sizeof(*symbols->places));
    smk_mem_free(mem, symbols->frames, symbols->frame_capacity * sizeof(*symbols->frames));
    smk_mem_free(mem, symbols->names, symbols->name_capacity * sizeof(*symbols->names));
    smk_map_free(&symbols->by_module, mem);
    smk_map_free(&symbols->by_file, mem);
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

static uint64_t hash_of_file(const smk_module_info *info)
{
    return smk_hash_bytes(info->path, strlen(info->path)) ^ smk_hash_bytes(info->build_id, info->build_id_len);
}

/* What another process has open already; SMK_MAP_NONE: none has this file. */
static uint32_t open_by_another(const struct smk_symbols *symbols, const smk_module_info *info, uint64_t hash)
{
    uint32_t index = smk_map_get(&symbols->by_file, hash);
    const smk_module_info *other = index == SMK_MAP_NONE ? NULL : symbols->modules[index].info;
    bool same = other && other->process != info->process && other->build_id_len == info->build_id_len &&
                memcmp(other->build_id, info->build_id, info->build_id_len) == 0 &&
                strcmp(other->path, info->path) == 0;
    return same ? index : SMK_MAP_NONE;
}

static struct smk_symbols_module *module_of(struct smk_symbols *symbols, const smk_module_info *info)
{
    uint64_t key = smk_map_pair(info->process, info->id), hash;
    uint32_t index = smk_map_get(&symbols->by_module, key);
    if (index != SMK_MAP_NONE)
        return &symbols->modules[index];
    hash = hash_of_file(info);
    index = open_by_another(symbols, info, hash);
    if (index != SMK_MAP_NONE)
        return smk_map_put(&symbols->by_module, symbols->mem, key, index) ? &symbols->modules[index] : NULL;
    if (!smk_mem_grow(symbols->mem, &symbols->modules, &symbols->module_capacity,
                      symbols->module_count + 1u) ||
        !smk_map_put(&symbols->by_file, symbols->mem, hash, symbols->module_count) ||
        !smk_map_put(&symbols->by_module, symbols->mem, key, symbols->module_count))
        return NULL;
    struct smk_symbols_module *module = &symbols->modules[symbols->module_count++];
    *module = (struct smk_symbols_module){.info = info, .file = {.elf = {.fd = -1}}};
    if (symbols->no_files)
        module->file.refused = "names were not asked for";
    else
        smk_symbol_file_open(&module->file, symbols->mem, info, symbols->debug_dir);
    return module;
}

bool smk_symbols_nameless(const struct smk_symbols *symbols, uint32_t number, struct smk_nameless *nameless)
{
    for (uint32_t i = 0; i < symbols->module_count; i++) {
        const struct smk_symbols_module *module = &symbols->modules[i];
        if (module->nameless == 0 || number-- > 0)
            continue;
        const char *reason = module->file.refused;
        if (!reason)
            reason = module->file.elf.has_symtab ? "no symbol of it reaches there"
                                                 : "it is stripped: it has the names that it exports and no more";
        *nameless = (struct smk_nameless){module->info, reason, module->nameless};
        return true;
    }
    return false;
}

static bool is_same_module(const smk_module_info *a, const smk_module_info *b)
{
    return a->bias == b->bias && a->build_id_len == b->build_id_len &&
           (a->build_id_len ? memcmp(a->build_id, b->build_id, a->build_id_len) == 0
                            : strcmp(a->path, b->path) == 0);
}

/* Modules are in order of their starts. One that was unloaded and loaded again in its place is one. */
const smk_module_info *smk_symbols_module_at(const struct smk_symbols *symbols, uint32_t process,
                                             uint64_t address, bool *ambiguous)
{
    const smk_module_info *info, *found = NULL;
    *ambiguous = false;
    for (size_t i = 0; (info = smk_trace_process_module_at(symbols->trace, process, i)) != NULL &&
                       info->start <= address; i++) {
        if (address >= info->end)
            continue;
        if (found && !is_same_module(found, info)) {
            *ambiguous = true;
            return NULL;
        }
        found = found ? found : info;
    }
    return found;
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

/* ---- what is known of one address: frames, innermost first ---- */

struct frames {
    struct smk_line_frame list[FRAMES_MAX];
    uint32_t count;
    bool baked;
    uint64_t start, size; /* of the last one; size 0: not known */
    char symbol[SMK_SYMBOL_NAME_MAX]; /* what the symbol table says */
};

static bool is_placed(const struct frames *frames) { return frames->count && frames->list[0].file; }

static void take_baked(const struct smk_symbols *symbols, const smk_module_info *info, uint64_t pc,
                       struct frames *frames)
{
    const smk_symbol_info *baked = smk_trace_code_symbol(symbols->trace, info, pc);
    if (!baked)
        return;
    for (uint32_t i = 0; i < baked->frame_count && frames->count < FRAMES_MAX; i++) {
        const smk_symbol_frame *frame = &baked->frames[frames->count == FRAMES_MAX - 1 ? baked->frame_count - 1 : i];
        frames->list[frames->count++] = (struct smk_line_frame){
            frame->function, frame->file[0] ? frame->file : NULL, frame->line};
    }
    frames->baked = true;
    frames->start = baked->start;
    frames->size = baked->size;
}

/* The function that the code is in has the symbol table's name, which tells a clone (render.part.0) from
 * the whole. */
static void take_files(struct smk_symbols *symbols, const smk_module_info *info, uint64_t pc,
                       struct frames *frames)
{
    struct smk_symbols_module *module = module_of(symbols, info);
    const struct smk_elf_entry *entry =
        module && !module->file.refused ? smk_elf_find(&module->file.elf.functions, pc - info->bias) : NULL;
    bool named = entry && smk_elf_name(&module->file.elf, entry, frames->symbol, sizeof(frames->symbol));
    struct smk_line_frame found[FRAMES_MAX];
    uint32_t count = symbols->lines ? symbols->lines->find(symbols->lines->arg, info, pc, found, FRAMES_MAX) : 0;
    const char *before = frames->count ? frames->list[frames->count - 1].function : NULL;
    const char *name = named ? frames->symbol : before;
    if (count == 0 && (!name || frames->count))
        return;
    if (count == 0)
        found[count++] = (struct smk_line_frame){.function = name};
    if (name)
        found[count - 1].function = name;
    if (!found[0].function)
        return;
    memcpy(frames->list, found, count * sizeof(*found));
    frames->count = count;
    frames->baked = false;
    if (named) {
        frames->start = entry->value;
        frames->size = entry->size;
    } else if (!before) {
        frames->start = pc - info->bias;
    }
}

static const char *keep(struct smk_symbols *symbols, const char *name)
{
    uint32_t index = name ? intern(symbols, name) : SMK_MAP_NONE;
    return index == SMK_MAP_NONE ? NULL : symbols->names[index];
}

/* A wrapper of locks that was inlined into what calls it is passed over, as one that was not is. */
static uint32_t innermost_of_its_own(const struct frames *frames, const char *module)
{
    for (uint32_t i = 0; i < frames->count; i++)
        if (!is_ours(module, frames->list[i].function))
            return i;
    return 0;
}

static bool put_frames(struct smk_symbols *symbols, const struct frames *frames, struct smk_place *place)
{
    uint32_t inner = innermost_of_its_own(frames, place->module);
    place->frame_first = symbols->frame_count;
    for (uint32_t i = 0; i < frames->count; i++) {
        const struct smk_line_frame *frame = &frames->list[i];
        const char *function = keep(symbols, frame->function ? frame->function : "?");
        const char *path = keep(symbols, frame->file);
        if (!function ||
            !smk_mem_grow(symbols->mem, &symbols->frames, &symbols->frame_capacity, symbols->frame_count + 1u))
            return false;
        symbols->frames[symbols->frame_count++] =
            (struct smk_place_frame){function, path ? base_name(path) : NULL, path, frame->line};
        place->frame_count++;
    }
    const struct smk_place_frame *own = &symbols->frames[place->frame_first + inner];
    place->outer_count = frames->count - inner - 1;
    place->function = own->function;
    place->file = own->file;
    place->file_path = own->file_path;
    place->line = own->line;
    place->start = frames->start;
    place->size = frames->size;
    place->named = true;
    place->baked = frames->baked;
    return true;
}

const struct smk_place_frame *smk_symbols_inlined(const struct smk_symbols *symbols, const struct smk_place *place,
                                                  uint32_t number)
{
    return number < place->frame_count ? &symbols->frames[place->frame_first + number] : NULL;
}

const struct smk_place_frame *smk_symbols_outer(const struct smk_symbols *symbols, const struct smk_place *place,
                                                uint32_t number)
{
    return smk_symbols_inlined(symbols, place, place->frame_count - place->outer_count + number);
}

static bool put_nameless(struct smk_symbols *symbols, const smk_module_info *info, uint64_t pc,
                         struct smk_place *place)
{
    char name[SMK_SYMBOL_NAME_MAX];
    name_by_address(name, sizeof(name), info, pc);
    place->function = keep(symbols, name);
    struct smk_symbols_module *module = info ? module_of(symbols, info) : NULL;
    if (module) {
        module->nameless++;
        place->no_table = module->file.refused != NULL;
    }
    return place->function != NULL;
}

static const struct smk_place *place_of(struct smk_symbols *symbols, uint32_t process, uint64_t pc)
{
    uint64_t key = smk_map_own(process, pc);
    uint32_t index = smk_map_get(&symbols->by_pc, key);
    if (index != SMK_MAP_NONE)
        return &symbols->places[index];
    struct frames frames = {.count = 0};
    bool ambiguous;
    const smk_module_info *info = smk_symbols_module_at(symbols, process, pc, &ambiguous);
    struct smk_place place = {.module = info && info->path ? info->path : ""};
    symbols->ambiguous += ambiguous;
    if (info)
        take_baked(symbols, info, pc, &frames);
    if (info && !is_placed(&frames) && !symbols->no_files)
        take_files(symbols, info, pc, &frames);
    if (!(frames.count ? put_frames(symbols, &frames, &place) : put_nameless(symbols, info, pc, &place)))
        return NULL;
    place.function_id = intern(symbols, place.function);
    place.ours = is_ours(place.module, place.function);
    index = symbols->place_count;
    if (!smk_mem_grow(symbols->mem, &symbols->places, &symbols->place_capacity, index + 1u) ||
        !smk_map_put(&symbols->by_pc, symbols->mem, key, index))
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
    return place_of(symbols, stack->process, pc ? pc - 1 : 0);
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

uint32_t smk_symbols_stack_frame(struct smk_symbols *symbols, const smk_stack_info *stack)
{
    uint32_t frame = smk_symbols_own_frame(symbols, stack);
    return frame < stack->depth ? frame : 0;
}

const struct smk_place *smk_symbols_own_place(struct smk_symbols *symbols, uint32_t id)
{
    const smk_stack_info *stack = id ? smk_trace_stack(symbols->trace, id) : NULL;
    return stack ? smk_symbols_frame(symbols, stack, smk_symbols_own_frame(symbols, stack)) : NULL;
}

const struct smk_place *smk_symbols_stack_place(struct smk_symbols *symbols, uint32_t id)
{
    const smk_stack_info *stack = id ? smk_trace_stack(symbols->trace, id) : NULL;
    return stack ? smk_symbols_frame(symbols, stack, smk_symbols_stack_frame(symbols, stack)) : NULL;
}

/* ---- objects -------------------------------------------------------------------------------------------- */

static bool object_in(struct smk_symbols *symbols, const smk_module_info *info, uint64_t address,
                      struct smk_object *object)
{
    char name[SMK_SYMBOL_NAME_MAX];
    uint64_t in_file = address - info->bias;
    const smk_symbol_info *baked = smk_trace_data_symbol(symbols->trace, info, address);
    if (baked) {
        *object = (struct smk_object){baked->frames[0].function, info, in_file - baked->start, baked->size, true};
        return true;
    }
    struct smk_symbols_module *module = symbols->no_files ? NULL : module_of(symbols, info);
    if (!module || module->file.refused)
        return false;
    const struct smk_elf_entry *entry = smk_elf_find(&module->file.elf.objects, in_file);
    if (!entry || !smk_elf_name(&module->file.elf, entry, name, sizeof(name)))
        return false;
    *object = (struct smk_object){keep(symbols, name), info, in_file - entry->value, entry->size, false};
    return object->name != NULL;
}

bool smk_symbols_object(struct smk_symbols *symbols, uint32_t process, uint64_t address,
                        struct smk_object *object)
{
    bool ambiguous;
    const smk_module_info *info = smk_symbols_module_at(symbols, process, address, &ambiguous);
    if (info || ambiguous)
        return info && object_in(symbols, info, address, object);
    /* What is zero at start lies behind what the file holds, and so behind its module's end: the module
     * that ends last before the address; its symbol's size says whether it reaches there. */
    const smk_module_info *before = NULL;
    for (size_t i = 0; (info = smk_trace_process_module_at(symbols->trace, process, i)) != NULL; i++)
        if (info->end <= address && (!before || info->end > before->end))
            before = info;
    return before && object_in(symbols, before, address, object);
}
