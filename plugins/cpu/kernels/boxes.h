/* How far boxes overlap, f32, and which scores are high enough: what all operations that choose boxes do. */
#ifndef CPU_KERNELS_BOXES_H
#define CPU_KERNELS_BOXES_H

#include "kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Boxes in columns: of box i the value k is at columns[k * room + i]. */
enum cpu_box_column { CPU_BOX_X1, CPU_BOX_Y1, CPU_BOX_X2, CPU_BOX_Y2, CPU_BOX_AREA, CPU_BOX_COLUMNS };

/* What an operation means by intersection over union. With d = min(ends) - max(begins) + pixel along x and y,
 * minima and maxima that pass over NaN, and common = max(dx, 0) * max(dy, 0), it is
 * common / (area + area' - common), areas being what the caller put there; but 0 where nothing counts:
 * `by_area`: where one of the areas is 0 or less, otherwise where common is not above 0. */
struct cpu_overlap {
    float pixel;
    bool by_area;
    bool or_equal; /* an overlap of just the threshold is one too many, too */
    bool apart;    /* (overlaps() alone) nothing in common where a box begins behind the other's end */
};

struct cpu_boxes_f32 {
    const char *name;
    enum cpu_isa isa;
    /* Whether `box` (its five values) overlaps one of the boxes [begin, end) by more than the threshold. */
    bool (*hits)(const struct cpu_overlap *rule, const float *columns, int64_t room, int64_t begin,
                 int64_t end, const float *box, float threshold);
    /* dst[i - begin] is the overlap with box i; returns the largest that is a number, at least 0. */
    float (*overlaps)(const struct cpu_overlap *rule, const float *columns, int64_t room, int64_t begin,
                      int64_t end, const float *box, float *dst);
    /* The least of 1 and (1 - overlaps[i]) / (1 - most[i]), NaN passed over. */
    float (*decay)(const float *overlaps, const float *most, int64_t n);
    /* overlaps[i] becomes (most[i]^2 - overlaps[i]^2) * sigma; returns the least of them and 0. */
    float (*decay_log)(float *overlaps, const float *most, int64_t n, float sigma);
    /* The numbers i in [0, n) with scores[i] > threshold, or >= with `or_equal`, ascending; how many. */
    int64_t (*above)(const float *scores, int64_t n, float threshold, bool or_equal, uint32_t *numbers);
};

CPU_KERNEL_GETTER(boxes_f32, boxes_f32)

#endif
