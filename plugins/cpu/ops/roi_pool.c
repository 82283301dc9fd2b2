/* ROIPooling (channels last), PSROIPooling and DeformablePSROIPooling (planes: each cell of a box has planes
 * of its own). */
#include "impl.h"
#include "kernels/copy.h"
#include "kernels/sample.h"

#include <math.h>

struct roi_pool {
    const struct cpu_sample_f32 *kernel;
    const struct cpu_move *move;
    struct cpu_copy turn; /* of a box with its channels last into planes; rank 0: stays so */
    bool bilinear, deformable;
    float scale, spread;
    int64_t images, boxes, channels, height, width, pixel; /* of the maps */
    int64_t outputs, pooled_h, pooled_w;
    int64_t bins_y, bins_x, part, classes;
    int64_t dst_pixel, pieces;
};

struct roi_job {
    const struct roi_pool *p;
    const float *maps, *boxes, *offsets;
    float *dst;
    _Atomic int64_t wrong; /* a box plus one: of an image that is not there */
};

/* From the pooled cells `i` and `i + 1` of n to elements, held inside of the map. */
static void cell(float begin, float length, int64_t i, int64_t n, int64_t in, int64_t *first, int64_t *last)
{
    float size = length / (float)n, low = floorf((float)i * size + begin);
    float high = ceilf((float)(i + 1) * size + begin);

    *first = (int64_t)fminf(fmaxf(low, 0), (float)in);
    *last = (int64_t)fminf(fmaxf(high, 0), (float)in);
}

/* A pooled cell's place between the edges, as an element. */
static float between(float low, float high, int64_t i, int64_t n, int64_t in)
{
    float far = (float)(in - 1);

    return n > 1 ? (float)i * ((high - low) * far / (float)(n - 1)) + low * far : 0.5f * (low + high) * far;
}

/* The four neighbours of a place of a map, as pixels. */
struct spot {
    int64_t at[4], plane; /* plane: where the sample's first output reads */
    double dy, dx;
};

static void spot_at(const struct roi_pool *p, float y, float x, struct spot *s)
{
    int64_t top = (int64_t)floorf(y), left = (int64_t)floorf(x);
    int64_t bottom = (int64_t)ceilf(y), right = (int64_t)ceilf(x);

    s->dy = (double)(y - (float)top);
    s->dx = (double)(x - (float)left);
    s->at[0] = top * p->width + left;
    s->at[1] = top * p->width + right;
    s->at[2] = bottom * p->width + left;
    s->at[3] = bottom * p->width + right;
}

static bool inside(const struct roi_pool *p, float y, float x)
{
    return y >= 0 && y <= (float)(p->height - 1) && x >= 0 && x <= (float)(p->width - 1);
}

/* Rows of boxes may be ended by an image of -1, but for deformable pooling. */
static bool image_of(struct roi_job *j, int64_t box, int64_t *image)
{
    float v = j->boxes[5 * box];

    if (!(v >= (j->p->deformable ? 0 : -1) && v < (float)j->p->images)) {
        j->wrong = box + 1;
        return false;
    }
    *image = (int64_t)v;
    return true;
}

static int run_boxes(const struct cpu_step *step, struct cpu_run *run,
                     void (*piece)(void *arg, int64_t begin, int64_t end, void *scratch))
{
    const struct roi_pool *p = step->data;
    struct roi_job j = {.p = p,
                        .maps = cpu_in(step, run, 0),
                        .boxes = cpu_in(step, run, 1),
                        .offsets = cpu_in(step, run, 2),
                        .dst = cpu_out(step, run, 0)};

    cpu_parallel_range(run, p->boxes, p->pieces, piece, &j);
    return j.wrong
               ? vt_fail(run->err, VT_E_RANGE, "box %lld is of image %g, there are %lld",
                         (long long)(j.wrong - 1), (double)j.boxes[5 * (j.wrong - 1)], (long long)p->images)
               : VT_OK;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape, and maps with elements";
    for (int i = 0; i < op->n_in; i++) {
        if (op->in[i].type != VT_DYNAMIC && (op->in[i].type != VT_F32 || op->in[i].rank < 0)) {
            return false;
        }
    }
    return op->in[0].rank == 4 && op->in[1].rank == 2 && op->out[0].rank == 4 && op->in[0].count > 0;
}

static double cost(const struct cpu_op *op)
{
    return (double)op->out[0].count * 4;
}

static struct roi_pool *create(struct cpu_build *b, const struct cpu_op *op, struct cpu_step *step,
                               struct vt_error *err)
{
    struct roi_pool *p = cpu_plan_alloc(b, sizeof(*p));

