/* ROIAlign, ROIAlignRotated and ExperimentalDetectronROIFeatureExtractor: cells of boxes as weighted sums of
 * places of a map, channels last. */
#include "impl.h"
#include "kernels/copy.h"
#include "kernels/sample.h"

#include <math.h>

#define MOST_SAMPLES (1 << 20) /* in a row or column of a cell */
#define MOST_LEVELS  8
#define MOST_TAPS    32 /* rows that one call of the kernel adds up */

struct level {
    int64_t height, width, pixel;
    float scale; /* of the pyramid: elements a unit of a box */
};

struct roi_align {
    const struct cpu_sample_f32 *kernel;
    const struct cpu_move *move;
    struct cpu_copy turn; /* of a box with its channels last into planes; rank 0: stays so */
    bool largest, aligned, wide, rotated, pyramid;
    float scale, before, after;
    double sign; /* of angles */
    int64_t ratio, images, boxes, channels, pooled_h, pooled_w;
    int n_levels;
    struct level levels[MOST_LEVELS];
    int64_t dst_pixel, pieces;
};

struct roi_job {
    const struct roi_align *r;
    const float *maps[MOST_LEVELS], *boxes;
    const void *images;
    float *dst;
    _Atomic int64_t wrong; /* a box plus one: of an image that is not there, or too large (negative) */
};

struct roi_box {
    const struct level *level;
    const float *map; /* NULL: all is 0 */
    bool turned;
    float x, y, cell_h, cell_w;
    float cosine, sine, height, width; /* of a turned box */
    int64_t rows, columns;             /* samples of a cell */
};

/* Four neighbours of a place; none outside of the map. */
static int corners(const struct roi_box *b, float y, float x, float share, const float **rows, float *weights)
{
    const struct level *l = b->level;
    int64_t top, left, bottom, right;
    float dy, dx;

    if (!(y >= -1 && y <= (float)l->height && x >= -1 && x <= (float)l->width)) {
        return 0;
    }
    y = fmaxf(y, 0);
    x = fmaxf(x, 0);
    top = (int64_t)y < l->height - 1 ? (int64_t)y : l->height - 1;
    left = (int64_t)x < l->width - 1 ? (int64_t)x : l->width - 1;
    bottom = top < l->height - 1 ? top + 1 : top;
    right = left < l->width - 1 ? left + 1 : left;
    dy = bottom == top ? 0 : y - (float)top;
    dx = right == left ? 0 : x - (float)left;
    rows[0] = b->map + (top * l->width + left) * l->pixel;
    rows[1] = b->map + (top * l->width + right) * l->pixel;
    rows[2] = b->map + (bottom * l->width + left) * l->pixel;
    rows[3] = b->map + (bottom * l->width + right) * l->pixel;
    weights[0] = (1 - dy) * (1 - dx) * share;
    weights[1] = (1 - dy) * dx * share;
    weights[2] = dy * (1 - dx) * share;
    weights[3] = dy * dx * share;
    return 4;
}

/* Sample (i, k) of cell (row, column). */
static int sample(const struct roi_box *b, int64_t row, int64_t column, int64_t i, int64_t k, float share,
                  const float **rows, float *weights)
{
    float y = ((float)row + ((float)i + 0.5f) / (float)b->rows) * b->cell_h;
    float x = ((float)column + ((float)k + 0.5f) / (float)b->columns) * b->cell_w;

    if (b->turned) {
        float v = y - b->height / 2, u = x - b->width / 2;

        y = v * b->cosine - u * b->sine;
        x = v * b->sine + u * b->cosine;
    }
    return corners(b, y + b->y, x + b->x, share, rows, weights);
}

/* Cells of a box of this size; false when there would be too many samples. */
static bool cut(const struct roi_align *r, float height, float width, struct roi_box *b)
{
    float rows = ceilf(height / (float)r->pooled_h), columns = ceilf(width / (float)r->pooled_w);

    b->cell_h = height / (float)r->pooled_h;
    b->cell_w = width / (float)r->pooled_w;
    if (!(rows < MOST_SAMPLES && columns < MOST_SAMPLES)) {
        return false;
    }
    b->rows = r->ratio ? r->ratio : rows > 1 ? (int64_t)rows : 1;
    b->columns = r->ratio ? r->ratio : columns > 1 ? (int64_t)columns : 1;
    return true;
}

