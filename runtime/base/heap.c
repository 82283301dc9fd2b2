#include "heap.h"

#include "vt/checked.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define UNIT      ((size_t)64)
#define CHUNK_MIN ((size_t)64 * 1024)
#define CLASSES   256
#define NEAR      4 /* classes above, an octave, that a request takes when it finds none of its own */

/* Every block has a unit in front of it that says its class; free ones of a class are linked. */
union block {
    struct {
        union block *next;
        int class;
    };
    char unit[UNIT];
};

union chunk {
    struct {
        union chunk *next;
        size_t used, size; /* of the bytes behind */
    };
    char unit[UNIT];
};

struct vt_heap {
    union chunk *chunks; /* the first is the one being filled */
    union block *free[CLASSES];
    size_t bytes;
};

static _Thread_local struct vt_heap *current;

/* Four sizes an octave: the class of so many units, and how many it has. */
static int class_of(size_t units, size_t *rounded)
{
    size_t last = units - 1;
    int shift = units <= 8 ? 0 : 61 - __builtin_clzll(last);

    *rounded = ((last >> shift) + 1) << shift;
    return 4 * shift + (int)(last >> shift);
}

struct vt_heap *vt_heap_create(void)
{
    return calloc(1, sizeof(struct vt_heap));
}

static void drop_chunks(struct vt_heap *heap)
{
    while (heap->chunks) {
        union chunk *next = heap->chunks->next;

        free(heap->chunks);
        heap->chunks = next;
    }
    heap->bytes = 0;
}

void vt_heap_destroy(struct vt_heap *heap)
{
    if (heap) {
        drop_chunks(heap);
        free(heap);
    }
}

size_t vt_heap_bytes(const struct vt_heap *heap)
{
    return heap->bytes;
}

static union chunk *add_chunk(struct vt_heap *heap, size_t need)
{
    size_t size = need > CHUNK_MIN ? need : CHUNK_MIN;
    union chunk *chunk;

    size = size < heap->bytes / 4 ? heap->bytes / 4 & ~(UNIT - 1) : size;
    chunk = size < SIZE_MAX - UNIT ? aligned_alloc(UNIT, size + UNIT) : NULL;
    if (chunk) {
        chunk->next = heap->chunks;
        chunk->used = 0;
        chunk->size = size;
        heap->chunks = chunk;
        heap->bytes += size;
    }
    return chunk;
}

void *vt_heap_alloc(struct vt_heap *heap, size_t bytes)
{
    size_t units = bytes ? (bytes - 1) / UNIT + 1 : 1, need;
    int class = class_of(units, &units);
    union chunk *chunk = heap->chunks;
    union block *block;

    for (int c = class; c <= class + NEAR && c < CLASSES; c++) {
        block = heap->free[c];
        if (block) {
            heap->free[c] = block->next;
            return block + 1;
        }
    }
    if (!vt_mul_size(units + 1, UNIT, &need)) {
        return NULL;
    }
    if (!chunk || chunk->size - chunk->used < need) {
        chunk = add_chunk(heap, need);
    }
    if (!chunk) {
        return NULL;
    }
    block = (union block *)((char *)(chunk + 1) + chunk->used);
    chunk->used += need;
    block->class = class;
    return block + 1;
}

void vt_heap_free(struct vt_heap *heap, void *p)
{
    union block *block = p;

    if (block) {
        block--;
        block->next = heap->free[block->class];
        heap->free[block->class] = block;
    }
}

/* What was spread over several chunks becomes one, in which the same requests fit. */
void vt_heap_reset(struct vt_heap *heap)
{
    memset(heap->free, 0, sizeof(heap->free));
    if (heap->chunks && heap->chunks->next) {
        size_t bytes = heap->bytes;

        drop_chunks(heap);
        add_chunk(heap, bytes);
    }
    if (heap->chunks) {
        heap->chunks->used = 0;
    }
}

/* ---- the thread's */

struct vt_heap *vt_heap_use(struct vt_heap *heap)
{
    struct vt_heap *before = current;

    current = heap;
    return before;
}

/* Few: their number is that of the doublings since the last reset. */
static bool owns(const struct vt_heap *heap, const void *p)
{
    for (union chunk *c = heap ? heap->chunks : NULL; c; c = c->next) {
        if ((uintptr_t)p - (uintptr_t)(c + 1) < c->size) {
            return true;
        }
    }
    return false;
}

void *vt_temp_alloc(size_t bytes)
{
    return current ? vt_heap_alloc(current, bytes) : malloc(bytes);
}

void *vt_temp_aligned(size_t bytes)
{
    size_t rounded;

    if (current) {
        return vt_heap_alloc(current, bytes);
    }
    return vt_add_size(bytes, UNIT - 1, &rounded) ? aligned_alloc(UNIT, rounded & ~(UNIT - 1)) : NULL;
}

void *vt_temp_zero(size_t count, size_t size)
{
    size_t bytes;
    void *p;

    if (!current) {
        return calloc(count, size);
    }
    p = vt_mul_size(count, size, &bytes) ? vt_heap_alloc(current, bytes) : NULL;
    return p ? memset(p, 0, bytes) : NULL;
}

void *vt_temp_resize(void *p, size_t bytes)
{
    size_t have;
    void *fresh;

    if (p ? !owns(current, p) : !current) {
        return realloc(p, bytes);
    }
    fresh = vt_heap_alloc(current, bytes);
    if (fresh && p) {
        int class = ((union block *)p - 1)->class;

        have = class < 8 ? (size_t) class + 1 : (size_t)(class % 4 + 5) << (class / 4 - 1);
        have *= UNIT;
        memcpy(fresh, p, have < bytes ? have : bytes);
        vt_heap_free(current, p);
    }
    return fresh;
}

void vt_temp_free(void *p)
{
    if (p && owns(current, p)) {
        vt_heap_free(current, p);
    } else {
        free(p);
    }
}

/* ---- sorting */

/* The sorted runs [0, left) and [left, n) of `src` become one in `dst`. */
static void merge(char *dst, const char *src, size_t left, size_t n, size_t size,
                  int (*compare)(const void *a, const void *b))
{
    const char *a = src, *a_end = src + left * size, *b = a_end, *b_end = src + n * size;

    while (a < a_end && b < b_end) {
        bool second = compare(a, b) > 0;

        memcpy(dst, second ? b : a, size);
        dst += size;
        *(second ? &b : &a) += size;
    }
    memcpy(dst, a, (size_t)(a_end - a));
    memcpy(dst + (a_end - a), b, (size_t)(b_end - b));
}

void vt_temp_sort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
    char *other = n > 1 ? vt_temp_alloc(n * size) : NULL, *src = base, *dst = other;

    if (!other) {
        qsort(base, n > 1 ? n : 0, size, compare);
        return;
    }
    for (size_t run = 1; run < n; run *= 2) {
        char *swap = src;

        for (size_t at = 0; at < n; at += 2 * run) {
            size_t rest = n - at;

            merge(dst + at * size, src + at * size, rest < run ? rest : run, rest < 2 * run ? rest : 2 * run,
                  size, compare);
        }
        src = dst;
        dst = swap;
    }
    if (src != base) {
        memcpy(base, src, n * size);
    }
    vt_temp_free(other);
}
