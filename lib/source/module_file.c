#include "source/module_file.h"

#include <elf.h>

#include "base/atomic.h"
#include "base/hash.h"
#include "base/sys.h"
#include "source/peek.h"

#define PHDRS_MAX     64
#define PAGE_MAX      65536u /* a mapping begins at most so much below its segment */
#define NOTES_MAX     2048u
#define TABLES_MAX    4096u
#define HEADER_MAX    (UINT64_C(64) << 20)  /* 8 million functions */
#define FRAMES_MAX    (UINT64_C(512) << 20)
#define IDENTITY      1024u /* bytes of .eh_frame_hdr that tell one module from another */
#define HEADER_PREFIX 20u

/* Tables by what they were made from. Slots are filled once; the writer is one thread at a time. */
static struct {
    uint64_t key; /* 0: empty */
    struct smk_cfi_table table;
} known[TABLES_MAX];
static uint32_t known_count;
static struct smk_module_tables_stats stats = {.bytes_max = SMK_TABLE_BYTES_DEFAULT}; /* words atomic */

void smk_module_tables_set_max(uint64_t bytes) { smk_store_relaxed(&stats.bytes_max, bytes); }

void smk_module_tables_stats(struct smk_module_tables_stats *copy)
{
    copy->tables = smk_load_relaxed(&stats.tables);
    copy->rows = smk_load_relaxed(&stats.rows);
    copy->bytes = smk_load_relaxed(&stats.bytes);
    copy->bytes_max = smk_load_relaxed(&stats.bytes_max);
    copy->refused = smk_load_relaxed(&stats.refused);
}

/* ---- ELF ------------------------------------------------------------------------------------------------------- */

struct elf {
    Elf64_Phdr phdrs[PHDRS_MAX];
    unsigned count;
};

static bool read_phdrs(uint64_t at, struct elf *elf)
{
    Elf64_Ehdr ehdr;
    if (!smk_peek_all(at, &ehdr, sizeof ehdr) || memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 ||
        ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_phentsize != sizeof(Elf64_Phdr))
        return false;
    elf->count = ehdr.e_phnum < PHDRS_MAX ? ehdr.e_phnum : PHDRS_MAX;
    return smk_peek_all(at + ehdr.e_phoff, elf->phdrs, elf->count * sizeof *elf->phdrs);
}

static bool find_bias(const struct elf *elf, uint64_t code, uint64_t code_offset, uint64_t *bias)
{
    for (unsigned i = 0; i < elf->count; i++) {
        const Elf64_Phdr *p = &elf->phdrs[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        if (code_offset < p->p_offset + p->p_filesz && code_offset + PAGE_MAX > p->p_offset) {
            *bias = code - (p->p_vaddr + code_offset - p->p_offset);
            return true;
        }
    }
    return false;
}

/* Notes: lengths of name and text, type, name, text, each padded to 4. */
static void find_build_id(const uint8_t *notes, size_t len, struct smk_module_facts *facts)
{
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= len;) {
        Elf64_Nhdr note;
        memcpy(&note, notes + at, sizeof note);
        size_t name = at + sizeof note;
        size_t text = name + smk_align_up(note.n_namesz, 4);
        if (text > len || text + note.n_descsz > len)
            return;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(notes + name, "GNU", 4) == 0 &&
            note.n_descsz <= SMK_BUILD_ID_MAX) {
            memcpy(facts->build_id, notes + text, note.n_descsz);
            facts->build_id_len = note.n_descsz;
            return;
        }
        at = text + smk_align_up(note.n_descsz, 4);
    }
}

