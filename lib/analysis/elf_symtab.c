#include "analysis/elf_symtab.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"

#define SECTIONS_MAX 4096
#define SYMBOLS_MAX  (4u << 20)
#define NOTE_MAX     (64u * 1024)
#define BLOCK        256 /* symbols or section headers read at once */

/* Of two symbols at one address the better name counts: global before weak before local. */
#define RANK_SHIFT 30
#define NAME_MASK  ((1u << RANK_SHIFT) - 1)

static bool read_at(const struct smk_elf *elf, uint64_t offset, void *to, size_t len)
{
    if (offset > elf->file_size || len > elf->file_size - offset)
        return false;
    for (size_t done = 0; done < len;) {
        ssize_t n = smk_sys_pread(elf->fd, (char *)to + done, len - done, offset + done);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* ---- headers ------------------------------------------------------------------------------------------ */

static bool header_ok(const Elf64_Ehdr *h)
{
    return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
           h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_shentsize == sizeof(Elf64_Shdr) &&
           h->e_shnum <= SECTIONS_MAX && (h->e_type == ET_EXEC || h->e_type == ET_DYN);
}

static void take_build_id(struct smk_elf *elf, uint64_t offset, uint64_t size)
{
    uint8_t notes[1024];
    if (size > sizeof(notes))
        size = sizeof(notes);
    if (!read_at(elf, offset, notes, size))
        return;
    for (uint64_t at = 0; at + sizeof(Elf64_Nhdr) <= size;) {
        Elf64_Nhdr note;
        memcpy(&note, notes + at, sizeof(note));
        at += sizeof(note);
        if (note.n_namesz > NOTE_MAX || note.n_descsz > NOTE_MAX)
            return;
        uint64_t desc = at + smk_align_up(note.n_namesz, 4);
        if (desc + note.n_descsz > size)
            return;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(notes + at, "GNU", 4) == 0 && note.n_descsz <= SMK_BUILD_ID_MAX) {
            memcpy(elf->build_id, notes + desc, note.n_descsz);
            elf->build_id_len = note.n_descsz;
            return;
        }
        at = desc + smk_align_up(note.n_descsz, 4);
    }
}

static void take_debuglink(struct smk_elf *elf, const Elf64_Shdr *section)
{
    char name[sizeof(elf->debuglink)] = "";
    uint64_t len = smk_min_u64(section->sh_size, sizeof(name) - 1);
    if (!read_at(elf, section->sh_offset, name, len))
        return;
    /* A file name, never a path out of the directories in which we look. */
    if (memchr(name, '\0', len) && !strchr(name, '/') && name[0] != '.')
        memcpy(elf->debuglink, name, sizeof(name));
}

static bool section_at(const struct smk_elf *elf, const Elf64_Ehdr *header, unsigned number,
                       Elf64_Shdr *section)
{
    if (number >= header->e_shnum || header->e_shoff > elf->file_size)
        return false;
    return read_at(elf, header->e_shoff + (uint64_t)number * sizeof(*section), section,
                   sizeof(*section));
}

static bool is_named(const struct smk_elf *elf, const Elf64_Shdr *names, const Elf64_Shdr *section,
                     const char *wanted)
{
    char name[32];
    size_t len = strlen(wanted) + 1;
    return section->sh_name < names->sh_size && names->sh_size - section->sh_name >= len &&
           names->sh_offset <= elf->file_size &&
           read_at(elf, names->sh_offset + section->sh_name, name, len) &&
           memcmp(name, wanted, len) == 0;
}

/* What the sections say of the file as a whole. */
static void read_identity(struct smk_elf *elf, const Elf64_Ehdr *header)
{
    Elf64_Shdr names, section;
    if (!section_at(elf, header, header->e_shstrndx, &names))
        return;
    for (unsigned i = 1; section_at(elf, header, i, &section); i++) {
        if (section.sh_type == SHT_NOTE && elf->build_id_len == 0)
            take_build_id(elf, section.sh_offset, section.sh_size);
        else if (section.sh_type == SHT_PROGBITS && section.sh_size >= 8 &&
                 is_named(elf, &names, &section, ".gnu_debuglink"))
            take_debuglink(elf, &section);
    }
}

int smk_elf_open(struct smk_elf *elf, const char *path)
{
    *elf = (struct smk_elf){.fd = -1};
    struct stat st;
    int result = smk_sys_statat(AT_FDCWD, path, &st);
    if (result < 0)
        return smk_fail_errno(result, "%s", path);
    if (!S_ISREG(st.st_mode))
        return smk_fail(SMK_E_FORMAT, "%s is no regular file", path);
    elf->fd = smk_sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (elf->fd < 0)
        return smk_fail_errno(elf->fd, "%s", path);
    Elf64_Ehdr header;
    if (smk_sys_fstat(elf->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
        (elf->file_size = (uint64_t)st.st_size,
         !read_at(elf, 0, &header, sizeof(header)) || !header_ok(&header))) {
        smk_sys_close(elf->fd);
        elf->fd = -1;
        return smk_fail(SMK_E_FORMAT, "%s is no 64-bit ELF file", path);
    }
    read_identity(elf, &header);
    return 0;
}

/* ---- symbols ------------------------------------------------------------------------------------------ */

static unsigned rank_of(unsigned binding)
{
    return binding == STB_GLOBAL ? 2 : binding == STB_WEAK ? 1 : 0;
}

static bool keep_symbol(struct smk_elf *elf, struct smk_mem *mem, const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_size == 0 || symbol->st_name == 0 ||
        symbol->st_name >= elf->strings_size || symbol->st_name > NAME_MASK ||
        symbol->st_value + symbol->st_size < symbol->st_value)
        return true;
    struct smk_elf_table *table = NULL;
    if (type == STT_FUNC || type == STT_GNU_IFUNC)
        table = &elf->functions;
    else if (type == STT_OBJECT)
        table = &elf->objects;
    if (!table)
        return true;
    if (!smk_mem_grow(mem, &table->entries, &table->capacity, table->count + 1u))
        return false;
    table->entries[table->count++] = (struct smk_elf_entry){
        symbol->st_value, (uint32_t)smk_min_u64(symbol->st_size, UINT32_MAX),
        symbol->st_name | rank_of(ELF64_ST_BIND(symbol->st_info)) << RANK_SHIFT};
    return true;
}

static int read_symbols(struct smk_elf *elf, struct smk_mem *mem, const Elf64_Shdr *section)
{
    Elf64_Sym block[BLOCK];
    uint64_t count = section->sh_size / sizeof(block[0]);
    if (count > SYMBOLS_MAX)
        return smk_fail(SMK_E_LIMIT, "more than %u symbols in one file", SYMBOLS_MAX);
    for (uint64_t at = 0; at < count; at += BLOCK) {
        size_t n = smk_min_u64(BLOCK, count - at);
        if (section->sh_offset > elf->file_size ||
            !read_at(elf, section->sh_offset + at * sizeof(block[0]), block, n * sizeof(block[0])))
            return smk_fail(SMK_E_FORMAT, "a symbol table that ends behind its file");
        for (size_t i = 0; i < n; i++)
            if (!keep_symbol(elf, mem, &block[i]))
                return smk_mem_failed(mem);
    }
    return 0;
}

/* Least significant byte first; a byte that all have in common takes no pass. */
static int sort_by_value(struct smk_elf_table *table, struct smk_mem *mem)
{
    size_t bytes = table->count * sizeof(*table->entries);
    struct smk_elf_entry *from = table->entries;
    struct smk_elf_entry *spare = bytes ? smk_mem_resize(mem, NULL, 0, bytes) : NULL;
    if (!spare)
        return bytes ? smk_mem_failed(mem) : 0;
    struct smk_elf_entry *to = spare;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint32_t start[257] = {0};
        for (uint32_t i = 0; i < table->count; i++)
            start[((from[i].value >> shift) & 0xff) + 1]++;
        if (start[((from[0].value >> shift) & 0xff) + 1] == table->count)
            continue;
        for (unsigned i = 0; i < 256; i++)
            start[i + 1] += start[i];
        for (uint32_t i = 0; i < table->count; i++)
            to[start[(from[i].value >> shift) & 0xff]++] = from[i];
        struct smk_elf_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != table->entries)
        memcpy(table->entries, from, bytes);
    smk_mem_free(mem, spare, bytes);
    return 0;
}

