/* ExperimentalDetectron: DetectionOutput, TopKROIs and PriorGridGenerator. */
#include "boxes.h"

/* ---- DetectionOutput: a task for each class but the first, then the best of all */

struct output {
    const struct cpu_boxes_f32 *kernel;
    int64_t boxes, classes, room, post, rows;
    float least, most, grown, weights[4];
};

struct refined {
    float score, v[4];
};

struct output_job {
    const struct output *q;
    const float *boxes, *deltas, *scores;
    struct refined *found; /* [class][post] */
    int64_t *counts;
};

static bool output_supports(const struct cpu_op *op, const char **reason)
{
    int64_t classes = op->host->attr_i64(op->node, "num_classes"), n;

    if (!cpu_boxes_known(op, reason) || op->out[0].rank < 0) {
        return false;
    }
    op->host->attr_f64s(op->node, "deltas_weights", &n);
    *reason = "the sizes do not fit"; /* the reference says which */
    if (op->in[0].rank != 2 || op->in[1].rank != 2 || op->in[2].rank != 2 || n != 4 ||
        op->in[0].dims[1] != 4 || op->in[1].dims[1] != 4 * classes || op->in[2].dims[1] != classes ||
        op->in[1].dims[0] != op->in[0].dims[0] || op->in[2].dims[0] != op->in[0].dims[0]) {
        return false;
    }
    *reason = "too many boxes";
    return op->in[2].count < INT32_MAX;
}

/* Box `box` as class `class` sees it. */
static void refine(const struct output_job *j, int64_t box, int64_t class, float *v)
{
    const struct output *q = j->q;
    const float *b = j->boxes + box * 4, *delta = j->deltas + (box * q->classes + class) * 4;

    for (int i = 0; i < 2; i++) {
        float length = b[2 + i] - b[i] + 1, middle = b[i] + 0.5F * length;
        float grown = fminf(delta[2 + i] / q->weights[2 + i], q->grown);

        middle += delta[i] / q->weights[i] * length;
        length *= expf(grown);
        v[i] = fmaxf(0, middle - 0.5F * length);
        v[2 + i] = fmaxf(0, middle + 0.5F * length - 1);
    }
    v[CPU_BOX_AREA] = cpu_box_area(v, 1);
}

static void output_task(void *arg, int64_t task, void *scratch)
{
    struct output_job *j = arg;
    const struct output *q = j->q;
    int64_t class = task + 1, n = 0, sorted = 0;
    struct refined *found = j->found + task * q->post;
    /* Both ends of a box are included. */
    struct cpu_chooser c = cpu_chooser_in(scratch, q->kernel, (struct cpu_overlap){.pixel = 1}, q->room);

    for (int64_t box = 0; box < q->boxes; box++) {
        float score = j->scores[box * q->classes + class];

        c.keys[n] = cpu_key_of(score, box);
        n += score > q->least;
    }
    for (int64_t i = 0; i < n && c.kept.n < q->post; i++) {
        float v[CPU_BOX_COLUMNS];
        int64_t box;

        if (i == sorted) {
            sorted += cpu_keys_best(c.keys + i, c.room, n - i, 2 * (q->post - c.kept.n));
        }
        box = cpu_key_number(c.keys[i]);
        refine(j, box, class, v);
        if (!cpu_kept_hits(&c.kept, 0, v, q->most)) {
            found[c.kept.n].score = j->scores[box * q->classes + class];
            memcpy(found[c.kept.n].v, v, sizeof(found->v));
            cpu_kept_add(&c.kept, v);
        }
    }
    j->counts[task] = c.kept.n;
}

/* Numbers of what was found into `keys`: by class if there is room for all, otherwise the best. */
static int64_t arrange(const struct output_job *j, uint64_t *keys, uint64_t *room)
{
    const struct output *q = j->q;
    int64_t n = 0;

    for (int64_t task = 0; task < q->classes - 1; task++) {
        for (int64_t i = 0; i < j->counts[task]; i++, n++) {
            keys[n] = cpu_key_of(j->found[task * q->post + i].score, task * q->post + i);
        }
    }
    if (n > q->rows) {
        cpu_keys_best(keys, room, n, q->rows);
        n = q->rows;
    }
    return n;
}

