#include "normalize.h"

#include "element.h"
#include "lines.h"

#include <math.h>

/* Every line divided by its length: sqrt(sum + eps), or sqrt(max(sum, eps)). */
static int by_length(struct vt_eval *e, unsigned mask, double eps, bool larger)
{
    const struct vt_tensor *src = &e->in[0];
    struct vt_lines lines;
    int status = vt_lines_init(&lines, src, mask, e->err);

    for (int64_t o = 0; status == VT_OK && o < lines.n_outer; o++) {
        double sum = 0;

        for (int64_t i = 0; i < lines.n_inner; i++) {
            double v = vt_get_f64(src, lines.outer[o] + lines.inner[i]);

            sum += v * v;
        }
        sum = sqrt(larger ? fmax(sum, eps) : sum + eps);
        for (int64_t i = 0; i < lines.n_inner; i++) {
            int64_t at = lines.outer[o] + lines.inner[i];

            vt_set_f64(&e->out[0], at, vt_get_f64(src, at) / sum);
        }
    }
    if (status == VT_OK) {
        vt_lines_finish(&lines);
    }
    return status;
}

int vt_normalize_l2_ref(struct vt_eval *e)
{
    unsigned mask;
    int status = vt_axes_mask(&e->in[1], e->in[0].rank, &mask, e->err);

    if (status || mask) {
        return status
                   ? status
                   : by_length(e, mask, vt_attr_f64(e->node, "eps"), vt_attr_is(e->node, "eps_mode", "max"));
    }
    /* Without axes each element counts as divided by itself, whatever eps and sign. */
    for (int64_t i = 0; i < vt_tensor_count(&e->out[0]); i++) {
        vt_set_f64(&e->out[0], i, 1);
    }
    return VT_OK;
}

int vt_grn_ref(struct vt_eval *e)
{
    return by_length(e, 1u << 1, vt_attr_f64(e->node, "bias"), false);
}

/* Sum of squares in the window around `index`, which spans `reach` elements to each side along the axes of
 * `mask`. */
static double window(const struct vt_tensor *src, const int64_t *index, unsigned mask, int64_t reach)
{
    int64_t first[VT_MAX_RANK], n[VT_MAX_RANK], k[VT_MAX_RANK] = {0};
    double sum = 0;

    for (int i = 0; i < src->rank; i++) {
        int64_t last = index[i] + 1;

        first[i] = index[i];
        if (mask >> i & 1) {
            first[i] = index[i] - reach < 0 ? 0 : index[i] - reach;
            last = index[i] + reach + 1 > src->dims[i] ? src->dims[i] : index[i] + reach + 1;
        }
        n[i] = last - first[i];
    }
    do {
        int64_t at = 0;
        double v;

        for (int i = 0; i < src->rank; i++) {
            at = at * src->dims[i] + first[i] + k[i];
        }
        v = vt_get_f64(src, at);
        sum += v * v;
    } while (vt_next_index(src->rank, n, k));
    return sum;
}

int vt_lrn_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    double alpha = vt_attr_f64(e->node, "alpha"), beta = vt_attr_f64(e->node, "beta");
    double bias = vt_attr_f64(e->node, "bias");
    int64_t size = vt_attr_i64(e->node, "size"), index[VT_MAX_RANK] = {0}, at = 0;
    unsigned mask;
    int status = vt_axes_mask(&e->in[1], src->rank, &mask, e->err);

    if (status || vt_tensor_count(src) == 0) {
        return status;
    }
    for (int i = 0; i < src->rank; i++) {
        alpha /= mask >> i & 1 ? (double)size : 1;
    }
    do {
        double sum = window(src, index, mask, (size - 1) / 2);

        vt_set_f64(&e->out[0], at, vt_get_f64(src, at) / pow(bias + alpha * sum, beta));
        at++;
    } while (vt_next_index(src->rank, src->dims, index));
    return VT_OK;
}

int vt_group_normalization_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t groups = vt_attr_i64(e->node, "num_groups"), count = vt_tensor_count(src);
    int64_t n = count ? count / (src->dims[0] * groups) : 0, plane = count ? n * groups / src->dims[1] : 0;
    double eps = vt_attr_f64(e->node, "epsilon");

    for (int64_t at = 0; at < count; at += n) {
        double mean = 0, variance = 0;

        for (int64_t i = 0; i < n; i++) {
            mean += vt_get_f64(src, at + i);
        }
        mean /= (double)n;
        for (int64_t i = 0; i < n; i++) {
            double d = vt_get_f64(src, at + i) - mean;

            variance += d * d;
        }
        variance /= (double)n;
        for (int64_t i = at; i < at + n; i++) {
            int64_t c = i / plane % src->dims[1];
            double v = (vt_get_f64(src, i) - mean) / sqrt(variance + eps);

            vt_set_f64(&e->out[0], i, v * vt_get_f64(&e->in[1], c) + vt_get_f64(&e->in[2], c));
        }
    }
    return VT_OK;
}
