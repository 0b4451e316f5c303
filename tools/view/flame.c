#include "flame.h"

#include <string.h>

#include "analysis/json.h"


bool smk_flame_init(struct smk_flame *flame, struct smk_mem *mem)
{
    *flame = (struct smk_flame){.mem = mem};
    if (!smk_mem_grow(mem, &flame->nodes, &flame->capacity, 1u))
        return false;
    flame->nodes[0] = (struct smk_flame_node){.name = "all"};
    flame->count = 1;
    return true;
}

void smk_flame_free(struct smk_flame *flame)
{
    for (uint32_t i = 0; i < flame->stack_count; i++)
        smk_mem_free(flame->mem, flame->stacks[i].leaf, strlen(flame->stacks[i].leaf) + 1);
    smk_mem_free(flame->mem, flame->stacks, flame->stack_capacity * sizeof(*flame->stacks));
    smk_map_free(&flame->by_stack, flame->mem);
    smk_mem_free(flame->mem, flame->nodes, flame->capacity * sizeof(*flame->nodes));
}

/* ---- stacks --------------------------------------------------------------------------------------------- */

static struct smk_flame_stack *stack_of(struct smk_flame *flame, uint32_t stack, const char *leaf, uint8_t kind)
{
    size_t len = strlen(leaf) + 1;
    uint64_t parts[2] = {(uint64_t)stack << 8 | kind, smk_hash_bytes(leaf, len)};
    uint64_t key = smk_hash_bytes(parts, sizeof(parts));
    uint32_t index = smk_map_get(&flame->by_stack, key);
    if (index != SMK_MAP_NONE)
        return &flame->stacks[index];
    if (flame->stack_count >= SMK_FLAME_STACKS ||
        !smk_mem_grow(flame->mem, &flame->stacks, &flame->stack_capacity, flame->stack_count + 1u))
        return NULL;
    char *copy = smk_mem_new(flame->mem, len);
    if (!copy)
        return NULL;
    memcpy(copy, leaf, len);
    flame->stacks[flame->stack_count] = (struct smk_flame_stack){.leaf = copy, .stack = stack, .kind = kind};
    smk_map_put(&flame->by_stack, flame->mem, key, flame->stack_count);
    return &flame->stacks[flame->stack_count++];
}

void smk_flame_add(struct smk_flame *flame, uint32_t stack, const char *leaf, uint8_t kind, uint64_t ns)
{
    struct smk_flame_stack *sum = stack_of(flame, stack, leaf, kind);
    if (!sum) {
        flame->refused++;
        flame->nodes[0].ns += ns;
        flame->nodes[0].count++;
        return;
    }
    sum->ns += ns;
    sum->count++;
}

/* ---- nodes ---------------------------------------------------------------------------------------------- */

/* The child of this name, a new one where there is none; the parent itself where there is no room. */
static uint32_t child_of(struct smk_flame *flame, uint32_t parent, const char *name, uint8_t kind)
{
    uint32_t last = 0;
    for (uint32_t i = flame->nodes[parent].child; i; i = flame->nodes[i].next) {
        if (flame->nodes[i].kind == kind && strcmp(flame->nodes[i].name, name) == 0)
            return i;
        last = i;
    }
    if (flame->count >= SMK_FLAME_NODES ||
        !smk_mem_grow(flame->mem, &flame->nodes, &flame->capacity, flame->count + 1u)) {
        flame->refused++;
        return parent;
    }
    uint32_t made = flame->count++;
    flame->nodes[made] = (struct smk_flame_node){.name = name, .kind = kind};
    if (last)
        flame->nodes[last].next = made;
    else
        flame->nodes[parent].child = made;
    return made;
}

struct frames {
    struct smk_export_frame array[SMK_FLAME_DEPTH]; /* innermost first */
    uint32_t count;
};

static bool take_frame(void *arg, const struct smk_export_frame *frame)
{
    struct frames *frames = arg;
    frames->array[frames->count++] = *frame;
    return frames->count < SMK_FLAME_DEPTH;
}

