/* What the references of operations that select boxes share: the order of the boxes, how far two overlap, and
 * the suppression of boxes by better ones. */
#ifndef VT_BOXES_H
#define VT_BOXES_H

#include <stdint.h>

/* A box that may be, or has been, selected. */
struct vt_pick {
    float score;
    int64_t batch, class, box;
};

/* Comparison for sorting structs that begin with a struct vt_pick: best score first, scores that are no
 * numbers last, equal ones by image, class and box. */
int vt_pick_order(const void *left, const void *right);

struct vt_picked_box {
    struct vt_pick pick;
    float v[4]; /* x1, y1, x2, y2 */
};

/* Intersection over union, 0 for boxes with nothing in common. A box is `pixel` longer than the difference of
 * its ends: 1 where both ends are pixels that belong to it. */
float vt_box_overlap(const float a[4], const float b[4], float pixel);

/* Leaves of n boxes, best first, at most `limit` that overlap no better one by more than the threshold, and
 * returns how many. Every box that stays multiplies a threshold above 0.5 by eta, if eta is below 1. */
int64_t vt_box_suppress(struct vt_picked_box *list, int64_t n, int64_t limit, float threshold, float eta,
                        float pixel);

#endif
