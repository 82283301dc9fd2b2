#include "region.h"

#include "vt/checked.h"

#include <stdlib.h>
#include <string.h>

/* Blocks grow with the region, so that many small plans take little. */
#define BLOCK_MIN ((size_t)16 * 1024)
#define BLOCK_MAX ((size_t)64 * 1024)

struct cpu_region_block {
    struct cpu_region_block *next;
    size_t used, size;
};

#define HEADER ((size_t)64)

void *cpu_region_alloc(struct cpu_region *region, size_t bytes)
{
    struct cpu_region_block *block = region->head;
    size_t need;
    char *p;

    if (!vt_add_size(bytes ? bytes : 1, 63, &need)) {
        return NULL;
    }
    need &= ~(size_t)63;
    if (!block || block->size - block->used < need) {
        size_t least = region->bytes / 4 < BLOCK_MIN ? BLOCK_MIN : region->bytes / 4;
        size_t size, total;

        least = least > BLOCK_MAX ? BLOCK_MAX : least & ~(size_t)63;
        size = need > least ? need : least;

        if (!vt_add_size(size, HEADER, &total)) {
            return NULL;
        }
        block = aligned_alloc(64, total);
        if (!block) {
            return NULL;
        }
        block->used = 0;
        block->size = size;
        region->bytes += total;
        if (region->head && need > BLOCK_MIN / 2) {
            block->next = region->head->next; /* keep filling the half-empty block */
            region->head->next = block;
        } else {
            block->next = region->head;
            region->head = block;
        }
    }
    p = (char *)block + HEADER + block->used;
    block->used += need;
    memset(p, 0, need);
    return p;
}

void *cpu_region_array(struct cpu_region *region, size_t count, size_t size)
{
    size_t bytes;

    return vt_mul_size(count, size, &bytes) ? cpu_region_alloc(region, bytes) : NULL;
}

void cpu_region_finish(struct cpu_region *region)
{
    while (region->head) {
        struct cpu_region_block *next = region->head->next;

        free(region->head);
        region->head = next;
    }
}
