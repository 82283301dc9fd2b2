/* What the operations that choose boxes share: the order of boxes by score, and boxes kept so far. */
#ifndef CPU_OPS_BOXES_H
#define CPU_OPS_BOXES_H

#include "kernels/boxes.h"
#include "model.h"

#include <math.h>

/* Whether all inputs are f32 of known shape, and none a scalar. */
bool cpu_boxes_known(const struct cpu_op *op, const char **reason);

/* Element i of an output of i32, i64 or f32. */
static inline void cpu_put_number(void *dst, enum vt_type type, int64_t i, int64_t v)
{
    if (type == VT_I32) {
        ((int32_t *)dst)[i] = (int32_t)v;
    } else if (type == VT_F32) {
        ((float *)dst)[i] = (float)v;
    } else {
        ((int64_t *)dst)[i] = v;
    }
}

/* A box that was chosen. */
struct cpu_pick {
    float score;
    int32_t batch, class, box;
};

/* ---- keys: a score and a number below 2^32, which order as numbers: best score first, NaN last, then the
 * lower number */

static inline uint64_t cpu_key_of(float score, int64_t number)
{
    uint32_t bits;

    score = score == 0 ? 0 : score; /* -0 is no less than 0 */
    memcpy(&bits, &score, sizeof(bits));
    bits = isnan(score) ? 0 : bits >> 31 ? ~bits : bits | 0x80000000u;
    return (uint64_t)~bits << 32 | (uint64_t)(uint32_t)number;
}

static inline int64_t cpu_key_number(uint64_t key)
{
    return (int64_t)(key & UINT32_MAX);
}

/* Sort by the upper half; what is equal there keeps its order. `room` is for n keys. */
void cpu_keys_sort(uint64_t *keys, uint64_t *room, int64_t n);

/* Of keys whose numbers ascend, bring at least the best `count` (all, if there are fewer) to the front,
 * sorted; returns how many are sorted then. The others are worse, and their numbers ascend still. */
int64_t cpu_keys_best(uint64_t *keys, uint64_t *room, int64_t n, int64_t count);

/* Keys of the numbers of scores above the threshold, ascending; `room` is for n keys. */
int64_t cpu_keys_above(const struct cpu_boxes_f32 *kernel, const float *scores, int64_t n, float threshold,
                       bool or_equal, uint64_t *keys, uint64_t *room);

/* ---- boxes kept */

struct cpu_kept {
    const struct cpu_boxes_f32 *kernel;
    struct cpu_overlap rule;
    float *columns;
    int64_t room, n;
};

/* Room for n boxes, in whole vectors. */
static inline int64_t cpu_boxes_room(int64_t n)
{
    return (n + 16) & ~(int64_t)15;
}

/* Whether a box overlaps one of those from `first` on by more than the threshold. */
static inline bool cpu_kept_hits(const struct cpu_kept *k, int64_t first, const float *box, float threshold)
{
    return k->kernel->hits(&k->rule, k->columns, k->room, first, k->n, box, threshold);
}

static inline void cpu_kept_add(struct cpu_kept *k, const float *box)
{
    for (int c = 0; c < CPU_BOX_COLUMNS; c++) {
        k->columns[c * k->room + k->n] = box[c];
    }
    k->n++;
}

/* What a thread works in, for boxes of `room`: keys, as much room, and the boxes kept. */
struct cpu_chooser {
    uint64_t *keys, *room;
    struct cpu_kept kept;
};

static inline size_t cpu_chooser_bytes(int64_t room)
{
    return (size_t)room * (2 * sizeof(uint64_t) + CPU_BOX_COLUMNS * sizeof(float));
}

/* Begins at `scratch`, no box kept. */
static inline struct cpu_chooser cpu_chooser_in(void *scratch, const struct cpu_boxes_f32 *kernel,
                                                struct cpu_overlap rule, int64_t room)
{
    uint64_t *keys = scratch;

    return (struct cpu_chooser){keys, keys + room, {kernel, rule, (float *)(keys + 2 * room), room, 0}};
}

/* The area of corners where a box is `pixel` longer than the difference of its ends. */
static inline float cpu_box_area(const float *v, float pixel)
{
    return (v[2] - v[0] + pixel) * (v[3] - v[1] + pixel);
}

#endif
