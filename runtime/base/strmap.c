#include "strmap.h"

#include "hash.h"
#include "vt/checked.h"
#include "vt/status.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)16)

/* The slot that has the key, or the free one where it belongs; the table always has a free slot. */
static struct vt_strmap_slot *probe(const struct vt_strmap *map, const char *key, size_t length,
                                    uint64_t hash)
{
    size_t mask = map->capacity - 1;

    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct vt_strmap_slot *slot = &map->slots[i];

        if (!slot->key || (slot->hash == hash && slot->length == length && !memcmp(slot->key, key, length))) {
            return slot;
        }
    }
}

static int grow(struct vt_strmap *map)
{
    struct vt_strmap bigger = {.count = map->count};

    if (!vt_mul_size(map->capacity, 2, &bigger.capacity)) {
        return VT_E_NOMEM;
    }
    if (!bigger.capacity) {
        bigger.capacity = FIRST_CAPACITY;
    }
    bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
    if (!bigger.slots) {
        return VT_E_NOMEM;
    }
    for (size_t i = 0; i < map->capacity; i++) {
        const struct vt_strmap_slot *slot = &map->slots[i];

        if (slot->key) {
            *probe(&bigger, slot->key, slot->length, slot->hash) = *slot;
        }
    }
    free(map->slots);
    *map = bigger;
    return VT_OK;
}

int vt_strmap_put_n(struct vt_strmap *map, const char *key, size_t length, void *value)
{
    uint64_t hash = vt_hash(key, length, 0);
    struct vt_strmap_slot *slot;

    /* At most three quarters full. */
    if (map->count >= map->capacity / 4 * 3 && grow(map)) {
        return VT_E_NOMEM;
    }
    slot = probe(map, key, length, hash);
    if (slot->key) {
        slot->value = value;
        return VT_OK;
    }
    *slot = (struct vt_strmap_slot){.key = key, .length = length, .hash = hash, .value = value};
    map->count++;
    return VT_OK;
}

int vt_strmap_put(struct vt_strmap *map, const char *key, void *value)
{
    return vt_strmap_put_n(map, key, strlen(key), value);
}

const struct vt_strmap_slot *vt_strmap_find(const struct vt_strmap *map, const char *key, size_t length)
{
    const struct vt_strmap_slot *slot;

    if (!map->count) {
        return NULL;
    }
    slot = probe(map, key, length, vt_hash(key, length, 0));
    return slot->key ? slot : NULL;
}

void *vt_strmap_get_n(const struct vt_strmap *map, const char *key, size_t length)
{
    const struct vt_strmap_slot *slot = vt_strmap_find(map, key, length);

    return slot ? slot->value : NULL;
}

void *vt_strmap_get(const struct vt_strmap *map, const char *key)
{
    return vt_strmap_get_n(map, key, strlen(key));
}

void vt_strmap_finish(struct vt_strmap *map)
{
    free(map->slots);
    *map = (struct vt_strmap){0};
}
