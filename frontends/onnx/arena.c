#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 << 10)

struct onnx_arena_block {
    struct onnx_arena_block *next;
    size_t used, room;
    _Alignas(16) unsigned char data[];
};

void *onnx_arena_alloc(struct onnx_arena *arena, size_t count, size_t size)
{
    struct onnx_arena_block *b = arena->head;
    size_t bytes, room;
    void *p;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        return NULL;
    }
    bytes = bytes ? (bytes + 15) & ~(size_t)15 : 16;
    if (!b || b->room - b->used < bytes) {
        room = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
        b = calloc(1, sizeof(*b) + room);
        if (!b) {
            return NULL;
        }
        b->room = room;
        if (arena->head && room == bytes) { /* full at once: what is left in the first one stays in use */
            b->next = arena->head->next;
            arena->head->next = b;
        } else {
            b->next = arena->head;
            arena->head = b;
        }
    }
    p = b->data + b->used;
    b->used += bytes;
    return p;
}

char *onnx_arena_text(struct onnx_arena *arena, const void *text, size_t bytes)
{
    char *copy = bytes < SIZE_MAX ? onnx_arena_alloc(arena, bytes + 1, 1) : NULL;

    if (copy && bytes) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

char *onnx_arena_printf(struct onnx_arena *arena, const char *fmt, ...)
{
    va_list ap, again;
    char *text;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    text = n >= 0 ? onnx_arena_alloc(arena, (size_t)n + 1, 1) : NULL;
    if (text) {
        vsnprintf(text, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return text;
}

void onnx_arena_finish(struct onnx_arena *arena)
{
    while (arena->head) {
        struct onnx_arena_block *next = arena->head->next;

        free(arena->head);
        arena->head = next;
    }
}

/* FNV-1a */
static uint64_t hash(const char *key)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *key; key++) {
        h = (h ^ (unsigned char)*key) * 0x100000001b3u;
    }
    return h ^ h >> 32;
}

static struct onnx_name *slot_of(const struct onnx_names *names, const char *key)
{
    size_t mask = names->capacity - 1, i = (size_t)hash(key) & mask;

    while (names->slots[i].key && strcmp(names->slots[i].key, key) != 0) {
        i = (i + 1) & mask;
    }
    return &names->slots[i];
}

static bool grow(struct onnx_arena *arena, struct onnx_names *names)
{
    struct onnx_names wider = {.capacity = names->capacity ? 2 * names->capacity : 16};

    wider.slots = onnx_arena_alloc(arena, wider.capacity, sizeof(*wider.slots));
    if (!wider.slots) {
        return false;
    }
    for (size_t i = 0; i < names->capacity; i++) {
        if (names->slots[i].key) {
            *slot_of(&wider, names->slots[i].key) = names->slots[i];
            wider.count++;
        }
    }
    *names = wider;
    return true;
}

bool onnx_names_put(struct onnx_arena *arena, struct onnx_names *names, const char *key, void *value)
{
    struct onnx_name *slot;

    if (2 * (names->count + 1) > names->capacity && !grow(arena, names)) {
        return false;
    }
    slot = slot_of(names, key);
    if (!slot->key) {
        slot->key = key;
        names->count++;
    }
    slot->value = value;
    return true;
}

void *onnx_names_get(const struct onnx_names *names, const char *key)
{
    return names->capacity ? slot_of(names, key)->value : NULL;
}
