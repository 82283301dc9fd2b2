/* Small allocations that die together with a plan. Zero-initialised is empty. Not thread-safe. */
#ifndef CPU_REGION_H
#define CPU_REGION_H

#include <stddef.h>

struct cpu_region_block;

struct cpu_region {
    struct cpu_region_block *head;
    size_t bytes; /* of all blocks */
};

/* Zeroed, 64-byte aligned; NULL when out of memory. */
void *cpu_region_alloc(struct cpu_region *region, size_t bytes);
void *cpu_region_array(struct cpu_region *region, size_t count, size_t size);
void cpu_region_finish(struct cpu_region *region);

#endif
