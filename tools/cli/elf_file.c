#include "elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADERS_MAX = 4096, SECTION_MAX = 1 << 20, NOTE_MAX = 4096 };

struct file {
    int fd;
    uint64_t size;
};

/* A piece of the file in memory: a version section or the strings it names. */
struct piece {
    uint8_t *bytes;
    uint64_t size;
};

static int open_file(const char *path, struct file *file)
{
    struct stat st;
    /* Not blocking: a fifo that is called like a program must not stop us. */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0)
        return -errno;
    int error = fstat(file->fd, &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : ENOEXEC;
    if (error) {
        close(file->fd);
        return -error;
    }
    file->size = (uint64_t)st.st_size;
    return 0;
}

static bool read_at(const struct file *file, uint64_t offset, void *out, size_t len)
{
    return offset <= file->size && len <= file->size - offset &&
           pread(file->fd, out, len, (off_t)offset) == (ssize_t)len;
}

/* ---- headers -------------------------------------------------------------------------------------- */

/* The Go linker leaves a note whose owner is "Go". */
static bool has_go_note(const struct file *file, const Elf64_Phdr *header)
{
    uint8_t notes[NOTE_MAX];
    size_t size = header->p_filesz < sizeof(notes) ? (size_t)header->p_filesz : sizeof(notes);
    size_t at = 0;
    if (!read_at(file, header->p_offset, notes, size))
        return false;
    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        memcpy(&note, notes + at, sizeof(note));
        at += sizeof(note);
        if (note.n_namesz > size - at || note.n_descsz > size)
            return false;
        if (note.n_namesz == 4 && memcmp(notes + at, "Go\0", 4) == 0)
            return true;
        size_t skip =
            (((size_t)note.n_namesz + 3) & ~(size_t)3) + (((size_t)note.n_descsz + 3) & ~(size_t)3);
        if (skip > size - at)
            return false;
        at += skip;
    }
    return false;
}

static int take_program_header(const struct file *file, const Elf64_Phdr *header,
                               struct smk_elf_file *elf)
{
    if (header->p_type == PT_DYNAMIC)
        elf->dynamic = true;
    if (header->p_type == PT_NOTE && has_go_note(file, header))
        elf->go = true;
    if (header->p_type != PT_INTERP)
        return 0;
    if (header->p_filesz == 0 || header->p_filesz >= sizeof(elf->interp) ||
        !read_at(file, header->p_offset, elf->interp, (size_t)header->p_filesz))
        return -ENOEXEC;
    elf->interp[header->p_filesz] = '\0';
    return 0;
}

static int read_headers(const struct file *file, struct smk_elf_file *elf)
{
    Elf64_Ehdr header;
    unsigned char ident[EI_NIDENT];
    *elf = (struct smk_elf_file){0};
    if (!read_at(file, 0, ident, sizeof(ident)) || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return 0;
    elf->is_elf = true;
    elf->is_64 = ident[EI_CLASS] == ELFCLASS64;
    elf->little_endian = ident[EI_DATA] == ELFDATA2LSB;
    if (!elf->is_64 || !elf->little_endian)
        return 0;
    if (!read_at(file, 0, &header, sizeof(header)) || header.e_phnum > HEADERS_MAX ||
        (header.e_phnum && header.e_phentsize != sizeof(Elf64_Phdr)))
        return -ENOEXEC;
    elf->machine = header.e_machine;
    elf->executable = header.e_type == ET_EXEC || header.e_type == ET_DYN;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr program;
        if (!read_at(file, header.e_phoff + i * sizeof(program), &program, sizeof(program)))
            return -ENOEXEC;
        int status = take_program_header(file, &program, elf);
        if (status < 0)
            return status;
    }
    return 0;
}

int smk_elf_file_read(const char *path, struct smk_elf_file *elf)
{
    struct file file;
    int status = open_file(path, &file);
    if (status < 0)
        return status;
    status = read_headers(&file, elf);
    close(file.fd);
    return status;
}

/* ---- versions ------------------------------------------------------------------------------------------ */

static int read_section(const struct file *file, const Elf64_Shdr *section, struct piece *piece)
{
    if (section->sh_size == 0 || section->sh_size > SECTION_MAX)
        return -ENOEXEC;
    piece->size = section->sh_size;
    piece->bytes = malloc(piece->size + 1);
    if (!piece->bytes)
        return -ENOMEM;
    if (!read_at(file, section->sh_offset, piece->bytes, piece->size))
        return -ENOEXEC;
    piece->bytes[piece->size] = '\0'; /* so that every string in it ends */
    return 0;
}

