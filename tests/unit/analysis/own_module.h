/* own_module.h: the test's own program as a module of a trace: its symbols and lines are known here. */
#ifndef SMK_TESTS_OWN_MODULE_H
#define SMK_TESTS_OWN_MODULE_H

#include "unit/analysis/trace_builder.h"

#include <link.h>

#include "analysis/elf_symtab.h"

static inline int own_take_bias(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(uint64_t *)bias = info->dlpi_addr; /* the program comes first */
    return 1;
}

static inline void own_path(char path[512])
{
    ssize_t len = readlink("/proc/self/exe", path, 511);
    assert_true(len > 0);
    path[len] = '\0';
}

/* Adds it under `path`, with its build-id or, `right` false, with another one. `reach`: bytes behind its
 * load address that the trace says it has. */
static inline void own_module(struct build *b, const char *path, bool right, uint64_t reach)
{
    struct smk_elf elf;
    struct smk_mem mem;
    uint64_t bias = 0;
    char own[512];
    own_path(own);
    smk_mem_init(&mem, NULL, NULL, 0);
    dl_iterate_phdr(own_take_bias, &bias);
    assert_int_equal(smk_elf_open(&elf, own), 0);
    assert_true(elf.build_id_len > 0);
    elf.build_id[0] ^= right ? 0 : 1;
    build_module(b, bias, bias + reach, bias, path, elf.build_id, elf.build_id_len);
    smk_elf_close(&elf, &mem);
}

#endif
