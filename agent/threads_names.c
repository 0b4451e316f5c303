/* threads_names.c: addresses of this process to names, out of the files that are mapped. */
#include <string.h>

#include "agent_state.h"
#include "aside.h"
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

/* ---- the files, aside ------------------------------------------------------------------------------------------ */

/* A question at a time and its answer; all of it is the thread's while it is asked, and its own for good when the loop
 * has not waited for it. */
struct smk_view_names {
    struct smk_aside_job job; /* first: what aside.h has of it */
    struct smk_mem mem;
    struct smk_symbol_file **files; /* by module; NULL: not looked for */
    uint32_t count, number;         /* of modules; which */
    smk_module_info module;
    char path[SMK_MODULE_PATH_MAX];
    uint8_t build_id[64];
    uint64_t value;
    bool object;
    char name[NAME_MAX_LEN]; /* "": none */
};

void (*smk_view_open_symbols)(struct smk_symbol_file *file, struct smk_mem *mem, const smk_module_info *module,
                              const char *debug_dir) = smk_symbol_file_open;

static void drop_names(struct smk_aside_job *job)
{
    struct smk_view_names *names = (struct smk_view_names *)job;
    for (uint32_t i = 0; i < names->count; i++)
        if (names->files[i]) {
            smk_symbol_file_close(names->files[i], &names->mem);
            smk_mem_free(&names->mem, names->files[i], sizeof *names->files[i]);
        }
    smk_mem_free(&names->mem, names->files, (names->count + 1) * sizeof *names->files);
    smk_heap_free(names);
}

/* Opened at the first question. NULL: there is no memory. */
static struct smk_symbol_file *file_of(struct smk_view_names *names)
{
    struct smk_symbol_file **file = &names->files[names->number];
    if (*file)
        return *file;
    *file = smk_mem_new(&names->mem, sizeof **file);
    if (*file)
        smk_view_open_symbols(*file, &names->mem, &names->module, NULL);
    return *file;
}

static void find_name(struct smk_aside_job *job)
{
    struct smk_view_names *names = (struct smk_view_names *)job;
    const struct smk_symbol_file *file = file_of(names);
    names->name[0] = '\0';
    if (!file || !file->opened)
        return;
    const struct smk_elf_table *table = names->object ? &file->elf.objects : &file->elf.functions;
    const struct smk_elf_entry *entry = smk_elf_find(table, names->value);
    if (entry && !smk_elf_name(&file->elf, entry, names->name, sizeof names->name))
        names->name[0] = '\0';
}

static struct smk_view_names *names_of(struct smk_threads_view *view)
{
    if (view->names)
        return view->names;
    struct smk_view_names *names = smk_heap_zalloc(sizeof *names);
    if (!names)
        return NULL;
    smk_mem_init(&names->mem, smk_heap_resize, NULL, smk_agent.settings.report_memory);
    names->job = (struct smk_aside_job){.run = find_name, .drop = drop_names};
    names->files = smk_mem_new(&names->mem, (view->module_count + 1) * sizeof *names->files);
    names->count = names->files ? view->module_count : 0;
    if (!names->files)
        drop_names(&names->job);
    else
        view->names = names;
    return view->names;
}

static bool put_question(struct smk_view_names *names, const struct smk_view_module *module, uint32_t number)
{
    size_t size = strlen(module->path) + 1;
    if (size > sizeof names->path)
        return false;
    memcpy(names->path, module->path, size);
    memcpy(names->build_id, module->build_id, sizeof names->build_id);
    names->number = number;
    names->module = (smk_module_info){.start = module->start,
                                      .end = module->end,
                                      .bias = module->bias,
                                      .path = names->path,
                                      .build_id = names->build_id,
                                      .build_id_len = module->build_id_len};
    return true;
}

/* NULL: none, or none in time. */
static const char *name_in(struct smk_threads_view *view, const struct smk_view_module *module, uint64_t value,
                           bool object)
{
    struct smk_view_names *names = view->symbols && !view->names_late ? names_of(view) : NULL;
    if (!names || !put_question(names, module, (uint32_t)(module - view->modules)))
        return NULL;
    names->value = value;
    names->object = object;
    enum smk_aside how = smk_aside_do(&names->job, view->until_ns);
    view->names_late = how != SMK_ASIDE_DONE;
    if (how == SMK_ASIDE_LATE)
        view->names = NULL;
    return how == SMK_ASIDE_DONE && names->name[0] ? smk_view_text(view, names->name) : NULL;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

const char *smk_view_object(struct smk_threads_view *view, uint64_t address)
{
    struct smk_view_module *module = module_at(view, address);
    if (module)
        module->used = true;
    return module ? name_in(view, module, address - module->bias, true) : NULL;
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
    frame->function = name_in(view, module, pc - 1 - module->bias, false);
    frame->ours = smk_live_is_library(frame->module, frame->function);
}

void smk_view_name_frames(struct smk_threads_view *view, struct smk_live_frame *frames, const uint64_t *pcs,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        name_frame(view, &frames[i], pcs[i]);
}

void smk_view_free_modules(struct smk_threads_view *view)
{
    if (view->names)
        drop_names(&view->names->job);
    view->names = NULL;
    smk_mem_free(&view->mem, view->modules, view->module_capacity * sizeof *view->modules);
    for (struct smk_view_texts *texts = view->texts, *next; texts; texts = next) {
        next = texts->next;
        smk_mem_free(&view->mem, texts, sizeof *texts);
    }
    smk_map_free(&view->by_pc, &view->mem);
    view->texts = NULL;
    view->modules = NULL;
}