static void count_in(struct smk_flame *flame, uint32_t node, const struct smk_flame_stack *sum)
{
    flame->nodes[node].ns += sum->ns;
    flame->nodes[node].count += sum->count;
}

static void fold(struct smk_flame *flame, struct smk_exporter *exporter, const struct smk_flame_stack *sum)
{
    struct frames frames = {.count = 0};
    uint32_t at = 0, below;
    smk_export_stack(exporter, sum->stack, take_frame, &frames);
    count_in(flame, 0, sum);
    for (uint32_t i = frames.count; i > 0; i--) {
        const struct smk_export_frame *frame = &frames.array[i - 1];
        below = child_of(flame, at, frame->function, 0);
        if (below == at)
            return;
        at = below;
        count_in(flame, at, sum);
        if (flame->nodes[at].line == 0 && frame->file[0]) {
            flame->nodes[at].file = frame->file;
            flame->nodes[at].line = frame->line;
        }
    }
    if (frames.count == 0 && (below = child_of(flame, at, "[no stack]", 0)) != at)
        count_in(flame, at = below, sum);
    if (sum->leaf[0] && (below = child_of(flame, at, sum->leaf, sum->kind)) != at)
        count_in(flame, below, sum);
}

void smk_flame_fold(struct smk_flame *flame, struct smk_exporter *exporter)
{
    for (uint32_t i = 0; i < flame->stack_count; i++)
        fold(flame, exporter, &flame->stacks[i]);
}

/* ---- out ------------------------------------------------------------------------------------------------ */

/* The largest child that comes behind `last` in the order of ns, then of numbers; 0: none. */
static uint32_t next_child(const struct smk_flame *flame, uint32_t parent, uint32_t last)
{
    const struct smk_flame_node *nodes = flame->nodes;
    uint32_t found = 0;
    for (uint32_t i = nodes[parent].child; i; i = nodes[i].next) {
        bool behind = !last || nodes[i].ns < nodes[last].ns || (nodes[i].ns == nodes[last].ns && i > last);
        if (behind && (!found || nodes[i].ns > nodes[found].ns))
            found = i;
    }
    return found;
}

static void put_node(struct smk_json_text *json, const struct smk_flame_node *node)
{
    smk_put_json_string(json, "name", node->name);
    smk_put_json_string(json, "file", node->file && node->file[0] ? node->file : NULL);
    if (node->line)
        smk_put_json_number(json, "line", node->line);
    else
        smk_put_json_string(json, "line", NULL);
    if (node->kind)
        smk_put_json_string(json, "kind", smk_wait_kind_name(node->kind));
    smk_put_json_number(json, "ns", node->ns);
    smk_put_json_number(json, "count", node->count);
    smk_put_json_array(json, "children");
}

/* Without recursion: a stack is as deep as the trace says. */
void smk_flame_put(struct smk_flame *flame, struct smk_json_text *json, uint64_t *thinned)
{
    uint32_t path[SMK_FLAME_DEPTH + 3], last[SMK_FLAME_DEPTH + 3], depth = 0;
    uint64_t least = flame->nodes[0].ns / 1000;
    path[0] = last[0] = 0;
    *thinned = 0;
    smk_put_json_object(json, "root");
    put_node(json, &flame->nodes[0]);
    for (;;) {
        uint32_t child = next_child(flame, path[depth], last[depth]);
        if (child && flame->nodes[child].ns >= least) {
            last[depth] = child;
            path[++depth] = child;
            last[depth] = 0;
            smk_put_json_object(json, NULL);
            put_node(json, &flame->nodes[child]);
            continue;
        }
        for (; child; child = next_child(flame, path[depth], child))
            *thinned += flame->nodes[child].ns;
        smk_put_json_array_end(json);
        smk_put_json_object_end(json);
        if (depth == 0)
            return;
        depth--;
    }
}
