#include "bucketize.h"

#include "element.h"

/* Two integers compare as such: doubles would merge large neighbours. */
static bool less(const struct vt_tensor *a, int64_t i, const struct vt_tensor *b, int64_t k)
{
    if (vt_is_integral(a->type) && vt_is_integral(b->type) && a->type != VT_U64 && b->type != VT_U64) {
        return vt_get_i64(a, i) < vt_get_i64(b, k);
    }
    return vt_get_f64(a, i) < vt_get_f64(b, k);
}

int vt_bucketize_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0], *buckets = &e->in[1];
    bool right = vt_attr_bool(e->node, "with_right_bound");
    int64_t n = vt_tensor_count(src), bounds = vt_tensor_count(buckets);

    for (int64_t i = 0; i < n; i++) {
        int64_t low = 0, high = bounds;

        while (low < high) {
            int64_t mid = low + (high - low) / 2;
            bool before = right ? less(buckets, mid, src, i) : !less(src, i, buckets, mid);

            if (before) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        vt_set_i64(&e->out[0], i, low);
    }
    return VT_OK;
}