    if (!p) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    *p = (struct roi_pool){
        .kernel = cpu_sample_f32_get(op->isa),
        .move = cpu_move_get(op->isa),
        .scale = (float)op->host->attr_f64(op->node, "spatial_scale"),
        .images = op->in[0].dims[0],
        .boxes = op->out[0].dims[0],
        .channels = op->in[0].dims[1],
        .height = op->in[0].dims[2],
        .width = op->in[0].dims[3],
        .pixel = cpu_build_in(b, step, 0)->pixel,
        .outputs = op->out[0].dims[1],
        .pooled_h = op->out[0].dims[2],
        .pooled_w = op->out[0].dims[3],
        .dst_pixel = cpu_build_out(b, step, 0)->pixel,
        .pieces = cpu_pieces(op, cost(op)),
    };
    step->data = p;
    return p;
}

/* ---- ROIPooling
 * ---------------------------------------------------------------------------------------------------- */

enum { STAYS_LAST, TO_PLANES };

static void largest(const struct roi_pool *p, const float *map, const float *box, int64_t row, int64_t column,
                    float *dst)
{
    float x = roundf(box[1] * p->scale), y = roundf(box[2] * p->scale);
    int64_t rows[2], columns[2];

    cell(y, fmaxf(roundf(box[4] * p->scale) - y + 1, 1), row, p->pooled_h, p->height, &rows[0], &rows[1]);
    cell(x, fmaxf(roundf(box[3] * p->scale) - x + 1, 1), column, p->pooled_w, p->width, &columns[0],
         &columns[1]);
    if (rows[0] >= rows[1] || columns[0] >= columns[1]) {
        memset(dst, 0, (size_t)p->channels * sizeof(*dst));
        return;
    }
    p->kernel->peak(map + (rows[0] * p->width + columns[0]) * p->pixel, p->width * p->pixel, p->pixel,
                    rows[1] - rows[0], columns[1] - columns[0], dst, p->channels);
}

static void one_place(const struct roi_pool *p, const float *map, const float *box, int64_t row,
                      int64_t column, float *dst)
{
    float y = between(box[2], box[4], row, p->pooled_h, p->height);
    float x = between(box[1], box[3], column, p->pooled_w, p->width);
    const float *rows[4];
    float weights[4];
    struct spot s;

    if (!inside(p, y, x)) {
        memset(dst, 0, (size_t)p->channels * sizeof(*dst));
        return;
    }
    spot_at(p, y, x, &s);
    for (int i = 0; i < 4; i++) {
        rows[i] = map + s.at[i] * p->pixel;
        weights[i] = (float)((i & 2 ? s.dy : 1 - s.dy) * (i & 1 ? s.dx : 1 - s.dx));
    }
    p->kernel->sum(rows, weights, 4, dst, p->channels, false);
}

static void pooling_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct roi_job *j = arg;
    const struct roi_pool *p = j->p;
    int64_t cells = p->pooled_h * p->pooled_w, pixel = p->turn.rank ? p->channels : p->dst_pixel, image;

    for (int64_t i = begin; i < end && image_of(j, i, &image); i++) {
        float *dst = p->turn.rank ? scratch : j->dst + i * cells * p->dst_pixel;
        const float *map = j->maps + image * p->height * p->width * p->pixel;

        for (int64_t c = 0; c < cells; c++) {
            if (image < 0) {
                memset(dst + c * pixel, 0, (size_t)p->channels * sizeof(*dst));
            } else {
                (p->bilinear ? one_place : largest)(p, map, j->boxes + 5 * i, c / p->pooled_w,
                                                    c % p->pooled_w, dst + c * pixel);
            }
        }
        if (p->turn.rank) {
            p->move->copy(&p->turn, dst, j->dst + i * cells * p->channels, 0, p->turn.units);
        }
    }
}

static int pooling_run(const struct cpu_step *step, struct cpu_run *run)
{
    return run_boxes(step, run, pooling_piece);
}

/* A box is turned into planes in the cache, for less than a reorder of them all costs. */
static int pooling_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_NXC, cost(op), STAYS_LAST};
    o[1] = (struct cpu_option){CPU_NXC, CPU_PLAIN, CPU_PLAIN, cost(op) + (double)op->out[0].count * 0.3,
                               TO_PLANES};
    return 2;
}

static int pooling_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    struct roi_pool *p = create(b, op, step, err);

    if (!p) {
        return VT_E_NOMEM;
    }
    p->bilinear = strcasecmp(op->host->attr_str(op->node, "method"), "bilinear") == 0;
    if (option->tag == TO_PLANES) {
        int64_t cells = p->pooled_h * p->pooled_w;

        if (!cpu_copy_plan(&p->turn, sizeof(float), 2, (int64_t[]){p->channels, cells},
                           (int64_t[]){1, p->channels}, (int64_t[]){cells, 1})) {
            return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: a copy over these shapes");
        }
        step->scratch = (size_t)(cells * p->channels) * sizeof(float);
    }
    step->run = op->out[0].count ? pooling_run : NULL;
    step->kernel = p->kernel->name;
    return VT_OK;
}