static bool turned_box(const struct roi_align *r, const float *v, struct roi_box *b)
{
    double angle = r->sign * (double)v[4];

    b->x = v[0] * r->scale - 0.5f;
    b->y = v[1] * r->scale - 0.5f;
    b->width = v[2] * r->scale;
    b->height = v[3] * r->scale;
    b->cosine = (float)cos(angle);
    b->sine = (float)sin(angle);
    b->turned = b->cosine != 1 || b->sine != 0 || b->height != 0;
    return cut(r, b->height, b->width, b);
}

static bool upright_box(const struct roi_align *r, const float *v, float scale, struct roi_box *b)
{
    float edge[4], width, height;

    for (int i = 0; i < 4; i++) {
        edge[i] = (v[i] + r->before) * scale + r->after;
    }
    width = edge[2] - edge[0];
    height = edge[3] - edge[1];
    if (!r->aligned) {
        width = fmaxf(width, 1);
        height = fmaxf(height, 1);
    }
    b->x = edge[0];
    b->y = edge[1];
    return cut(r, height, width, b);
}

/* The level of a pyramid that a box is taken from: 2 for 224 by 224, 1 for half the length; -1: it has no
 * area. */
static int level_of(const float v[4], int levels)
{
    float area = (v[2] - v[0]) * (v[3] - v[1]), level;

    if (!(area > 0)) {
        return -1;
    }
    level = floorf(2 + log2f(sqrtf(area) / 224 + 1e-6f));
    return level > 0 ? level < (float)levels ? (int)level : levels - 1 : 0;
}

static bool pyramid_box(const struct roi_job *j, const float *v, struct roi_box *b)
{
    int level = level_of(v, j->r->n_levels);

    if (level < 0 || !j->r->levels[level].height || !j->r->levels[level].width) {
        return true;
    }
    b->level = &j->r->levels[level];
    b->map = j->maps[level];
    return upright_box(j->r, v, b->level->scale, b);
}

/* False with j->wrong set when there is no such box. */
static bool box_of(struct roi_job *j, int64_t box, struct roi_box *b)
{
    const struct roi_align *r = j->r;
    int64_t image;
    bool fits;

    *b = (struct roi_box){.level = &r->levels[0]};
    if (r->pyramid) {
        fits = pyramid_box(j, j->boxes + box * 4, b);
    } else {
        image = cpu_index_at(j->images, r->wide, box);
        if (image < 0 || image >= r->images) {
            j->wrong = box + 1;
            return false;
        }
        b->map = j->maps[0] + image * b->level->height * b->level->width * b->level->pixel;
        fits = r->rotated ? turned_box(r, j->boxes + box * 5, b)
                          : upright_box(r, j->boxes + box * 4, r->scale, b);
    }
    if (!fits) {
        j->wrong = -box - 1;
    }
    return fits;
}

/* One cell: the largest of its samples and 0. */
static void cell_largest(const struct roi_align *r, const struct roi_box *b, int64_t row, int64_t column,
                         float *dst, float *temp)
{
    memset(dst, 0, (size_t)r->channels * sizeof(*dst));
    for (int64_t i = 0; i < b->rows * b->columns; i++) {
        const float *rows[4];
        float weights[4];
        int taps = sample(b, row, column, i / b->columns, i % b->columns, 1, rows, weights);

        r->kernel->sum(rows, weights, taps, temp, r->channels, false);
        r->kernel->max(temp, dst, r->channels);
    }
}

/* The mean of its samples. */
static void cell_mean(const struct roi_align *r, const struct roi_box *b, int64_t row, int64_t column,
                      float *dst)
{
    float share = 1 / (float)(b->rows * b->columns);
    const float *rows[MOST_TAPS];
    float weights[MOST_TAPS];
    bool more = false;
    int taps = 0;

    for (int64_t i = 0; i < b->rows; i++) {
        for (int64_t k = 0; k < b->columns; k++) {
            if (taps + 4 > MOST_TAPS) {
                r->kernel->sum(rows, weights, taps, dst, r->channels, more);
                more = true;
                taps = 0;
            }
            taps += sample(b, row, column, i, k, share, rows + taps, weights + taps);
        }
    }
    r->kernel->sum(rows, weights, taps, dst, r->channels, more);
}

/* Rows [first, last) of the cells of a box, `pixel` elements from cell to cell; false: there is no such box.
 */