static void read_notes(const struct elf *elf, struct smk_module_facts *facts)
{
    uint8_t notes[NOTES_MAX];
    for (unsigned i = 0; i < elf->count && facts->build_id_len == 0; i++) {
        const Elf64_Phdr *p = &elf->phdrs[i];
        size_t len = (size_t)smk_min_u64(p->p_memsz, sizeof notes);
        if (p->p_type == PT_NOTE && smk_peek_all(facts->bias + p->p_vaddr, notes, len))
            find_build_id(notes, len, facts);
    }
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static size_t table_bytes(uint64_t rows) { return (size_t)rows * (sizeof(uint32_t) + sizeof(uint16_t)); }

/* Keeps rows in memory of their own size. */
static bool keep_rows(const struct smk_cfi_rows *rows, struct smk_cfi_table *table)
{
    size_t bytes = table_bytes(rows->count);
    if (bytes == 0 || stats.bytes + bytes > smk_load_relaxed(&stats.bytes_max))
        return false;
    uint32_t *offsets = smk_sys_map(bytes);
    if (!offsets)
        return false;
    uint16_t *rules = (uint16_t *)(offsets + rows->count);
    memcpy(offsets, rows->offsets, rows->count * sizeof *offsets);
    memcpy(rules, rows->rules, rows->count * sizeof *rules);
    *table = (struct smk_cfi_table){offsets, rules, rows->count};
    smk_add_relaxed(&stats.tables, 1);
    smk_add_relaxed(&stats.rows, rows->count);
    smk_add_relaxed(&stats.bytes, smk_align_up(bytes, 4096));
    return true;
}

/* .eh_frame has no length in memory: it ends with the entry that lies highest. */
static uint64_t frames_length(const struct smk_cfi_image *image, const struct smk_cfi_header *header)
{
    uint64_t last = 0;
    uint32_t len;
    for (uint32_t i = 0; i < header->count; i++)
        last = smk_max_u64(last, smk_cfi_entry(image, header, i));
    if (last < header->frames_address || !smk_peek_all(last, &len, sizeof len))
        return 0;
    return last + sizeof len + len - header->frames_address;
}

static bool compile(const struct smk_cfi_image *image, const struct smk_cfi_header *header, uint64_t base,
                    struct smk_cfi_table *table)
{
    uint64_t capacity = smk_min_u64(smk_cfi_rows_max(image, header), UINT32_MAX);
    void *scratch = smk_sys_map(table_bytes(capacity)); /* only what is written takes memory */
    if (!scratch)
        return false;
    struct smk_cfi_rows rows = {.offsets = scratch, .capacity = (uint32_t)capacity};
    rows.rules = (uint16_t *)(rows.offsets + capacity);
    smk_cfi_compile(image, header, base, &rows);
    bool kept = keep_rows(&rows, table);
    smk_sys_unmap(scratch, table_bytes(capacity));
    return kept;
}

static bool copy_and_compile(uint64_t address, const struct smk_cfi_header *header, uint64_t base,
                             struct smk_cfi_table *table)
{
    struct smk_cfi_image image = {.header_len = header->table + (size_t)header->count * 8,
                                  .header_address = address,
                                  .frames_address = header->frames_address};
    uint8_t *header_copy = NULL;
    uint8_t *frames = NULL;
    bool made = false;
    if (image.header_len > HEADER_MAX || !(header_copy = smk_sys_map(image.header_len)) ||
        !smk_peek_all(address, header_copy, image.header_len))
        goto out;
    image.header = header_copy;
    image.frames_len = frames_length(&image, header);
    if (image.frames_len == 0 || image.frames_len > FRAMES_MAX || !(frames = smk_sys_map(image.frames_len)) ||
        !smk_peek_all(image.frames_address, frames, image.frames_len))
        goto out;
    image.frames = frames;
    made = compile(&image, header, base, table);
out:
    if (frames)
        smk_sys_unmap(frames, image.frames_len);
    if (header_copy)
        smk_sys_unmap(header_copy, image.header_len);
    return made;
}

/* What a table is made from: a file of the same build-id, or without one, of the same functions. */
static uint64_t identity(const struct smk_module_facts *facts, uint64_t where, const uint8_t *header, size_t len)
{
    uint64_t hash = smk_hash_bytes(facts->build_id, facts->build_id_len);
    hash = smk_hash_fold(hash ^ where, 0x9e3779b97f4a7c15u) ^ smk_hash_bytes(header, len);
    return hash ? hash : 1;
}

static void find_table(const struct elf *elf, uint64_t base, struct smk_module_facts *facts)
{
    uint8_t bytes[IDENTITY];
    struct smk_cfi_header header;
    const Elf64_Phdr *p = elf->phdrs;
    unsigned i = 0;
    while (i < elf->count && p[i].p_type != PT_GNU_EH_FRAME)
        i++;
    uint64_t address = i < elf->count ? facts->bias + p[i].p_vaddr : 0;
    size_t len = i < elf->count ? (size_t)smk_min_u64(p[i].p_memsz, sizeof bytes) : 0;
    if (len < HEADER_PREFIX || !smk_peek_all(address, bytes, len) ||
        !smk_cfi_read_header(bytes, len, address, &header) || header.count == 0)
        return;
    uint64_t key = identity(facts, address - base, bytes, len);
    for (uint32_t k = 0; k < known_count; k++) {
        if (known[k].key == key) {
            facts->table = known[k].table;
            return;
        }
    }
    if (known_count == TABLES_MAX || !copy_and_compile(address, &header, base, &facts->table))
        smk_add_relaxed(&stats.refused, 1);
    if (known_count == TABLES_MAX)
        return;
    /* One that was refused is known as well: it is not tried again each time. */
    known[known_count].key = key;
    known[known_count++].table = facts->table;
}

bool smk_module_read(uint64_t elf_address, uint64_t code, uint64_t code_offset, struct smk_module_facts *facts)
{
    struct elf elf;
    *facts = (struct smk_module_facts){.bias = code - code_offset};
    if (!read_phdrs(elf_address, &elf))
        return false;
    if (!find_bias(&elf, code, code_offset, &facts->bias))
        return true;
    read_notes(&elf, facts);
#if defined(__x86_64__)
    find_table(&elf, elf_address, facts);
#endif
    return true;
}