const struct cpu_impl cpu_impl_roi_pooling = {
    .name = "roi_pooling",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = supports,
    .options = pooling_options,
    .prepare = pooling_prepare,
};

/* ---- PSROIPooling, DeformablePSROIPooling
 * --------------------------------------------------------------------------- */

static double sum_spots(const struct roi_pool *p, const float *image, const struct spot *list, int64_t n,
                        int64_t plane)
{
    int64_t area = p->height * p->width;
    double sum = 0;

    for (int64_t i = 0; i < n; i++) {
        const struct spot *s = &list[i];
        const float *m = image + (s->plane + plane) * area;

        sum += (1 - s->dy) * ((1 - s->dx) * (double)m[s->at[0]] + s->dx * (double)m[s->at[1]]) +
               s->dy * ((1 - s->dx) * (double)m[s->at[2]] + s->dx * (double)m[s->at[3]]);
    }
    return sum;
}

/* First rows and columns of the cells along one axis, and the ends. */
static void cells_of(float begin, float length, int64_t n, int64_t in, int64_t *bounds)
{
    for (int64_t i = 0; i < n; i++) {
        cell(begin, length, i, n, in, &bounds[2 * i], &bounds[2 * i + 1]);
    }
}

static float mean_of(const float *plane, int64_t width, const int64_t rows[2], const int64_t columns[2])
{
    double sum = 0;

    if (rows[0] >= rows[1] || columns[0] >= columns[1]) {
        return 0;
    }
    for (int64_t i = rows[0]; i < rows[1]; i++) {
        for (int64_t k = columns[0]; k < columns[1]; k++) {
            sum += (double)plane[i * width + k];
        }
    }
    return (float)(sum / (double)((rows[1] - rows[0]) * (columns[1] - columns[0])));
}

static void average_box(const struct roi_pool *p, const float *image, const float *v, float *dst,
                        int64_t *bounds)
{
    float x = roundf(v[1]) * p->scale, y = roundf(v[2]) * p->scale;
    int64_t *rows = bounds, *columns = bounds + 2 * p->pooled_h, area = p->height * p->width;

    cells_of(y, fmaxf((roundf(v[4]) + 1) * p->scale - y, 0.1f), p->pooled_h, p->height, rows);
    cells_of(x, fmaxf((roundf(v[3]) + 1) * p->scale - x, 0.1f), p->pooled_w, p->width, columns);
    for (int64_t at = 0; at < p->outputs; at++) {
        for (int64_t r = 0; r < 2 * p->pooled_h; r += 2) {
            for (int64_t c = 0; c < 2 * p->pooled_w; c += 2, image += area) {
                *dst++ = mean_of(image, p->width, rows + r, columns + c);
            }
        }
    }
}

static void bilinear_box(const struct roi_pool *p, const float *image, const float *v, float *dst,
                         struct spot *list)
{
    float x = v[1] * p->scale, y = v[2] * p->scale;
    float width = (v[3] * p->scale - x) / (float)p->bins_x, height = (v[4] * p->scale - y) / (float)p->bins_y;
    int64_t cells = p->pooled_h * p->pooled_w, bins = p->bins_y * p->bins_x;

    for (int64_t c = 0; c < cells; c++) {
        int64_t n = 0;

        for (int64_t bin = 0; bin < bins; bin++) {
            float top = y + (float)(bin / p->bins_x) * height, left = x + (float)(bin % p->bins_x) * width;
            float fy = between(top, top + height, c / p->pooled_w, p->pooled_h, p->height);
            float fx = between(left, left + width, c % p->pooled_w, p->pooled_w, p->width);

            if (inside(p, fy, fx)) {
                spot_at(p, fy, fx, &list[n]);
                list[n++].plane = bin * p->channels / bins;
            }
        }
        for (int64_t o = 0; o < p->outputs; o++) {
            dst[o * cells + c] = (float)(sum_spots(p, image, list, n, o) / (double)bins);
        }
    }
}

/* Where a cell of a class begins. */
static void corner(const struct roi_job *j, int64_t box, const float begin[2], const float length[2],
                   int64_t class, const int64_t at[2], float place[2])
{
    const struct roi_pool *p = j->p;
    int64_t part[2];

    for (int i = 0; i < 2; i++) {
        part[i] = at[i] * p->part / p->pooled_w;
        place[i] = (float)at[i] * (length[i] / (float)p->pooled_w) + begin[i];
    }
    for (int i = 0; i < 2 && j->offsets; i++) {
        int64_t channel = (box * p->classes + class) * 2 + i;
        float offset = j->offsets[(channel * p->part + part[1]) * p->part + part[0]];

        place[i] += offset * p->spread * length[i];
    }
}

