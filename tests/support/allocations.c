/* Counts what a program itself allocates on its main thread, for LD_PRELOAD: the number is the
 * first word of the file that $ALLOCATIONS names, which a test maps. What libraries allocate for
 * themselves is not counted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t *count;
static uintptr_t program_start, program_end;

/* The first object is the program. */
static int visit_object(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *const part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD) continue;
        uintptr_t const start = info->dlpi_addr + part->p_vaddr, end = start + part->p_memsz;
        if (program_start == 0 || start < program_start) program_start = start;
        if (end > program_end) program_end = end;
    }
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *const path = getenv("ALLOCATIONS");
    int const fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) abort();
    void *const shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) abort();
    (void)close(fd);
    (void)dl_iterate_phdr(visit_object, NULL);
    count = shared;
}

static void visit(const void *caller)
{
    uintptr_t const at = (uintptr_t)caller;
    if (count && at >= program_start && at < program_end && gettid() == getpid()) (*count)++;
}

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t items, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

void *malloc(size_t bytes)
{
    visit(__builtin_return_address(0));
    return __libc_malloc(bytes);
}

void *calloc(size_t items, size_t bytes)
{
    visit(__builtin_return_address(0));
    return __libc_calloc(items, bytes);
}

void *realloc(void *old, size_t bytes)
{
    visit(__builtin_return_address(0));
    return __libc_realloc(old, bytes);
}
