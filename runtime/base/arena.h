/* Arena: many small allocations that die together. Not thread-safe; the owner serialises. */
#ifndef VT_ARENA_H
#define VT_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct vt_arena_block;

/* Zero-initialised is an empty arena, ready for use. */
struct vt_arena {
    struct vt_arena_block *head;
    size_t bytes; /* given out so far */
    bool brief;   /* gone before the inference ends: blocks are of the heap that the thread uses (heap.h) */
};

/* Zeroed memory aligned to 16 bytes; NULL when out of memory or the size overflows. */
void *vt_arena_alloc(struct vt_arena *arena, size_t bytes);

/* Zeroed array; NULL also when count * size overflows. */
void *vt_arena_array(struct vt_arena *arena, size_t count, size_t size);

/* A copy of `bytes` bytes. */
void *vt_arena_copy(struct vt_arena *arena, const void *data, size_t bytes);

/* A copy of a string; NULL for NULL. */
char *vt_arena_strdup(struct vt_arena *arena, const char *text);

__attribute__((format(printf, 2, 3))) char *vt_arena_printf(struct vt_arena *arena, const char *fmt, ...);

/* Free everything; the arena is empty and usable again. */
void vt_arena_finish(struct vt_arena *arena);

#endif