/* The first section of this type, and the strings that it refers to. */
static int read_version_section(const struct file *file, uint32_t type, struct piece *section,
                                struct piece *strings)
{
    Elf64_Ehdr header;
    Elf64_Shdr found, linked;
    if (!read_at(file, 0, &header, sizeof(header)) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_shentsize != sizeof(found))
        return -ENOEXEC;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        if (!read_at(file, header.e_shoff + i * sizeof(found), &found, sizeof(found)))
            return -ENOEXEC;
        if (found.sh_type != type)
            continue;
        if (found.sh_link >= header.e_shnum ||
            !read_at(file, header.e_shoff + found.sh_link * sizeof(linked), &linked,
                     sizeof(linked)))
            return -ENOEXEC;
        int status = read_section(file, &found, section);
        return status < 0 ? status : read_section(file, &linked, strings);
    }
    return -ENOENT;
}

static const char *string_at(const struct piece *strings, uint32_t offset)
{
    return offset < strings->size ? (const char *)strings->bytes + offset : "";
}

static bool record_at(const struct piece *piece, uint64_t at, void *record, size_t size)
{
    if (at > piece->size || size > piece->size - at)
        return false;
    memcpy(record, piece->bytes + at, size);
    return true;
}

static void add_version(struct smk_elf_versions *versions, const char *name)
{
    if (versions->count < SMK_ELF_VERSIONS_MAX && strlen(name) < SMK_ELF_VERSION_SIZE)
        memcpy(versions->name[versions->count++], name, strlen(name) + 1);
}

static void collect_needed(const struct piece *section, const struct piece *strings,
                           const char *soname, struct smk_elf_versions *versions)
{
    Elf64_Verneed need;
    Elf64_Vernaux name;
    uint64_t at = 0;
    for (unsigned i = 0; i < HEADERS_MAX && record_at(section, at, &need, sizeof(need)); i++) {
        uint64_t name_at = at + need.vn_aux;
        bool wanted = strcmp(string_at(strings, need.vn_file), soname) == 0;
        for (unsigned k = 0; wanted && k < need.vn_cnt; k++) {
            if (!record_at(section, name_at, &name, sizeof(name)))
                return;
            add_version(versions, string_at(strings, name.vna_name));
            name_at += name.vna_next;
        }
        if (need.vn_next == 0)
            return;
        at += need.vn_next;
    }
}

static void collect_defined(const struct piece *section, const struct piece *strings,
                            struct smk_elf_versions *versions)
{
    Elf64_Verdef definition;
    Elf64_Verdaux name;
    uint64_t at = 0;
    for (unsigned i = 0; i < HEADERS_MAX && record_at(section, at, &definition, sizeof(definition));
         i++) {
        if (record_at(section, at + definition.vd_aux, &name, sizeof(name)))
            add_version(versions, string_at(strings, name.vda_name));
        if (definition.vd_next == 0)
            return;
        at += definition.vd_next;
    }
}

/* `soname` NULL: what the file defines. */
static int read_versions(const char *path, const char *soname, struct smk_elf_versions *versions)
{
    struct file file;
    struct piece section = {0}, strings = {0};
    versions->count = 0;
    int status = open_file(path, &file);
    if (status < 0)
        return status;
    status =
        read_version_section(&file, soname ? SHT_GNU_verneed : SHT_GNU_verdef, &section, &strings);
    if (status == 0 && soname)
        collect_needed(&section, &strings, soname, versions);
    else if (status == 0)
        collect_defined(&section, &strings, versions);
    free(section.bytes);
    free(strings.bytes);
    close(file.fd);
    return status;
}

int smk_elf_needed_versions(const char *path, const char *soname, struct smk_elf_versions *versions)
{
    return read_versions(path, soname, versions);
}

int smk_elf_defined_versions(const char *path, struct smk_elf_versions *versions)
{
    return read_versions(path, NULL, versions);
}

const char *smk_elf_missing_version(const struct smk_elf_versions *needed,
                                    const struct smk_elf_versions *defined)
{
    for (unsigned i = 0; i < needed->count; i++) {
        bool found = false;
        for (unsigned k = 0; k < defined->count && !found; k++)
            found = strcmp(needed->name[i], defined->name[k]) == 0;
        if (!found)
            return needed->name[i];
    }
    return NULL;
}
