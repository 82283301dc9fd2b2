/* Keys of boxes: sorted, or only the best of them. */
#include "boxes.h"

bool cpu_boxes_known(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    for (int i = 0; i < op->n_in; i++) {
        if (op->in[i].type != VT_F32 || op->in[i].rank < 1) {
            return false;
        }
    }
    return true;
}

#define FEW 48 /* keys that are inserted faster than counted */

static void insert_sort(uint64_t *keys, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        int64_t at = i;

        for (; at > 0 && keys[at - 1] >> 32 > key >> 32; at--) {
            keys[at] = keys[at - 1];
        }
        keys[at] = key;
    }
}

#define DIGITS 4
#define VALUES 256

/* One digit, from the counts of its values; false where all keys have the same one. */
static bool scatter(const uint64_t *src, uint64_t *dst, int64_t n, int shift, const uint32_t *counts)
{
    uint32_t at[VALUES], sum = 0;

    if (counts[src[0] >> shift & (VALUES - 1)] == n) {
        return false;
    }
    for (int v = 0; v < VALUES; v++) {
        at[v] = sum;
        sum += counts[v];
    }
    for (int64_t i = 0; i < n; i++) {
        dst[at[src[i] >> shift & (VALUES - 1)]++] = src[i];
    }
    return true;
}

void cpu_keys_sort(uint64_t *keys, uint64_t *room, int64_t n)
{
    uint32_t counts[DIGITS][VALUES] = {{0}};
    uint64_t *src = keys, *dst = room;

    if (n <= FEW) {
        insert_sort(keys, n);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        for (int d = 0; d < DIGITS; d++) {
            counts[d][keys[i] >> (32 + 8 * d) & (VALUES - 1)]++;
        }
    }
    for (int d = 0; d < DIGITS; d++) {
        if (scatter(src, dst, n, 32 + 8 * d, counts[d])) {
            uint64_t *other = src;

            src = dst;
            dst = other;
        }
    }
    if (src != keys) {
        memcpy(keys, src, (size_t)n * sizeof(*keys));
    }
}

#define BUCKET_BITS 12

int64_t cpu_keys_best(uint64_t *keys, uint64_t *room, int64_t n, int64_t count)
{
    uint32_t counts[1 << BUCKET_BITS] = {0}, last = 0;
    int64_t before, behind = 0, front = 0;

    count = count < 0 ? 0 : count;
    if (n <= 256 || count >= n / 2) { /* too little to leave out */
        cpu_keys_sort(keys, room, n);
        return n;
    }
    for (int64_t i = 0; i < n; i++) {
        counts[keys[i] >> (64 - BUCKET_BITS)]++;
    }
    for (before = counts[0]; before < count; before += counts[last]) {
        last++;
    }
    for (int64_t i = 0; i < n; i++) {
        bool good = keys[i] >> (64 - BUCKET_BITS) <= last;
        uint64_t key = keys[i];

        room[behind] = key;
        keys[front] = key; /* front <= i: what it overwrites is elsewhere already */
        front += good;
        behind += !good;
    }
    memcpy(keys + front, room, (size_t)behind * sizeof(*keys));
    cpu_keys_sort(keys, room, front);
    return front;
}

int64_t cpu_keys_above(const struct cpu_boxes_f32 *kernel, const float *scores, int64_t n, float threshold,
                       bool or_equal, uint64_t *keys, uint64_t *room)
{
    uint32_t *numbers = (uint32_t *)room;
    int64_t found = kernel->above(scores, n, threshold, or_equal, numbers);

    for (int64_t i = 0; i < found; i++) {
        keys[i] = cpu_key_of(scores[numbers[i]], numbers[i]);
    }
    return found;
}
