#include "fusion.h"

#include "element.h"
#include "log.h"
#include "match.h"

#include <math.h>
#include <stdlib.h>

enum { SCALE = 2, BIAS = 3 };

static bool is_fused(const struct vt_node *node)
{
    return node->op->opset == 0;
}

static bool has_input(const struct vt_node *node, int input)
{
    return input < node->n_in && node->in[input].node;
}

/* Scale and shift that the root has already; false when they cannot be changed. */
static bool load_columns(struct vt_fusion *f)
{
    const struct vt_node *root = f->root;
    int64_t n = f->columns;

    for (int64_t i = 0; i < n; i++) {
        f->scale[i] = 1;
        f->shift[i] = 0;
    }
    if (!is_fused(root)) {
        return true;
    }
    return f->program.n == 0 &&
           (!has_input(root, SCALE) || vt_match_per_axis(root->in[SCALE], 1, 0, n, f->scale)) &&
           (!has_input(root, BIAS) || vt_match_per_axis(root->in[BIAS], 1, 0, n, f->shift));
}

int vt_fusion_init(struct vt_fusion *f, const char *pass, struct vt_node *root, int axis, int64_t columns,
                   bool (*accept)(const void *ctx, struct vt_port operand), struct vt_error *err)
{
    *f = (struct vt_fusion){
        .pass = pass, .root = root, .tail = vt_port_of(root, 0), .axis = axis, .columns = columns};
    f->program.first = VT_FUSION_OPERANDS;
    f->program.accept = accept;
    f->program.accept_ctx = f;
    if (is_fused(root) && !vt_program_load(&f->program, root, VT_FUSION_OPERANDS)) {
        f->program.n = VT_POST_MAX_STEPS; /* nothing can be added */
    }
    if (columns > 0) {
        f->scale = calloc((size_t)columns, sizeof(double));
        f->shift = calloc((size_t)columns, sizeof(double));
        f->values = calloc((size_t)columns, 4 * sizeof(double));
        if (!f->scale || !f->shift || !f->values) {
            vt_fusion_finish(f);
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
        if (!load_columns(f)) {
            f->columns = 0;
        }
    }
    return VT_OK;
}

void vt_fusion_finish(struct vt_fusion *f)
{
    free(f->scale);
    free(f->shift);
    free(f->values);
    f->scale = f->shift = f->values = NULL;
}

bool vt_fusion_per_column(const struct vt_fusion *f, struct vt_port operand)
{
    const struct vt_pshape *s = &vt_port_output(operand)->v.shape;
    const struct vt_pshape *result = &f->root->out[0].v.shape;

    if (!vt_match_fits(s, result)) {
        return false;
    }
    for (int i = 0; i < s->rank; i++) {
        if (s->dims[i].min != 1 && i != f->axis - (result->rank - s->rank)) {
            return false;
        }
    }
    return true;
}

/* ---- scale and shift */

/* acc becomes a * acc + b in every column; false when a number is not finite in f32. */
static bool fold_columns(struct vt_fusion *f, const double *a, const double *b)
{
    for (int64_t i = 0; i < f->columns; i++) {
        double scale = f->scale[i] * (a ? a[i] : 1), shift = f->shift[i] * (a ? a[i] : 1) + (b ? b[i] : 0);

        if (!isfinite((float)scale) || !isfinite((float)shift)) {
            return false;
        }
    }
    for (int64_t i = 0; i < f->columns; i++) {
        f->scale[i] *= a ? a[i] : 1;
        f->shift[i] = f->shift[i] * (a ? a[i] : 1) + (b ? b[i] : 0);
    }
    f->scaled |= a != NULL;
    f->shifted |= b != NULL;
    return true;
}

static bool fold_arithmetic(struct vt_fusion *f, const struct vt_node *node, int side)
{
    int rank = f->root->out[0].v.shape.rank;
    double *v = f->values, *minus = f->values + f->columns;

    if (rank < 1 || !vt_match_per_axis(node->in[1 - side], rank, f->axis, f->columns, v)) {
        return false;
    }
    if (vt_node_is(node, "Add")) {
        return fold_columns(f, NULL, v);
    }
    if (vt_node_is(node, "Multiply")) {
        return fold_columns(f, v, NULL);
    }
    for (int64_t i = 0; i < f->columns; i++) {
        minus[i] = vt_node_is(node, "Subtract") ? -v[i] : 1 / v[i];
    }
    if (vt_node_is(node, "Subtract") && side == 0) {
        return fold_columns(f, NULL, minus);
    }
    if (vt_node_is(node, "Subtract")) {
        for (int64_t i = 0; i < f->columns; i++) {
            minus[i] = -1;
        }
        return fold_columns(f, minus, v);
    }
    return vt_node_is(node, "Divide") && side == 0 && fold_columns(f, minus, NULL);
}

/* gamma, beta, mean, variance; the first opset has the data in between. */
static bool fold_batch_norm(struct vt_fusion *f, const struct vt_node *node, int side)
{
    static const int old[] = {0, 1, 3, 4}, now[] = {1, 2, 3, 4};
    const int *at = node->op->opset < 5 ? old : now;
    double eps = vt_attr_f64(node, "epsilon"), *v = f->values;
    int64_t n = f->columns;

    if (side != (node->op->opset < 5 ? 2 : 0) || f->axis != 1 || node->out[0].v.type != VT_F32) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        const struct vt_tensor *t = vt_match_constant(node->in[at[i]]);

        if (!t || t->rank != 1 || t->dims[0] != n ||
            !vt_match_per_axis(node->in[at[i]], 1, 0, n, v + i * n)) {
            return false;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        double a = v[i] / sqrt(v[3 * n + i] + eps);

        v[n + i] -= v[2 * n + i] * a;
        v[i] = a;
    }
    return fold_columns(f, v, v + n);
}

static bool fold(struct vt_fusion *f, const struct vt_node *node, int side)
{
    if (f->columns <= 0 || f->program.n) {
        return false;
    }
    if (vt_node_is(node, "BatchNormInference")) {
        return fold_batch_norm(f, node, side);
    }
    return node->n_in == 2 && vt_match_elementwise(node) && fold_arithmetic(f, node, side);
}

/* ---- taking in consumers */

void vt_fusion_extend(struct vt_fusion *f)
{
    struct vt_node *node;
    int side;

    while (f->n_taken < VT_FUSION_NODES && (node = vt_match_consumer(f->tail, &side)) && node->n_out == 1) {
        if (!fold(f, node, side) && !vt_program_append(&f->program, node, side)) {
            return;
        }
        f->taken[f->n_taken++] = node;
        f->tail = vt_port_of(node, 0);
    }
}

/* ---- the fused node */

static int set_columns(struct vt_fusion *f, struct vt_node *now, int input, const double *values,
                       const char *what, struct vt_error *err)
{
    struct vt_node *constant;
    char name[128];

    snprintf(name, sizeof(name), "%.100s/%s", f->root->name, what);
    constant = vt_rewrite_f32s(now->graph, name, f->columns, values, err);
    if (!constant) {
        return vt_failed(err);
    }
    return vt_node_set_input(now, input, vt_port_of(constant, 0));
}

static int connect(struct vt_fusion *f, struct vt_node *now, struct vt_error *err)
{
    struct vt_node *root = f->root;
    int status = vt_node_set_input(now, 0, root->in[0]);

    if (status == VT_OK) {
        status = vt_node_set_input(now, 1, root->in[1]);
    }
    for (int i = SCALE; status == VT_OK && is_fused(root) && i <= BIAS; i++) {
        status = has_input(root, i) ? vt_node_set_input(now, i, root->in[i]) : VT_OK;
    }
    if (status == VT_OK && f->scaled) {
        status = set_columns(f, now, SCALE, f->scale, "scale", err);
    }
    if (status == VT_OK && (f->shifted || (f->scaled && now->in[BIAS].node))) {
        status = set_columns(f, now, BIAS, f->shift, "bias", err);
    }
    for (int i = 0; status == VT_OK && i < f->program.n_operands; i++) {
        status = vt_node_set_input(now, VT_FUSION_OPERANDS + i, f->program.operands[i]);
    }
    return status;
}

struct vt_node *vt_fusion_build(struct vt_fusion *f, const char *op, struct vt_error *err)
{
    const struct vt_op_def *def = vt_op_find(op, 0);
    struct vt_node *now;

    if (!def) {
        vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s", op);
        return NULL;
    }
    now = vt_node_create(f->root->graph, def, f->root->name, VT_FUSION_OPERANDS + f->program.n_operands, 1,
                         err);
    if (!now) {
        return NULL;
    }
    vt_rewrite_copy_attrs(now, f->root);
    if (vt_program_store(&f->program, now) || connect(f, now, err)) {
        vt_fail(err, VT_E_NOMEM, "out of memory");
        return NULL;
    }
    return now;
}

int vt_fusion_replace(struct vt_fusion *f, struct vt_node *now, struct vt_error *err)
{
    struct vt_error refused = {0};

    if (vt_node_infer(now, &refused)) {
        vt_trace(VT_LOG_PASSES, "%s: '%s' stays as it is: %s", f->pass, f->root->name, refused.text);
        vt_rewrite_prune(now);
        return VT_OK;
    }
    vt_node_fused(now, f->root);
    for (int i = 0; i < f->n_taken - 1; i++) {
        vt_node_fused(now, f->taken[i]);
    }
    return vt_rewrite_replace(f->pass, f->tail.node, now, err);
}
