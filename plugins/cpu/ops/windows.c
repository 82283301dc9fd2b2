/* ExtractImagePatches and AdaptiveMaxPool, plane by plane. */
#include "impl.h"

/* ---- ExtractImagePatches
 * ------------------------------------------------------------------------------------------- */

struct patches {
    int64_t channels, in[2], out[2], size[2], stride[2], rate[2], pad[2], planes, pieces;
};

struct patches_job {
    const struct patches *p;
    const uint32_t *src;
    uint32_t *dst;
};

/* What lies in front of the image so that all patches fit. */
static int64_t padding(int64_t in, int64_t out, int64_t size, int64_t stride, int64_t rate, bool lower)
{
    int64_t all = (out - 1) * stride + (size - 1) * rate + 1 - in;

    return all <= 0 ? 0 : lower ? all - all / 2 : all / 2;
}

/* Places [first, last) of n whose element first + i * stride lies inside of [0, in). */
static void inner(int64_t from, int64_t stride, int64_t in, int64_t n, int64_t *first, int64_t *last)
{
    *first = from < 0 ? (-from + stride - 1) / stride : 0;
    *last = from < in ? (in - from + stride - 1) / stride : 0;
    *first = *first < n ? *first : n;
    *last = *last < n ? *last : n;
    *last = *last > *first ? *last : *first;
}

/* Plane `tap` of a channel: the elements that one place of all patches sees. */
static void patch_plane(const struct patches *p, const uint32_t *src, uint32_t *dst, int64_t tap)
{
    int64_t top = tap / p->size[1] * p->rate[0] - p->pad[0];
    int64_t left = tap % p->size[1] * p->rate[1] - p->pad[1], first, last;

    inner(left, p->stride[1], p->in[1], p->out[1], &first, &last);
    for (int64_t i = 0; i < p->out[0]; i++, dst += p->out[1]) {
        int64_t y = top + i * p->stride[0];
        const uint32_t *from;

        if (y < 0 || y >= p->in[0]) {
            memset(dst, 0, (size_t)p->out[1] * sizeof(*dst));
            continue;
        }
        from = src + (y * p->in[1] + left + first * p->stride[1]);
        for (int64_t k = 0; k < first; k++) {
            dst[k] = 0;
        }
        if (p->stride[1] == 1) {
            memcpy(dst + first, from, (size_t)(last - first) * sizeof(*dst));
        } else {
            for (int64_t k = first; k < last; k++) {
                dst[k] = from[(k - first) * p->stride[1]];
            }
        }
        for (int64_t k = last; k < p->out[1]; k++) {
            dst[k] = 0;
        }
    }
}

static void patches_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct patches_job *j = arg;
    const struct patches *p = j->p;
    int64_t taps = p->size[0] * p->size[1];

    (void)scratch;
    for (int64_t at = begin; at < end; at++) {
        int64_t image = at / (taps * p->channels), tap = at / p->channels % taps, c = at % p->channels;

        patch_plane(p, j->src + (image * p->channels + c) * p->in[0] * p->in[1],
                    j->dst + at * p->out[0] * p->out[1], tap);
    }
}

static int patches_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct patches *p = step->data;
    struct patches_job j = {p, cpu_in(step, run, 0), cpu_out(step, run, 0)};

    cpu_parallel_range(run, p->planes, p->pieces, patches_piece, &j);
    return VT_OK;
}

static bool patches_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only elements of four bytes, and known shapes";
    return vt_type_info(op->in[0].type)->bits == 32 && op->in[0].rank == 4 && op->out[0].rank == 4;
}

static int patches_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    const char *auto_pad = op->host->attr_str(op->node, "auto_pad");
    struct patches *p = cpu_plan_alloc(b, sizeof(*p));
    int64_t n;

    (void)option;
    if (!p) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    p->channels = op->in[0].dims[1];
    for (int i = 0; i < 2; i++) {
        p->in[i] = op->in[0].dims[i + 2];
        p->out[i] = op->out[0].dims[i + 2];
        p->size[i] = op->host->attr_i64s(op->node, "sizes", &n)[i];
        p->stride[i] = op->host->attr_i64s(op->node, "strides", &n)[i];
        p->rate[i] = op->host->attr_i64s(op->node, "rates", &n)[i];
        if (strcasecmp(auto_pad, "valid") != 0) {
            p->pad[i] = padding(p->in[i], p->out[i], p->size[i], p->stride[i], p->rate[i],
                                strcasecmp(auto_pad, "same_lower") == 0);
        }
    }
    p->planes = op->out[0].dims[0] * op->out[0].dims[1];
    p->pieces = cpu_pieces(op, (double)op->out[0].count * 0.3);
    step->run = op->out[0].count ? patches_run : NULL;
    step->data = p;
    return VT_OK;
}