/* The section of symbols to read: .symtab, else .dynsym. */
static bool choose_section(const struct smk_elf *elf, const Elf64_Ehdr *header, Elf64_Shdr *chosen)
{
    Elf64_Shdr section;
    bool found = false;
    for (unsigned i = 1; section_at(elf, header, i, &section); i++) {
        bool symbols = section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM;
        if (!symbols || section.sh_entsize != sizeof(Elf64_Sym))
            continue;
        if (!found || section.sh_type == SHT_SYMTAB)
            *chosen = section;
        found = true;
    }
    return found;
}

int smk_elf_load_symbols(struct smk_elf *elf, struct smk_mem *mem)
{
    Elf64_Ehdr header;
    Elf64_Shdr symbols, strings;
    if (!read_at(elf, 0, &header, sizeof(header)) || !header_ok(&header))
        return smk_fail(SMK_E_FORMAT, "the file changed while it was read");
    if (!choose_section(elf, &header, &symbols))
        return 0;
    if (!section_at(elf, &header, symbols.sh_link, &strings) || strings.sh_type != SHT_STRTAB)
        return smk_fail(SMK_E_FORMAT, "a symbol table without names");
    elf->strings = strings.sh_offset;
    elf->strings_size = strings.sh_size;
    elf->has_symtab = symbols.sh_type == SHT_SYMTAB;
    int result = read_symbols(elf, mem, &symbols);
    if (result == 0)
        result = sort_by_value(&elf->functions, mem);
    if (result == 0)
        result = sort_by_value(&elf->objects, mem);
    if (result != 0)
        elf->functions.count = elf->objects.count = 0;
    return result;
}