static bool cells(struct roi_job *j, int64_t box, int64_t first, int64_t last, float *dst, int64_t pixel,
                  float *temp)
{
    const struct roi_align *r = j->r;
    struct roi_box b;

    if (!box_of(j, box, &b)) {
        return false;
    }
    for (int64_t row = first; row < last; row++) {
        for (int64_t column = 0; column < r->pooled_w; column++, dst += pixel) {
            if (!b.map) {
                memset(dst, 0, (size_t)r->channels * sizeof(*dst));
            } else if (r->largest) {
                cell_largest(r, &b, row, column, dst, temp);
            } else {
                cell_mean(r, &b, row, column, dst);
            }
        }
    }
    return true;
}

/* Units: rows of cells of all boxes. */
static void roi_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct roi_job *j = arg;
    const struct roi_align *r = j->r;

    for (int64_t u = begin; u < end; u++) {
        int64_t row = u % r->pooled_h;

        if (!cells(j, u / r->pooled_h, row, row + 1, j->dst + u * r->pooled_w * r->dst_pixel, r->dst_pixel,
                   scratch)) {
            return;
        }
    }
}

/* Units: boxes, which are turned into planes while they are in the cache. */
static void turned_piece(void *arg, int64_t begin, int64_t end, void *scratch)
{
    struct roi_job *j = arg;
    const struct roi_align *r = j->r;
    float *box = (float *)scratch + r->channels;

    for (int64_t i = begin; i < end; i++) {
        if (!cells(j, i, 0, r->pooled_h, box, r->channels, scratch)) {
            return;
        }
        r->move->copy(&r->turn, box, j->dst + i * r->channels * r->pooled_h * r->pooled_w, 0, r->turn.units);
    }
}

static int roi_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct roi_align *r = step->data;
    struct roi_job j = {.r = r, .boxes = cpu_in(step, run, !r->pyramid), .dst = cpu_out(step, run, 0)};
    int64_t box, units = r->turn.rank ? r->boxes : r->boxes * r->pooled_h;

    for (int i = 0; i < r->n_levels; i++) {
        j.maps[i] = cpu_in(step, run, i + r->pyramid);
    }
    if (r->pyramid) {
        memcpy(cpu_out(step, run, 1), j.boxes, (size_t)r->boxes * 4 * sizeof(float));
    } else {
        j.images = cpu_in(step, run, 2);
        units = r->levels[0].height && r->levels[0].width ? units : 0;
    }
    cpu_parallel_range(run, r->channels ? units : 0, r->pieces, r->turn.rank ? turned_piece : roi_piece, &j);
    box = j.wrong;
    if (box > 0) {
        return vt_fail(run->err, VT_E_RANGE, "batch_indices[%lld] is %lld, there are %lld images",
                       (long long)(box - 1), (long long)cpu_index_at(j.images, r->wide, box - 1),
                       (long long)r->images);
    }
    return box ? vt_fail(run->err, VT_E_RANGE, "box %lld is too large", (long long)(-box - 1)) : VT_OK;
}

enum { STAYS_LAST, TO_PLANES };

static double roi_cost(const struct cpu_op *op)
{
    return (double)op->out[0].count * 4;
}

static int out_options(const struct cpu_op *op, enum cpu_layout in, enum cpu_layout rest,
                       struct cpu_option *o)
{
    double turning = (double)op->out[0].count * 0.3;

    o[0] = (struct cpu_option){in, rest, CPU_NXC, roi_cost(op), STAYS_LAST};
    o[1] = (struct cpu_option){in, rest, CPU_PLAIN, roi_cost(op) + turning, TO_PLANES};
    return 2;
}

/* What all three are prepared alike in. */
static struct roi_align *roi_create(struct cpu_build *b, const struct cpu_op *op,
                                    const struct cpu_option *option, struct cpu_step *step, int maps, int n,
                                    struct vt_error *err)
{
    struct roi_align *r = cpu_plan_alloc(b, sizeof(*r));

    if (!r) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    *r = (struct roi_align){
        .kernel = cpu_sample_f32_get(op->isa),
        .move = cpu_move_get(op->isa),
        .ratio = op->host->attr_i64(op->node, "sampling_ratio"),
        .images = op->in[maps].dims[0],
        .boxes = op->out[0].dims[0],
        .channels = op->out[0].dims[1],
        .pooled_h = op->out[0].dims[2],
        .pooled_w = op->out[0].dims[3],
        .n_levels = n,
        .dst_pixel = cpu_build_out(b, step, 0)->pixel,
        .pieces = cpu_pieces(op, roi_cost(op)),
    };
    for (int i = 0; i < n; i++) {
        r->levels[i] = (struct level){.height = op->in[maps + i].dims[2],
                                      .width = op->in[maps + i].dims[3],
                                      .pixel = cpu_build_in(b, step, maps + i)->pixel};
    }
    step->scratch = (size_t)r->channels * sizeof(float);
    if (option->tag == TO_PLANES) {
        int64_t area = r->pooled_h * r->pooled_w;

        cpu_copy_plan(&r->turn, sizeof(float), 2, (int64_t[]){r->channels, area}, (int64_t[]){1, r->channels},
                      (int64_t[]){area, 1});
        step->scratch += (size_t)(area * r->channels) * sizeof(float);
    }
    step->run = r->boxes ? roi_run : NULL;
    step->data = r;
    step->kernel = r->kernel->name;
    return r;
}

