/* Counts allocations: the C library's functions and mmap are replaced by ones that count while `counting` is
 * set. For programs without sanitizers, which replace them too; included once. */
#ifndef ALLOC_COUNT_H
#define ALLOC_COUNT_H

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_bool counting;
static atomic_int allocations;
static atomic_int mappings;  /* of them, those by mmap */
static atomic_int uncounted; /* of those, the ones that the system does not count as used (MAP_NORESERVE) */

static void count(void)
{
    if (atomic_load_explicit(&counting, memory_order_relaxed)) {
        atomic_fetch_add(&allocations, 1);
    }
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* From now on, from 0. */
static inline void count_start(void)
{
    atomic_store(&allocations, 0);
    atomic_store(&mappings, 0);
    atomic_store(&uncounted, 0);
    atomic_store(&counting, true);
}

/* Returns how many allocations there were. */
static inline int count_stop(void)
{
    atomic_store(&counting, false);
    return atomic_load(&allocations);
}

#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    count();
    return __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t size)
{
    count();
    return __libc_realloc(p, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
    count();
    *p = __libc_memalign(alignment, size);
    return *p ? 0 : 12;
}

EXPORT void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    count();
    atomic_fetch_add(&mappings, atomic_load(&counting));
    atomic_fetch_add(&uncounted, atomic_load(&counting) && flags & MAP_NORESERVE);
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

#endif
