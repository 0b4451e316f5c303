#include "source/cfi.h"

#define TABLE_ENCODING (SMK_PE_HEADER_RELATIVE | SMK_PE_SDATA4) /* what all linkers write */
#define TABLE_ENTRY    8u
#define AUGMENTATIONS  8 /* letters; "zPLRS" is the longest in use */

bool smk_cfi_read_header(const uint8_t *bytes, size_t len, uint64_t address, struct smk_cfi_header *header)
{
    struct smk_cfi_reader r = {.p = bytes, .end = bytes + len, .address = address + len};
    unsigned version = (unsigned)smk_cfi_fixed(&r, 1);
    unsigned frames = (unsigned)smk_cfi_fixed(&r, 1);
    unsigned count = (unsigned)smk_cfi_fixed(&r, 1);
    unsigned table = (unsigned)smk_cfi_fixed(&r, 1);
    if (version != 1 || table != TABLE_ENCODING)
        return false;
    header->frames_address = smk_cfi_pointer(&r, frames);
    uint64_t functions = smk_cfi_number(&r, count);
    header->count = (uint32_t)functions;
    header->table = (size_t)(r.p - bytes);
    return !r.bad && functions <= UINT32_MAX / TABLE_ENTRY;
}

static uint64_t table_word(const struct smk_cfi_image *image, size_t at)
{
    int32_t relative = 0;
    if (at + sizeof relative > image->header_len)
        return 0;
    memcpy(&relative, image->header + at, sizeof relative);
    return image->header_address + (uint64_t)(int64_t)relative;
}

uint64_t smk_cfi_entry(const struct smk_cfi_image *image, const struct smk_cfi_header *header, uint32_t i)
{
    return table_word(image, header->table + (size_t)i * TABLE_ENTRY + TABLE_ENTRY / 2);
}

uint64_t smk_cfi_rows_max(const struct smk_cfi_image *image, const struct smk_cfi_header *header)
{
    /* An instruction that begins a row takes a byte at least; a function begins one and ends with one. */
    return (uint64_t)image->frames_len + 2 * (uint64_t)header->count + 2;
}

/* A reader of the entry at `address`, behind its length; false when there is none. */
static bool open_entry(const struct smk_cfi_image *image, uint64_t address, struct smk_cfi_reader *r)
{
    if (address < image->frames_address || address - image->frames_address >= image->frames_len)
        return false;
    struct smk_cfi_reader all = {.p = image->frames + (address - image->frames_address),
                                 .end = image->frames + image->frames_len,
                                 .address = image->frames_address + image->frames_len};
    uint64_t len = smk_cfi_fixed(&all, 4);
    if (len == 0 || len >= 0xfffffff0u) /* the end; a 64-bit one, which nobody writes */
        return false;
    *r = smk_cfi_part(&all, len);
    return !r->bad;
}

static void read_augmentation(struct smk_cfi_common *common, const char *letters, struct smk_cfi_reader *r)
{
    common->pointers = SMK_PE_ABSOLUTE;
    if (letters[0] != 'z')
        return;
    common->sized = true;
    struct smk_cfi_reader data = smk_cfi_part(r, smk_cfi_uleb(r));
    for (const char *letter = letters + 1; *letter; letter++) {
        if (*letter == 'R') {
            common->pointers = (unsigned)smk_cfi_fixed(&data, 1);
        } else if (*letter == 'P') {
            unsigned encoding = (unsigned)smk_cfi_fixed(&data, 1);
            smk_cfi_number(&data, encoding);
        } else if (*letter == 'L') {
            smk_cfi_skip(&data, 1);
        } else if (*letter == 'S') {
            common->signal = true;
        }
    }
}

static bool read_common(const struct smk_cfi_image *image, uint64_t address, struct smk_cfi_common *common)
{
    struct smk_cfi_reader r;
    char letters[AUGMENTATIONS + 1] = "";
    *common = (struct smk_cfi_common){0};
    if (!open_entry(image, address, &r) || smk_cfi_fixed(&r, 4) != 0)
        return false;
    unsigned version = (unsigned)smk_cfi_fixed(&r, 1);
    for (int i = 0; i <= AUGMENTATIONS; i++) {
        letters[i] = (char)smk_cfi_fixed(&r, 1);
        if (letters[i] == '\0')
            break;
        if (i == AUGMENTATIONS)
            return false;
    }
    common->code_align = smk_cfi_uleb(&r);
    common->data_align = smk_cfi_sleb(&r);
    uint64_t ra = version == 1 ? smk_cfi_fixed(&r, 1) : smk_cfi_uleb(&r);
    read_augmentation(common, letters, &r);
    if (r.bad || (version != 1 && version != 3) || ra != SMK_CFI_RA)
        return false;
    struct smk_cfi_state initial = {.cfa = SMK_CFA_UNKNOWN};
    if (!smk_cfi_run(common, r, 0, 0, &initial, NULL))
        return false;
    common->initial = initial;
    return true;
}

/* What is kept from function to function. */
struct compile {
    const struct smk_cfi_image *image;
    struct smk_cfi_rows *rows;
    uint64_t base;
    uint64_t covered; /* offset up to which rows are made */
    uint64_t common_address;
    bool common_known;
    struct smk_cfi_common common;
};

static bool find_common(struct compile *c, uint64_t address)
{
    if (c->common_address != address) { /* neighbours mostly share one */
        c->common_address = address;
        c->common_known = read_common(c->image, address, &c->common);
    }
    return c->common_known;
}

static void compile_entry(struct compile *c, uint64_t address)
{
    struct smk_cfi_reader r;
    if (!open_entry(c->image, address, &r))
        return;
    uint64_t here = smk_cfi_address(&r);
    uint64_t back = smk_cfi_fixed(&r, 4);
    if (back == 0 || !find_common(c, here - back))
        return;
    uint64_t start = smk_cfi_pointer(&r, c->common.pointers) - c->base;
    uint64_t end = start + smk_cfi_number(&r, c->common.pointers & 0x0f);
    if (c->common.sized)
        smk_cfi_skip(&r, smk_cfi_uleb(&r));
    if (r.bad || end <= start || end > UINT32_MAX || start < c->covered)
        return;
    if (start > c->covered) /* code that nothing is told of */
        smk_cfi_add_row(c->rows, c->covered, SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    struct smk_cfi_state state = c->common.initial;
    smk_cfi_run(&c->common, r, start, end, &state, c->rows);
    c->covered = end;
}

void smk_cfi_compile(const struct smk_cfi_image *image, const struct smk_cfi_header *header, uint64_t base,
                     struct smk_cfi_rows *rows)
{
    struct compile c = {.image = image, .rows = rows, .base = base};
    for (uint32_t i = 0; i < header->count; i++)
        compile_entry(&c, smk_cfi_entry(image, header, i));
    smk_cfi_add_row(rows, c.covered, SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
}
