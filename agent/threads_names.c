/* threads_names.c: addresses of this process to names, out of the files that are mapped. */
#include <string.h>

#include "analysis/symbol_file.h"
#include "base/sys.h"
#include "heap.h"
#include "source/modules.h"
#include "threads_view.h"

#define NAME_MAX_LEN 256
#define TEXTS_BYTES  16384u

struct smk_view_texts {
    struct smk_view_texts *next;
    size_t used;
    char bytes[TEXTS_BYTES];
};

const char *smk_view_text(struct smk_threads_view *view, const char *text)
{
    size_t size = strlen(text) + 1;
    struct smk_view_texts *texts = view->texts;
    if (size > TEXTS_BYTES)
        return "";
    if (!texts || texts->used + size > TEXTS_BYTES) {
        texts = smk_mem_new(&view->mem, sizeof *texts);
        if (!texts)
            return "";
        texts->next = view->texts;
        view->texts = texts;
    }
    char *copy = memcpy(texts->bytes + texts->used, text, size);
    texts->used += size;
    return copy;
}

/* ---- modules --------------------------------------------------------------------------------------------------- */

static void add_module(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias, const char *path,
                       const uint8_t *build_id, uint32_t build_id_len)
{
    struct smk_threads_view *view = arg;
    (void)id;
    if (!smk_mem_grow(&view->mem, &view->modules, &view->module_capacity, (size_t)view->module_count + 1))
        return;
    struct smk_view_module *module = &view->modules[view->module_count++];
    *module = (struct smk_view_module){.start = start, .end = end, .bias = bias, .path = smk_view_text(view, path)};
    module->build_id_len = build_id_len <= sizeof module->build_id ? build_id_len : 0;
    memcpy(module->build_id, build_id, module->build_id_len);
}

int smk_view_list_modules(struct smk_threads_view *view)
{
    smk_modules_each(UINT64_MAX, add_module, view);
    return smk_mem_failed(&view->mem);
}

void smk_view_free_modules(struct smk_threads_view *view)
{
    for (uint32_t i = 0; i < view->module_count; i++)
        if (view->modules[i].symbols) {
            smk_symbol_file_close(view->modules[i].symbols, &view->mem);
            smk_mem_free(&view->mem, view->modules[i].symbols, sizeof *view->modules[i].symbols);
        }
    smk_mem_free(&view->mem, view->modules, view->module_capacity * sizeof *view->modules);
    for (struct smk_view_texts *texts = view->texts, *next; texts; texts = next) {
        next = texts->next;
        smk_mem_free(&view->mem, texts, sizeof *texts);
    }
    smk_map_free(&view->by_pc, &view->mem);
    view->texts = NULL;
    view->modules = NULL;
}

static struct smk_view_module *module_at(struct smk_threads_view *view, uint64_t address)
{
    uint32_t low = 0, high = view->module_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (view->modules[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < view->module_count && view->modules[low].start <= address ? &view->modules[low] : NULL;
}

/* Opened at the first question, while there is time. NULL: there are no names. */
static struct smk_symbol_file *symbols_of(struct smk_threads_view *view, struct smk_view_module *module)
{
    if (!module->tried && view->symbols && smk_sys_clock(CLOCK_MONOTONIC) < view->until_ns) {
        const smk_module_info info = {.start = module->start,
                                      .end = module->end,
                                      .bias = module->bias,
                                      .path = module->path,
                                      .build_id = module->build_id,
                                      .build_id_len = module->build_id_len};
        module->tried = true;
        module->symbols = smk_mem_new(&view->mem, sizeof *module->symbols);
        if (module->symbols)
            smk_symbol_file_open(module->symbols, &view->mem, &info, NULL);
    }
    return module->symbols && module->symbols->opened ? module->symbols : NULL;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static const char *name_in(struct smk_threads_view *view, const struct smk_elf *elf, const struct smk_elf_table *table,
                           uint64_t value)
{
    char name[NAME_MAX_LEN];
    const struct smk_elf_entry *entry = smk_elf_find(table, value);
    return entry && smk_elf_name(elf, entry, name, sizeof name) && name[0] ? smk_view_text(view, name) : NULL;
}

const char *smk_view_object(struct smk_threads_view *view, uint64_t address)
{
    struct smk_view_module *module = module_at(view, address);
    if (module)
        module->used = true;
    struct smk_symbol_file *symbols = module ? symbols_of(view, module) : NULL;
    return symbols ? name_in(view, &symbols->elf, &symbols->elf.objects, address - module->bias) : NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Threads of a server stand in the same few places. */
static void name_frame(struct smk_threads_view *view, struct smk_live_frame *frame, uint64_t pc)
{
    uint32_t known = smk_map_get(&view->by_pc, pc);
    if (known != SMK_MAP_NONE) {
        *frame = view->frames[known];
        return;
    }
    smk_map_put(&view->by_pc, &view->mem, pc, (uint32_t)(frame - view->frames));
    struct smk_view_module *module = module_at(view, pc - 1);
    *frame = (struct smk_live_frame){.pc = pc, .module = ""};
    if (!module)
        return;
    module->used = true;
    frame->module = base_name(module->path);
    frame->offset = pc - module->bias;
    struct smk_symbol_file *symbols = symbols_of(view, module);
    if (symbols)
        frame->function = name_in(view, &symbols->elf, &symbols->elf.functions, pc - 1 - module->bias);
    frame->ours = smk_live_is_library(frame->module, frame->function);
}

void smk_view_name_frames(struct smk_threads_view *view, struct smk_live_frame *frames, const uint64_t *pcs,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        name_frame(view, &frames[i], pcs[i]);
}
