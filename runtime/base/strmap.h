/* Map from strings to pointers: a table of open addressing that only grows. Keys are not copied and must stay
 * as long as the map. Reading from several threads is fine while nobody writes. */
#ifndef VT_STRMAP_H
#define VT_STRMAP_H

#include <stddef.h>
#include <stdint.h>

struct vt_strmap_slot {
    const char *key; /* NULL: free */
    size_t length;
    uint64_t hash;
    void *value;
};

/* Zero-initialised is an empty map. To visit all entries, look at slots[0 .. capacity - 1] with a key. */
struct vt_strmap {
    struct vt_strmap_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

/* Set the value of a key, replacing an older one (the older key stays). 0, or VT_E_NOMEM with the map
 * unchanged. */
int vt_strmap_put(struct vt_strmap *map, const char *key, void *value);

/* The same for a key of `length` bytes without terminator. */
int vt_strmap_put_n(struct vt_strmap *map, const char *key, size_t length, void *value);

/* NULL when the key is not there. */
void *vt_strmap_get(const struct vt_strmap *map, const char *key);
void *vt_strmap_get_n(const struct vt_strmap *map, const char *key, size_t length);

/* The slot of a key, to tell a NULL value from no value; NULL when it is not there. */
const struct vt_strmap_slot *vt_strmap_find(const struct vt_strmap *map, const char *key, size_t length);

/* Free the table; the map is empty and usable again. */
void vt_strmap_finish(struct vt_strmap *map);

#endif
