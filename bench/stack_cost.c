/* stack_cost: what a stack costs, and what the tables for it cost.
 *
 *   stack_cost             median ns of one stack of some 24 frames: ours, ours of another thread (copied by
 *                          the kernel), frame pointers, libc's backtrace(), libunwind where it is installed
 *   stack_cost FILE…       maps each ELF file as the loader would and prints the time and the memory of
 *                          its table
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sort.h"
#include "base/sys.h"
#include "core/init.h"
#include "core/intern.h"
#include "source/module_file.h"
#include "source/modules.h"
#include "source/stack.h"

#define DEPTH   20 /* of the recursion; main and libc's two frames come on top */
#define BATCHES 101
#define CALLS   500

typedef int (*take_fn)(void **pcs, int max);

static volatile int sink;
static take_fn unwind_lib;

static SMK_NOINLINE int take_ours(void **pcs, int max)
{
    uint64_t *frame = __builtin_frame_address(0);
    (void)pcs, (void)max;
    return (int)smk_stack_here((uint64_t)__builtin_return_address(0), (uint64_t)(frame + 2), frame[0]);
}

static SMK_NOINLINE int take_copied(void **pcs, int max)
{
    uint64_t *frame = __builtin_frame_address(0);
    (void)pcs, (void)max;
    return (int)smk_stack_of_blocked((uint64_t)__builtin_return_address(0), (uint64_t)(frame + 2), frame[0]);
}

static int depth_of(int id)
{
    uint32_t len = 0;
    smk_intern_get(&smk_stacks, (uint32_t)id, &len);
    return (int)(len / 8);
}

static SMK_NOINLINE int take_frame_pointers(void **pcs, int max)
{
    void **frame = __builtin_frame_address(0);
    int n = 0;
    while (n < max && frame) {
        pcs[n++] = frame[1];
        void **up = frame[0];
        if (up <= frame || (char *)up - (char *)frame > 1 << 20)
            break;
        frame = up;
    }
    return n;
}

static bool is_earlier(const void *a, const void *b) { return *(const double *)a < *(const double *)b; }

static SMK_NOINLINE double measure(take_fn take)
{
    double ns[BATCHES];
    void *pcs[64];
    for (int i = 0; i < BATCHES; i++) {
        uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
        for (int k = 0; k < CALLS; k++)
            sink = take(pcs, 64);
        ns[i] = (double)(smk_sys_clock(CLOCK_MONOTONIC) - began) / CALLS;
    }
    smk_sort(ns, BATCHES, sizeof *ns, is_earlier);
    return ns[BATCHES / 2];
}

static void report(void)
{
    static const struct {
        const char *name;
        take_fn take;
    } ways[] = {{"ours", take_ours},
                {"ours, copied", take_copied},
                {"frame pointers", take_frame_pointers},
                {"backtrace()", backtrace}};
    void *pcs[64];
    printf("%-16s %10s %10s\n", "", "median ns", "frames");
    for (size_t i = 0; i < SMK_ARRAY_LEN(ways); i++)
        printf("%-16s %10.1f %10d\n", ways[i].name, measure(ways[i].take),
               i < 2 ? depth_of(ways[i].take(pcs, 64)) : ways[i].take(pcs, 64));
    if (unwind_lib)
        printf("%-16s %10.1f %10d\n", "libunwind", measure(unwind_lib), unwind_lib(pcs, 64));
    else
        printf("%-16s not installed\n", "libunwind");
}

static SMK_NOINLINE int descend(int n)
{
    if (n == 0)
        report();
    else
        sink = descend(n - 1) + 1; /* not a tail call */
    return sink;
}

/* As the loader would, but nothing of it ever runs. */
static void map_file(const char *path)
{
    Elf64_Ehdr ehdr;
    Elf64_Phdr phdr;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *base = mmap(NULL, (size_t)1 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fd < 0 || pread(fd, &ehdr, sizeof ehdr, 0) != sizeof ehdr || base == MAP_FAILED) {
        fprintf(stderr, "stack_cost: cannot read %s as an ELF file\n", path);
        exit(2);
    }
    uint64_t first = UINT64_MAX;
    for (int i = 0; i < ehdr.e_phnum; i++) {
        if (pread(fd, &phdr, sizeof phdr, (off_t)(ehdr.e_phoff + (unsigned)i * sizeof phdr)) != sizeof phdr ||
            phdr.p_type != PT_LOAD)
            continue;
        uint64_t page = phdr.p_vaddr & ~4095ul;
        if (first == UINT64_MAX)
            first = page;
        int prot = PROT_READ | (phdr.p_flags & PF_X ? PROT_EXEC : 0) | (phdr.p_flags & PF_W ? PROT_WRITE : 0);
        mmap(base + page - first, phdr.p_filesz + (phdr.p_vaddr & 4095), prot, MAP_PRIVATE | MAP_FIXED, fd,
             (off_t)(phdr.p_offset & ~4095ul));
    }
    close(fd);
}

static void report_file(const char *path)
{
    struct smk_module_tables_stats before, after;
    struct stat st;
    stat(path, &st);
    map_file(path);
    smk_module_tables_stats(&before);
    uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
    smk_stack_prepare();
    double ms = (double)(smk_sys_clock(CLOCK_MONOTONIC) - began) / 1e6;
    smk_module_tables_stats(&after);
    printf("%-44s %8.1f MB  %9llu rows  %7.2f MB  %8.1f ms\n", path, (double)st.st_size / 1e6,
           (unsigned long long)(after.rows - before.rows), (double)(after.bytes - before.bytes) / 1e6, ms);
}

int main(int argc, char **argv)
{
    smk_core_init(NULL);
    uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
    smk_stack_prepare();
    double first = (double)(smk_sys_clock(CLOCK_MONOTONIC) - began) / 1e6;
    struct smk_modules_stats modules;
    struct smk_module_tables_stats tables;
    smk_modules_stats(&modules);
    smk_module_tables_stats(&tables);
    began = smk_sys_clock(CLOCK_MONOTONIC);
    smk_stack_prepare();
    printf("this program: %llu modules, %llu rows, %.2f MB; first %.1f ms, again %.2f ms\n",
           (unsigned long long)modules.modules, (unsigned long long)tables.rows, (double)tables.bytes / 1e6, first,
           (double)(smk_sys_clock(CLOCK_MONOTONIC) - began) / 1e6);
    for (int i = 1; i < argc; i++)
        report_file(argv[i]);
    if (argc == 1) {
        /* Local and bound to itself: else it would stand in front of libgcc's unwinder. */
        void *lib = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
        unwind_lib = lib ? (take_fn)dlsym(lib, "unw_backtrace") : NULL;
        descend(DEPTH);
    }
    return 0;
}
