#include "ops/post.h"

#include "ops/broadcast.h"

/* Consecutive rows must be one stride apart over all row axes, or not move at all. */
static bool rows_uniform(const struct cpu_op *op, const struct cpu_post_axes *axes, const ptrdiff_t *stride,
                         ptrdiff_t *row_stride)
{
    ptrdiff_t expect = 0;

    *row_stride = 0;
    for (int i = axes->n_row - 1; i >= 0; i--) {
        int axis = axes->row[i];
        int64_t dim = op->out[0].dims[axis];

        if (dim == 1) {
            continue;
        }
        if (expect == 0 && *row_stride == 0) {
            *row_stride = stride[axis];
            expect = stride[axis] * dim;
            if (stride[axis] == 0) {
                expect = -1; /* all the others must repeat too */
            }
        } else if (expect == -1 ? stride[axis] != 0 : stride[axis] != expect) {
            return false;
        } else if (expect != -1) {
            expect *= dim;
        }
    }
    return true;
}

static bool operand_fits(const struct cpu_op *op, const struct cpu_post_axes *axes, const struct cpu_arg *arg,
                         const struct cpu_value *v, struct cpu_epilogue_step *out)
{
    ptrdiff_t stride[VT_MAX_RANK];

    if (arg->type != VT_F32 || arg->rank < 0 || arg->rank > axes->rank) {
        return false;
    }
    cpu_operand_strides(arg, v, axes->rank, stride);
    for (int i = 0; i < CPU_BATCH_DIMS; i++) {
        out->batch[i] = i < axes->n_batch ? stride[axes->batch[i]] : 0;
    }
    out->col_stride = stride[axes->column];
    return (out->col_stride == 0 || out->col_stride == 1) && rows_uniform(op, axes, stride, &out->row_stride);
}

static const double *steps_of(const struct cpu_op *op, int *count)
{
    int64_t n = 0;
    const double *post = NULL;

    *count = 0;
    if (op->host->node_opset(op->node) == 0) {
        post = op->host->attr_f64s(op->node, "post", &n);
        *count = (int)(n / VT_POST_STEP);
    }
    return post;
}

bool cpu_post_supported(const struct cpu_op *op, const struct cpu_post_axes *axes, const char **reason)
{
    int count;
    const double *post = steps_of(op, &count);

    *reason = "an operand of the fused program has a shape that the epilogue cannot take";
    if (count > VT_POST_MAX_STEPS) {
        *reason = "the fused program is too long";
        return false;
    }
    for (int i = 0; i < count; i++) {
        int input = (int)post[i * VT_POST_STEP + 1];
        struct cpu_epilogue_step s;
        /* Before layouts are chosen, an operand of full rank is taken to come in the result's own layout. */
        struct cpu_value v = {.layout = CPU_PLAIN};

        if (input < 0) {
            continue;
        }
        if (input >= op->n_in) {
            return false;
        }
        if (axes->column == 1 && op->in[input].rank == axes->rank && axes->rank >= 3) {
            v.layout = CPU_NXC;
            v.pixel = op->in[input].dims[1];
        }
        if (!operand_fits(op, axes, &op->in[input], op->in[input].raw ? NULL : &v, &s)) {
            return false;
        }
    }
    return true;
}

int cpu_post_leading_sum(const struct cpu_op *op)
{
    int count, input;
    const double *post = steps_of(op, &count);

    if (count == 0 || (enum vt_post_kind)(int)post[0] != VT_POST_ADD) {
        return -1;
    }
    input = (int)post[1];
    if (input < 0 || input >= op->n_in || op->in[input].raw || op->in[input].rank != op->out[0].rank ||
        memcmp(op->in[input].dims, op->out[0].dims, (size_t)op->out[0].rank * sizeof(op->out[0].dims[0])) !=
            0) {
        return -1;
    }
    return input;
}

int cpu_post_prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_step *step,
                     const struct cpu_post_axes *axes, int bias, struct cpu_post *post, struct vt_error *err)
{
    int count;
    const double *steps = steps_of(op, &count);

    *post = (struct cpu_post){0};
    if (bias >= 0 && bias < op->n_in && op->in[bias].type != VT_DYNAMIC && op->in[bias].raw) {
        post->form.bias = cpu_constant_f32(b, &op->in[bias], err);
        if (!post->form.bias) {
            return VT_E_NOMEM;
        }
    }
    post->form.step_count = count;
    for (int i = 0; i < count; i++) {
        const double *s = steps + i * VT_POST_STEP;
        struct cpu_epilogue_step *out = &post->form.steps[i];
        int input = (int)s[1];

        post->input[i] = -1;
        out->kind = (enum vt_post_kind)(int)s[0];
        out->a = (float)s[2];
        out->b = (float)s[3];
        if (input < 0) {
            continue;
        }
        /* Constants come dense and plain: a constant of the full NXC rank has its axes where the graph has
         * them, which cpu_operand_strides reads as plain. */
        if (!operand_fits(op, axes, &op->in[input], cpu_build_in(b, step, input), out)) {
            return vt_fail(err, VT_E_UNSUPPORTED, "not implemented: operand %d of the fused program", input);
        }
        if (op->in[input].raw) {
            out->src = cpu_constant_f32(b, &op->in[input], err);
            if (!out->src) {
                return VT_E_NOMEM;
            }
        } else {
            post->input[i] = input;
        }
    }
    return VT_OK;
}

const struct cpu_epilogue *cpu_post_bind(const struct cpu_post *post, const struct cpu_step *step,
                                         const struct cpu_run *run, struct cpu_epilogue *local)
{
    bool copied = false;

    if (!post->form.bias && !post->form.step_count) {
        return NULL;
    }
    for (int i = 0; i < post->form.step_count; i++) {
        if (post->input[i] >= 0) {
            if (!copied) {
                memcpy(local, &post->form,
                       offsetof(struct cpu_epilogue, steps) +
                           sizeof(post->form.steps[0]) * (size_t)post->form.step_count);
                copied = true;
            }
            local->steps[i].src = cpu_in(step, run, post->input[i]);
        }
    }
    return copied ? local : &post->form;
}
