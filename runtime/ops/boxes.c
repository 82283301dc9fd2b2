#include "boxes.h"

#include <math.h>
#include <stdbool.h>

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

int vt_pick_order(const void *left, const void *right)
{
    const struct vt_pick *a = left, *b = right;
    int c = isnan(a->score) - isnan(b->score);

    c = c ? c : a->score > b->score ? -1 : a->score < b->score;
    c = c ? c : order(a->batch, b->batch);
    c = c ? c : order(a->class, b->class);
    return c ? c : order(a->box, b->box);
}

float vt_box_overlap(const float a[4], const float b[4], float pixel)
{
    float common = 1, area_a = 1, area_b = 1;

    for (int i = 0; i < 2; i++) {
        float both = fminf(a[2 + i], b[2 + i]) - fmaxf(a[i], b[i]) + pixel;

        common *= fmaxf(both, 0);
        area_a *= a[2 + i] - a[i] + pixel;
        area_b *= b[2 + i] - b[i] + pixel;
    }
    return common > 0 ? common / (area_a + area_b - common) : 0;
}

int64_t vt_box_suppress(struct vt_picked_box *list, int64_t n, int64_t limit, float threshold, float eta,
                        float pixel)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < n && kept < limit; i++) {
        bool stays = true;

        for (int64_t j = 0; j < kept && stays; j++) {
            stays = !(vt_box_overlap(list[i].v, list[j].v, pixel) > threshold);
        }
        if (!stays) {
            continue;
        }
        list[kept++] = list[i];
        if (eta < 1 && threshold > 0.5F) {
            threshold *= eta;
        }
    }
    return kept;
}
