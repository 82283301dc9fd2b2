#include "search_sorted.h"

#include "element.h"

/* sorted[a] lies before values[b]: less, or with `right` not greater. */
static bool before(const struct vt_tensor *sorted, int64_t a, const struct vt_tensor *values, int64_t b,
                   bool right)
{
    if (vt_is_float(sorted->type)) {
        double x = vt_get_f64(sorted, a), y = vt_get_f64(values, b);

        return right ? x <= y : x < y;
    }
    if (sorted->type == VT_U64) {
        uint64_t x = (uint64_t)vt_get_i64(sorted, a), y = (uint64_t)vt_get_i64(values, b);

        return right ? x <= y : x < y;
    }
    int64_t x = vt_get_i64(sorted, a), y = vt_get_i64(values, b);

    return right ? x <= y : x < y;
}

int vt_search_sorted_ref(struct vt_eval *e)
{
    const struct vt_tensor *sorted = &e->in[0], *values = &e->in[1];
    int64_t n = sorted->dims[sorted->rank - 1], per = values->rank ? values->dims[values->rank - 1] : 1;
    bool right = vt_attr_bool(e->node, "right_mode");

    for (int64_t k = 0; k < vt_tensor_count(values); k++) {
        int64_t row = sorted->rank == 1 ? 0 : k / per * n, low = 0, high = n;

        while (low < high) {
            int64_t mid = low + (high - low) / 2;

            if (before(sorted, row + mid, values, k, right)) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        vt_set_i64(&e->out[0], k, low);
    }
    return VT_OK;
}