static void output_store(const struct cpu_step *step, struct cpu_run *run, const struct output_job *j,
                         const uint64_t *keys, int64_t n)
{
    float *boxes = cpu_out(step, run, 0), *scores = cpu_out(step, run, 2);
    int32_t *classes = cpu_out(step, run, 1);

    for (int64_t i = 0; i < n; i++) {
        int64_t number = cpu_key_number(keys[i]);

        memcpy(boxes + i * 4, j->found[number].v, sizeof(j->found->v));
        classes[i] = (int32_t)(number / j->q->post + 1);
        scores[i] = j->found[number].score;
    }
    if (n < j->q->rows) {
        size_t left = (size_t)(j->q->rows - n);

        memset(boxes + n * 4, 0, left * 4 * sizeof(*boxes));
        memset(classes + n, 0, left * sizeof(*classes));
        memset(scores + n, 0, left * sizeof(*scores));
    }
}

static int output_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct output *q = step->data;
    struct output_job j = {.q = q,
                           .boxes = cpu_in(step, run, 0),
                           .deltas = cpu_in(step, run, 1),
                           .scores = cpu_in(step, run, 2)};
    int64_t all = (q->classes - 1) * q->post;
    uint64_t *keys = cpu_borrow(run, (size_t)(all + 1) * 2 * sizeof(*keys));
    int status = VT_OK;

    j.found = cpu_borrow(run, (size_t)(all + 1) * sizeof(*j.found));
    j.counts = cpu_borrow(run, (size_t)q->classes * sizeof(*j.counts));
    if (keys && j.found && j.counts) {
        cpu_parallel(run, q->classes - 1, output_task, &j);
        output_store(step, run, &j, keys, arrange(&j, keys, keys + all));
    } else {
        status = vt_fail(run->err, VT_E_NOMEM, "out of memory for %lld boxes", (long long)all);
    }
    cpu_return(run, j.counts);
    cpu_return(run, j.found);
    cpu_return(run, keys);
    return status;
}

static int output_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->in[2].count * 20};
    return 1;
}

static int output_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                          struct cpu_step *step, struct vt_error *err)
{
    struct output *q = cpu_plan_alloc(b, sizeof(*q));
    const struct vt_host *host = op->host;
    const double *weights;
    int64_t n;

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    weights = host->attr_f64s(op->node, "deltas_weights", &n);
    for (int i = 0; i < 4; i++) {
        q->weights[i] = (float)weights[i];
    }
    q->kernel = cpu_boxes_f32_get(op->isa);
    q->boxes = op->in[0].dims[0];
    q->classes = host->attr_i64(op->node, "num_classes");
    q->room = cpu_boxes_room(q->boxes);
    q->post = host->attr_i64(op->node, "post_nms_count");
    q->post = q->post < q->boxes ? q->post : q->boxes;
    q->rows = op->out[0].dims[0];
    q->least = (float)host->attr_f64(op->node, "score_threshold");
    q->most = (float)host->attr_f64(op->node, "nms_threshold");
    q->grown = (float)host->attr_f64(op->node, "max_delta_log_wh");
    step->scratch = cpu_chooser_bytes(q->room);
    step->run = output_run;
    step->data = q;
    return VT_OK;
}

const struct cpu_impl cpu_impl_detectron_output = {
    .name = "detectron_output",
    .supports = output_supports,
    .options = output_options,
    .prepare = output_prepare,
};

/* ---- TopKROIs */

struct top {
    int64_t boxes, room, rows;
};

static bool top_supports(const struct cpu_op *op, const char **reason)
{
    if (!cpu_boxes_known(op, reason) || op->out[0].rank < 0) {
        return false;
    }
    *reason = "the sizes do not fit";
    return op->in[0].rank == 2 && op->in[0].dims[1] == 4 && op->in[0].dims[0] < INT32_MAX &&
           op->in[1].count == op->in[0].dims[0];
}

static int top_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct top *q = step->data;
    const float *boxes = cpu_in(step, run, 0), *scores = cpu_in(step, run, 1);
    float *dst = cpu_out(step, run, 0);
    uint64_t *keys = (uint64_t *)(void *)run->scratch;
    int64_t n = q->rows < q->boxes ? q->rows : q->boxes;

    for (int64_t i = 0; i < q->boxes; i++) {
        keys[i] = cpu_key_of(scores[i], i);
    }
    cpu_keys_best(keys, keys + q->room, q->boxes, n);
    for (int64_t i = 0; i < n; i++) {
        memcpy(dst + i * 4, boxes + cpu_key_number(keys[i]) * 4, 4 * sizeof(*dst));
    }
    if (n < q->rows) {
        memset(dst + n * 4, 0, (size_t)(q->rows - n) * 4 * sizeof(*dst));
    }
    return VT_OK;
}

