#include "arena.h"

#include "heap.h"
#include "vt/checked.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MIN ((size_t)16 * 1024)
#define BRIEF_MIN ((size_t)2 * 1024)
#define ALIGN     ((size_t)16)

struct vt_arena_block {
    struct vt_arena_block *next;
    size_t used, size; /* of the bytes that follow this header */
};

_Static_assert(sizeof(struct vt_arena_block) <= 2 * ALIGN,
               "the header is rounded to a multiple of the alignment");

static unsigned char *block_data(struct vt_arena_block *block)
{
    return (unsigned char *)block + 2 * ALIGN;
}

static struct vt_arena_block *block_create(size_t bytes, const struct vt_arena *arena)
{
    size_t size = bytes, total, least = arena->brief ? BRIEF_MIN : BLOCK_MIN;
    struct vt_arena_block *block;

    /* Blocks grow with the arena, so that a big graph needs few of them and a small one wastes little. */
    if (size < least) {
        size = least;
    }
    if (size < arena->bytes / 2 && arena->bytes / 2 < ((size_t)1 << 20)) {
        size = (arena->bytes / 2 + ALIGN - 1) & ~(ALIGN - 1);
    }
    if (!vt_add_size(size, 2 * ALIGN, &total)) {
        return NULL;
    }
    block = arena->brief ? vt_temp_zero(1, total) : calloc(1, total);
    if (block) {
        block->size = size;
    }
    return block;
}

void *vt_arena_alloc(struct vt_arena *arena, size_t bytes)
{
    struct vt_arena_block *block = arena->head;
    size_t rounded;
    void *p;

    if (!vt_add_size(bytes ? bytes : 1, ALIGN - 1, &rounded)) {
        return NULL;
    }
    rounded &= ~(ALIGN - 1);
    if (!block || block->size - block->used < rounded) {
        block = block_create(rounded, arena);
        if (!block) {
            return NULL;
        }
        if (arena->head && rounded > BLOCK_MIN) {
            /* One large piece must not make the rest of the current block unreachable. */
            block->next = arena->head->next;
            arena->head->next = block;
        } else {
            block->next = arena->head;
            arena->head = block;
        }
    }
    p = block_data(block) + block->used;
    block->used += rounded;
    arena->bytes += rounded;
    return p;
}

void *vt_arena_array(struct vt_arena *arena, size_t count, size_t size)
{
    size_t bytes;

    return vt_mul_size(count, size, &bytes) ? vt_arena_alloc(arena, bytes) : NULL;
}

void *vt_arena_copy(struct vt_arena *arena, const void *data, size_t bytes)
{
    void *p = vt_arena_alloc(arena, bytes);

    if (p && bytes) {
        memcpy(p, data, bytes);
    }
    return p;
}

char *vt_arena_strdup(struct vt_arena *arena, const char *text)
{
    return text ? vt_arena_copy(arena, text, strlen(text) + 1) : NULL;
}

char *vt_arena_printf(struct vt_arena *arena, const char *fmt, ...)
{
    va_list ap;
    char *text;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return NULL;
    }
    text = vt_arena_alloc(arena, (size_t)n + 1);
    if (text) {
        va_start(ap, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    return text;
}

void vt_arena_finish(struct vt_arena *arena)
{
    struct vt_arena_block *block = arena->head;

    while (block) {
        struct vt_arena_block *next = block->next;

        if (arena->brief) {
            vt_temp_free(block);
        } else {
            free(block);
        }
        block = next;
    }
    *arena = (struct vt_arena){.brief = arena->brief};
}