static void deformable_box(const struct roi_job *j, int64_t box, const float *image, float *dst,
                           struct spot *list)
{
    const struct roi_pool *p = j->p;
    const float *v = j->boxes + 5 * box;
    int64_t group = p->pooled_w, cells = group * group, bins = p->bins_y * p->bins_x;
    int64_t each = p->outputs / p->classes;
    float begin[2], length[2];

    for (int i = 0; i < 2; i++) {
        begin[i] = roundf(v[1 + i]) * p->scale - 0.5F;
        length[i] = fmaxf((roundf(v[3 + i]) + 1) * p->scale - 0.5F - begin[i], 0.1F);
    }
    for (int64_t at = 0; at < p->classes * cells; at++) {
        int64_t class = at / cells, place[2] = {at % group, at / group % group}, n = 0;
        float step[2], first[2];

        corner(j, box, begin, length, class, place, first);
        for (int i = 0; i < 2; i++) {
            step[i] = length[i] / (float)group / (float)(i ? p->bins_y : p->bins_x);
        }
        for (int64_t k = 0; k < bins; k++) {
            float x = first[0] + (float)(k % p->bins_x) * step[0];
            float y = first[1] + (float)(k / p->bins_x) * step[1];

            if (x >= -0.5F && x <= (float)p->width - 0.5F && y >= -0.5F && y <= (float)p->height - 0.5F) {
                spot_at(p, fminf(fmaxf(y, 0), (float)(p->height - 1)),
                        fminf(fmaxf(x, 0), (float)(p->width - 1)), &list[n]);
                list[n++].plane = at % cells;
            }
        }
        for (int64_t o = class * each; o < (class + 1) * each; o++) {
            double sum = sum_spots(p, image, list, n, o * cells);

            dst[o * cells + at % cells] = n ? (float)(sum / (double)n) : 0;
        }
    }
}

static void sensitive_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct roi_job *j = arg;
    const struct roi_pool *p = j->p;
    int64_t size = p->outputs * p->pooled_h * p->pooled_w, image;

    for (int64_t i = begin; i < end && image_of(j, i, &image); i++) {
        const float *map = j->maps + image * p->channels * p->height * p->width;
        float *dst = j->dst + i * size;

        if (image < 0) {
            memset(dst, 0, (size_t)size * sizeof(*dst));
        } else if (p->deformable) {
            deformable_box(j, i, map, dst, scratch);
        } else if (p->bilinear) {
            bilinear_box(p, map, j->boxes + 5 * i, dst, scratch);
        } else {
            average_box(p, map, j->boxes + 5 * i, dst, scratch);
        }
    }
}

static int sensitive_run(const struct cpu_step *step, struct cpu_run *run)
{
    return run_boxes(step, run, sensitive_piece);
}

#define MOST_BINS 4096 /* whose places are kept at once */

static bool sensitive_supports(const struct cpu_op *op, const char **reason)
{
    if (!supports(op, reason)) {
        return false;
    }
    *reason = "too many bins";
    return op->host->attr_i64(op->node, "spatial_bins_y") * op->host->attr_i64(op->node, "spatial_bins_x") <=
           MOST_BINS;
}

static int sensitive_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){CPU_PLAIN, CPU_PLAIN, CPU_PLAIN, cost(op), 0};
    return 1;
}

static int sensitive_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                             struct cpu_step *step, struct vt_error *err)
{
    struct roi_pool *p = create(b, op, step, err);
    size_t bounds, spots = 0;

    (void)option;
    if (!p) {
        return VT_E_NOMEM;
    }
    p->deformable = strcmp(op->type, "DeformablePSROIPooling") == 0;
    p->bilinear = p->deformable || strcasecmp(op->host->attr_str(op->node, "mode"), "bilinear") == 0;
    p->bins_y = op->host->attr_i64(op->node, "spatial_bins_y");
    p->bins_x = op->host->attr_i64(op->node, "spatial_bins_x");
    p->classes = 1;
    if (p->deformable) {
        p->part = op->host->attr_i64(op->node, "part_size");
        p->spread = (float)op->host->attr_f64(op->node, "trans_std");
        p->classes = op->n_in > 2 && op->in[2].type != VT_DYNAMIC ? op->in[2].dims[1] / 2 : 1;
    }
    bounds = (size_t)(2 * (p->pooled_h + p->pooled_w)) * sizeof(int64_t);
    if (p->bilinear) {
        spots = (size_t)(p->bins_y * p->bins_x) * sizeof(struct spot);
    }
    step->scratch = bounds > spots ? bounds : spots;
    step->run = op->out[0].count ? sensitive_run : NULL;
    return VT_OK;
}

const struct cpu_impl cpu_impl_psroi_pooling = {
    .name = "psroi_pooling",
    .supports = sensitive_supports,
    .options = sensitive_options,
    .prepare = sensitive_prepare,
};