const struct cpu_impl cpu_impl_image_patches = {
    .name = "image_patches",
    .supports = patches_supports,
    .prepare = patches_prepare,
};

/* ---- AdaptiveMaxPool
 * ----------------------------------------------------------------------------------------------- */

struct span {
    int64_t begin, end;
};

struct adaptive {
    int64_t planes, in[3], out[3], area_in, area_out, pieces; /* leading axes of 1 where there are fewer */
    struct span *windows[3];                                  /* of the places along each axis */
    bool wide;                                                /* indices of i64 */
};

struct adaptive_job {
    const struct adaptive *a;
    const float *src;
    float *dst;
    void *index;
};

/* The largest of a window, and in `best` where the first such is; what stands behind a NaN in front is not
 * larger. The place comes second: a branch at each element would be mispredicted. */
static float best_of(const struct adaptive *a, const float *plane, struct span d, struct span h,
                     struct span w, int64_t *best)
{
    int64_t n = w.end - w.begin;
    float most;

    *best = (d.begin * a->in[1] + h.begin) * a->in[2] + w.begin;
    most = plane[*best];
    if (most != most) {
        return most;
    }
    for (int64_t z = d.begin; z < d.end; z++) {
        for (int64_t y = h.begin; y < h.end; y++) {
            const float *row = plane + (z * a->in[1] + y) * a->in[2] + w.begin;

            for (int64_t x = 0; x < n; x++) {
                most = row[x] > most ? row[x] : most;
            }
        }
    }
    for (int64_t z = d.begin; z < d.end; z++) {
        for (int64_t y = h.begin; y < h.end; y++) {
            int64_t at = (z * a->in[1] + y) * a->in[2] + w.begin;

            for (int64_t x = 0; x < n; x++) {
                if (plane[at + x] == most) {
                    *best = at + x;
                    return plane[*best];
                }
            }
        }
    }
    return most;
}

/* Planes [begin, end). */
static void adaptive_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct adaptive_job *j = arg;
    const struct adaptive *a = j->a;
    int64_t rows = a->out[0] * a->out[1], at = begin * a->area_out, best;

    (void)scratch;
    for (int64_t i = begin * rows; i < end * rows; i++) {
        const float *plane = j->src + i / rows * a->area_in;
        struct span d = a->windows[0][i % rows / a->out[1]], h = a->windows[1][i % a->out[1]];

        for (int64_t k = 0; k < a->out[2]; k++, at++) {
            j->dst[at] = best_of(a, plane, d, h, a->windows[2][k], &best);
            if (a->wide) {
                ((int64_t *)j->index)[at] = best;
            } else {
                ((int32_t *)j->index)[at] = (int32_t)best;
            }
        }
    }
}

static int adaptive_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct adaptive *a = step->data;
    struct adaptive_job j = {a, cpu_in(step, run, 0), cpu_out(step, run, 0), cpu_out(step, run, 1)};

    cpu_parallel_range(run, a->planes, a->pieces, adaptive_piece, &j);
    return VT_OK;
}

static bool adaptive_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    return op->in[0].type == VT_F32 && op->in[0].rank >= 3 && op->in[0].rank <= 5 &&
           op->out[0].rank == op->in[0].rank && op->in[0].count > 0;
}

static int adaptive_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, (double)op->in[0].count, 0};
    return 1;
}

static int adaptive_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                            struct cpu_step *step, struct vt_error *err)
{
    struct adaptive *a = cpu_plan_alloc(b, sizeof(*a));

    (void)option;
    if (!a) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    a->planes = op->in[0].dims[0] * op->in[0].dims[1];
    a->area_in = a->area_out = 1;
    for (int i = 0; i < 3; i++) {
        int axis = op->in[0].rank - 3 + i;

        a->in[i] = axis < 2 ? 1 : op->in[0].dims[axis];
        a->out[i] = axis < 2 ? 1 : op->out[0].dims[axis];
        a->area_in *= a->in[i];
        a->area_out *= a->out[i];
        a->windows[i] = cpu_plan_alloc(b, (size_t)a->out[i] * sizeof(struct span));
        if (!a->windows[i]) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        for (int64_t k = 0; k < a->out[i]; k++) {
            a->windows[i][k].begin = k * a->in[i] / a->out[i];
            a->windows[i][k].end = ((k + 1) * a->in[i] + a->out[i] - 1) / a->out[i];
        }
    }
    a->wide = op->out[1].type == VT_I64;
    a->pieces = cpu_pieces(op, (double)op->in[0].count);
    step->run = op->out[0].count ? adaptive_run : NULL;
    step->data = a;
    return VT_OK;
}

const struct cpu_impl cpu_impl_adaptive_max = {
    .name = "adaptive_max",
    .supports = adaptive_supports,
    .options = adaptive_options,
    .prepare = adaptive_prepare,
};
