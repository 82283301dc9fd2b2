/* Memory of an inference: what is taken is given back, or forgotten all at once by vt_heap_reset(), and the
 * next inference finds it again. After one with the same sizes nothing comes from the C library any more.
 *
 * References take what they need in between by vt_temp_...: from the heap that the thread uses, or from the C
 * library where it uses none. */
#ifndef VT_HEAP_H
#define VT_HEAP_H

#include <stddef.h>

struct vt_heap;

/* Empty, so of next to no size; NULL when out of memory. Not thread-safe. */
struct vt_heap *vt_heap_create(void);
/* NULL is fine. */
void vt_heap_destroy(struct vt_heap *heap);

/* Not zeroed, 64-byte aligned, also for 0 bytes; NULL when out of memory. */
void *vt_heap_alloc(struct vt_heap *heap, size_t bytes);
/* NULL is fine. */
void vt_heap_free(struct vt_heap *heap, void *p);

/* Everything that was taken is given back. */
void vt_heap_reset(struct vt_heap *heap);

/* Bytes that it has of the C library. */
size_t vt_heap_bytes(const struct vt_heap *heap);

/* From now on the thread uses this heap; NULL: none. Returns the one that it used before. */
struct vt_heap *vt_heap_use(struct vt_heap *heap);

/* As malloc, calloc, realloc and free; vt_temp_free and vt_temp_resize also take what comes from the C
 * library. */
void *vt_temp_alloc(size_t bytes);
void *vt_temp_zero(size_t count, size_t size);
void *vt_temp_resize(void *p, size_t bytes);
void vt_temp_free(void *p);
/* 64-byte aligned, not zeroed. */
void *vt_temp_aligned(size_t bytes);

/* As qsort, but equal elements keep their order, and what it needs is temporary memory. */
void vt_temp_sort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b));

#endif