/* ---- ROIAlign, ROIAlignRotated
 * -------------------------------------------------------------------------------------- */

static bool roi_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape";
    if (op->in[0].type != VT_F32 || op->in[1].type != VT_F32 || op->in[0].rank != 4 || op->in[1].rank != 2 ||
        op->in[2].rank != 1 || op->out[0].rank != 4) {
        return false;
    }
    *reason = "batch indices are neither i32 nor i64";
    if (!cpu_is_index(&op->in[2])) {
        return false;
    }
    *reason = "a mode that is neither avg nor max";
    return strcmp(op->type, "ROIAlignRotated") == 0 ||
           strcasecmp(op->host->attr_str(op->node, "mode"), "avg") == 0 ||
           strcasecmp(op->host->attr_str(op->node, "mode"), "max") == 0;
}

static int roi_options(const struct cpu_op *op, struct cpu_option *o)
{
    return out_options(op, CPU_NXC, CPU_PLAIN, o);
}

static int roi_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                       struct cpu_step *step, struct vt_error *err)
{
    struct roi_align *r = roi_create(b, op, option, step, 0, 1, err);
    const char *mode = "asymmetric";

    if (!r) {
        return VT_E_NOMEM;
    }
    r->wide = op->in[2].type == VT_I64;
    r->scale = (float)op->host->attr_f64(op->node, "spatial_scale");
    r->rotated = strcmp(op->type, "ROIAlignRotated") == 0;
    if (r->rotated) {
        r->sign = op->host->attr_i64(op->node, "clockwise_mode") ? -1 : 1;
        return VT_OK;
    }
    if (op->host->node_opset(op->node) != 3) {
        mode = op->host->attr_str(op->node, "aligned_mode");
    }
    r->largest = strcasecmp(op->host->attr_str(op->node, "mode"), "max") == 0;
    r->aligned = strcasecmp(mode, "asymmetric") != 0;
    if (r->aligned) {
        r->before = strcasecmp(mode, "half_pixel") == 0 ? 0.5f : 0;
        r->after = -0.5f;
    }
    return VT_OK;
}

const struct cpu_impl cpu_impl_roi_align = {
    .name = "roi_align",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = roi_supports,
    .options = roi_options,
    .prepare = roi_prepare,
};

/* ---- ExperimentalDetectronROIFeatureExtractor
 * ----------------------------------------------------------------------- */

static bool pyramid_supports(const struct cpu_op *op, const char **reason)
{
    *reason = "only f32 of known shape, and at most 8 levels";
    if (op->in[0].type != VT_F32 || op->in[0].rank != 2 || op->out[0].rank != 4 ||
        op->n_in > 1 + MOST_LEVELS) {
        return false;
    }
    for (int i = 1; i < op->n_in; i++) {
        if (op->in[i].rank != 4) {
            return false;
        }
    }
    return true;
}

static int pyramid_options(const struct cpu_op *op, struct cpu_option *o)
{
    return out_options(op, CPU_PLAIN, CPU_NXC, o);
}

static int pyramid_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                           struct cpu_step *step, struct vt_error *err)
{
    struct roi_align *r = roi_create(b, op, option, step, 1, op->n_in - 1, err);
    const int64_t *scales;
    int64_t n;

    if (!r) {
        return VT_E_NOMEM;
    }
    r->pyramid = true;
    r->after = op->host->attr_i64(op->node, "aligned") ? -0.5f : 0;
    scales = op->host->attr_i64s(op->node, "pyramid_scales", &n);
    for (int i = 0; i < r->n_levels; i++) {
        r->levels[i].scale = 1 / (float)scales[i];
    }
    return VT_OK;
}

const struct cpu_impl cpu_impl_roi_pyramid = {
    .name = "roi_pyramid",
    .flags = CPU_READS_STRIDED | CPU_WRITES_STRIDED,
    .supports = pyramid_supports,
    .options = pyramid_options,
    .prepare = pyramid_prepare,
};
