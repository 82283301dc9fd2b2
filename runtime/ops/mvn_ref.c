#include "mvn.h"

#include "element.h"
#include "lines.h"

#include <math.h>

struct mvn {
    double eps;
    bool variance, outside;
};

static void line(const struct mvn *m, const struct vt_tensor *src, struct vt_tensor *dst, int64_t at,
                 const int64_t *inner, int64_t n)
{
    double mean = 0, variance = 0, divisor = 1;

    for (int64_t i = 0; i < n; i++) {
        mean += vt_get_f64(src, at + inner[i]);
    }
    mean /= (double)n;
    for (int64_t i = 0; i < n && m->variance; i++) {
        double d = vt_get_f64(src, at + inner[i]) - mean;

        variance += d * d;
    }
    if (m->variance) {
        variance /= (double)n;
        divisor = m->outside ? sqrt(variance) + m->eps : sqrt(variance + m->eps);
    }
    for (int64_t i = 0; i < n; i++) {
        vt_set_f64(dst, at + inner[i], (vt_get_f64(src, at + inner[i]) - mean) / divisor);
    }
}

static int read_axes(const struct vt_eval *e, unsigned *mask)
{
    int64_t n, listed[VT_MAX_RANK];
    const int64_t *axes;
    struct vt_tensor t;
    int rank = e->in[0].rank, first;

    if (e->node->op->opset >= 6) {
        return vt_axes_mask(&e->in[1], rank, mask, e->err);
    }
    axes = vt_attr_i64s(e->node, "reduction_axes", &n);
    if (n > 0 && n <= VT_MAX_RANK) {
        memcpy(listed, axes, (size_t)n * sizeof(*axes));
        vt_tensor_describe(&t, VT_I64, 1, &n);
        t.data = listed;
        return vt_axes_mask(&t, rank, mask, e->err);
    }
    first = vt_attr_bool(e->node, "across_channels") ? 1 : 2;
    *mask = 0;
    for (int i = first; i < rank; i++) {
        *mask |= 1u << i;
    }
    return VT_OK;
}

int vt_mvn_ref(struct vt_eval *e)
{
    struct mvn m = {.eps = vt_attr_f64(e->node, "eps"),
                    .variance = vt_attr_bool(e->node, "normalize_variance")};
    struct vt_lines lines;
    unsigned mask;
    int status = read_axes(e, &mask);

    m.outside = e->node->op->opset >= 6 && vt_attr_is(e->node, "eps_mode", "outside_sqrt");
    status = status ? status : vt_lines_init(&lines, &e->in[0], mask, e->err);
    if (status) {
        return status;
    }
    for (int64_t o = 0; o < lines.n_outer; o++) {
        line(&m, &e->in[0], &e->out[0], lines.outer[o], lines.inner, lines.n_inner);
    }
    vt_lines_finish(&lines);
    return VT_OK;
}
