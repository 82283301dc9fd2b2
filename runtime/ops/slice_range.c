#include "slice_range.h"

#include <stdlib.h>

#define UNBOUNDED (INT64_MAX / 4) /* lengths above this come from an unbounded dimension */

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

struct vt_slice_range vt_slice_range_of(int64_t start, int64_t stop, int64_t step, int64_t n)
{
    struct vt_slice_range r = {.step = step};
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;

    /* n is at least 0, so adding it to a negative end cannot overflow. */
    start = clamp(start < 0 ? start + n : start, low, high);
    stop = clamp(stop < 0 ? stop + n : stop, low, high);
    r.first = start;
    if (step > 0 && stop > start) {
        r.count = (stop - start - 1) / step + 1;
    } else if (step < 0 && start > stop) {
        r.count = (int64_t)(((uint64_t)start - (uint64_t)stop - 1) / (0 - (uint64_t)step) + 1);
    }
    return r;
}

/* Where both ends are fixed, the length never shrinks as the dimension grows, except when the ends are
 * counted from different sides such that they move towards each other. */
static bool grows_with_dim(int64_t start, int64_t stop, int64_t step)
{
    return step > 0 ? !(start < 0 && stop >= 0 && stop < INT32_MAX)
                    : !(start >= 0 && stop < 0 && stop > -INT32_MAX);
}

static int64_t length(int64_t start, int64_t stop, int64_t step, int64_t n)
{
    /* "to the very end" of models is often just a large 32-bit number */
    if (n == INT64_MAX) {
        start = start <= -INT32_MAX && step > 0  ? INT64_MIN
                : start >= INT32_MAX && step < 0 ? INT64_MAX
                                                 : start;
        stop = stop <= -INT32_MAX && step < 0 ? INT64_MIN : stop >= INT32_MAX && step > 0 ? INT64_MAX : stop;
    }
    return vt_slice_range_of(start, stop, step, n).count;
}

struct vt_dim vt_slice_length(struct vt_dim start, struct vt_dim stop, int64_t step, struct vt_dim n)
{
    int64_t top = n.max < 0 ? INT64_MAX : n.max, most = n.max;
    struct vt_dim r = {0, n.max};

    if (step > 1 || step < -1) {
        uint64_t by = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;

        most = n.max < 0 ? -1 : (int64_t)((uint64_t)n.max / by + ((uint64_t)n.max % by != 0));
    }
    r.max = most;
    if (vt_dim_is_static(start) && vt_dim_is_static(stop)) {
        if (grows_with_dim(start.min, stop.min, step) || vt_dim_is_static(n)) {
            r.min = length(start.min, stop.min, step, n.min);
            r.max = length(start.min, stop.min, step, top);
        }
    } else if (vt_dim_is_static(start) && start.min >= 0 && stop.min >= 0 && step > 0) {
        r.min = length(start.min, stop.min, step, n.min);
        r.max = length(start.min, stop.max < 0 ? INT64_MAX : stop.max, step, top);
    }
    if (top == INT64_MAX && r.max > UNBOUNDED / (step == INT64_MIN ? INT64_MAX : step < 0 ? -step : step)) {
        r.max = -1;
    }
    return r;
}