void smk_elf_close(struct smk_elf *elf, struct smk_mem *mem)
{
    if (elf->fd >= 0)
        smk_sys_close(elf->fd);
    smk_mem_free(mem, elf->functions.entries, elf->functions.capacity * sizeof(struct smk_elf_entry));
    smk_mem_free(mem, elf->objects.entries, elf->objects.capacity * sizeof(struct smk_elf_entry));
    *elf = (struct smk_elf){.fd = -1};
}

const struct smk_elf_entry *smk_elf_find(const struct smk_elf_table *table, uint64_t value)
{
    uint32_t low = 0, high = table->count; /* the first entry that starts after `value` */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->entries[middle].value <= value)
            low = middle + 1;
        else
            high = middle;
    }
    /* A few before it, since one symbol may lie inside another; the innermost start wins, and among
     * equals the rank. */
    const struct smk_elf_entry *best = NULL;
    for (uint32_t back = 0; back < 16 && back < low; back++) {
        const struct smk_elf_entry *entry = &table->entries[low - 1 - back];
        if (best && entry->value != best->value)
            break;
        if (value - entry->value >= entry->size)
            continue;
        if (!best || entry->name >> RANK_SHIFT > best->name >> RANK_SHIFT)
            best = entry;
    }
    return best;
}

bool smk_elf_name(const struct smk_elf *elf, const struct smk_elf_entry *entry, char *name,
                  size_t size)
{
    uint64_t at = entry->name & NAME_MASK;
    if (size == 0 || at >= elf->strings_size || elf->strings > elf->file_size)
        return false;
    uint64_t len = smk_min_u64(size - 1, elf->strings_size - at);
    len = smk_min_u64(len, elf->file_size - smk_min_u64(elf->file_size, elf->strings + at));
    if (!read_at(elf, elf->strings + at, name, len))
        return false;
    name[len] = '\0';
    return name[0] != '\0';
}