static int top_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                       struct cpu_step *step, struct vt_error *err)
{
    struct top *q = cpu_plan_alloc(b, sizeof(*q));

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    *q = (struct top){op->in[0].dims[0], cpu_boxes_room(op->in[0].dims[0]), op->out[0].dims[0]};
    step->scratch = (size_t)q->room * 2 * sizeof(uint64_t);
    step->run = top_run;
    step->data = q;
    return VT_OK;
}

const struct cpu_impl cpu_impl_detectron_top = {
    .name = "detectron_top",
    .supports = top_supports,
    .prepare = top_prepare,
};

/* ---- PriorGridGenerator */

struct grid {
    int64_t priors, h, w, all, pieces;
    float step[2];
};

struct grid_job {
    const struct grid *q;
    const float *priors;
    float *dst;
};

static bool grid_supports(const struct cpu_op *op, const char **reason)
{
    if (!cpu_boxes_known(op, reason) || op->out[0].rank < 0) {
        return false;
    }
    *reason = "the sizes do not fit"; /* the reference says which */
    return op->in[0].rank == 2 && op->in[0].dims[1] == 4 && op->in[1].rank == 4 && op->in[2].rank == 4 &&
           op->host->attr_i64(op->node, "h") <= op->in[1].dims[2] &&
           op->host->attr_i64(op->node, "w") <= op->in[1].dims[3];
}

typedef float four __attribute__((vector_size(16)));

static void grid_rows(void *arg, int64_t begin, int64_t end, void *scratch)
{
    const struct grid_job *j = arg;
    const struct grid *q = j->q;
    float *dst = j->dst + begin * q->w * q->priors * 4;

    (void)scratch;
    for (int64_t row = begin; row < end; row++) {
        float y = q->step[1] * ((float)row + 0.5F);

        for (int64_t column = 0; column < q->w; column++) {
            float x = q->step[0] * ((float)column + 0.5F);
            four middle = {x, y, x, y}, v;

            for (int64_t i = 0; i < q->priors; i++, dst += 4) {
                memcpy(&v, j->priors + i * 4, sizeof(v));
                v += middle;
                memcpy(dst, &v, sizeof(v));
            }
        }
    }
}

static int grid_run(const struct cpu_step *step, struct cpu_run *run)
{
    const struct grid *q = step->data;
    struct grid_job j = {q, cpu_in(step, run, 0), cpu_out(step, run, 0)};
    int64_t made = q->h * q->w * q->priors * 4;

    cpu_parallel_range(run, q->h, q->pieces, grid_rows, &j);
    if (made < q->all) {
        memset(j.dst + made, 0, (size_t)(q->all - made) * sizeof(*j.dst));
    }
    return VT_OK;
}

static int grid_options(const struct cpu_op *op, struct cpu_option *o)
{
    o[0] = (struct cpu_option){.cost = (double)op->out[0].count * 0.3};
    return 1;
}

static int grid_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                        struct cpu_step *step, struct vt_error *err)
{
    struct grid *q = cpu_plan_alloc(b, sizeof(*q));
    const int64_t *map = op->in[1].dims, *image = op->in[2].dims;

    (void)option;
    if (!q) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    q->priors = op->in[0].dims[0];
    q->h = op->host->attr_i64(op->node, "h");
    q->w = op->host->attr_i64(op->node, "w");
    q->h = q->h ? q->h : map[2];
    q->w = q->w ? q->w : map[3];
    q->step[0] = (float)op->host->attr_f64(op->node, "stride_x");
    q->step[1] = (float)op->host->attr_f64(op->node, "stride_y");
    q->step[0] = q->step[0] != 0 ? q->step[0] : (float)image[3] / (float)q->w;
    q->step[1] = q->step[1] != 0 ? q->step[1] : (float)image[2] / (float)q->h;
    q->all = op->out[0].count;
    q->pieces = cpu_pieces(op, (double)q->all * 0.3);
    step->run = grid_run;
    step->data = q;
    return VT_OK;
}

const struct cpu_impl cpu_impl_detectron_grid = {
    .name = "detectron_grid",
    .supports = grid_supports,
    .options = grid_options,
    .prepare = grid_prepare,
};
