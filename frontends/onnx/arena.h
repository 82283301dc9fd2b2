/* Memory that lives as long as the reading of one model, and names in it. */
#ifndef ONNX_ARENA_H
#define ONNX_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct onnx_arena_block;

/* Zero-initialised is an empty one. */
struct onnx_arena {
    struct onnx_arena_block *head;
};

/* Zeroed, aligned to 16 bytes; NULL when out of memory or the size overflows. */
void *onnx_arena_alloc(struct onnx_arena *arena, size_t count, size_t size);
/* `bytes` bytes and a 0 behind them. */
char *onnx_arena_text(struct onnx_arena *arena, const void *text, size_t bytes);
__attribute__((format(printf, 2, 3))) char *onnx_arena_printf(struct onnx_arena *arena, const char *fmt, ...);
void onnx_arena_finish(struct onnx_arena *arena);

struct onnx_name {
    const char *key; /* NULL: free */
    void *value;
};

/* From names to pointers. Zero-initialised is an empty map; keys have to stay. To visit all entries, look at
 * slots[0 .. capacity - 1] with a key. */
struct onnx_names {
    struct onnx_name *slots;
    size_t capacity, count;
};

/* Set the value of a name, replacing an older one. False when out of memory. */
bool onnx_names_put(struct onnx_arena *arena, struct onnx_names *names, const char *key, void *value);
/* NULL when the name is not there. */
void *onnx_names_get(const struct onnx_names *names, const char *key);

#endif
