/* Two operations as an extension of the runtime: a shared object that ov_core_add_extension() loads.
 *
 *   ScaledSwish  y = scale * x / (1 + exp(-beta * x)), element by element
 *   SelectAbove  the elements of a tensor that are above a limit, and where they are: how many there are
 *                depends on the data
 *
 * Only vintner_extension.h is needed, and nothing is linked. docs/EXTENSIONS.md explains each step. */
#include "vintner_extension.h"

#include <math.h>
#include <string.h>

/* ---- ScaledSwish */

static const vt_extension_attr_t swish_attrs[] = {
    {.name = "beta", .type = VT_EXTENSION_ATTR_F64, .standard = "1"},
    {.name = "scale", .type = VT_EXTENSION_ATTR_F64, .standard = "1", .min = 0.001, .max = 1000},
};

static int swish_infer(vt_extension_infer_t *c)
{
    if (c->inputs[0]->type != VT_EXTENSION_F32 && c->inputs[0]->type != VT_EXTENSION_DYNAMIC) {
        return c->host->fail(c->call, "input 0 must have elements of type f32");
    }
    /* What is known of the input is known of the output, but for the elements. */
    *c->outputs[0] = *c->inputs[0];
    c->outputs[0]->data = NULL;
    return 0;
}

static int swish_evaluate(vt_extension_evaluate_t *c)
{
    float beta = (float)c->host->attr_f64(c->call, "beta");
    float scale = (float)c->host->attr_f64(c->call, "scale");
    const float *src = c->inputs[0]->data;
    float *dst = c->outputs[0]->data;
    size_t n = c->outputs[0]->bytes / sizeof(*dst);
    for (size_t i = 0; i < n; i++) {
        dst[i] = scale * src[i] / (1 + expf(-beta * src[i]));
    }
    return 0;
}

/* ---- SelectAbove: output 0 has the elements, output 1 their places in the flat input. */

static const vt_extension_attr_t select_attrs[] = {
    {.name = "limit", .type = VT_EXTENSION_ATTR_F64, .required = 1},
};

static int select_infer(vt_extension_infer_t *c)
{
    const vt_extension_value_t *src = c->inputs[0];
    if (src->type != VT_EXTENSION_F32 && src->type != VT_EXTENSION_DYNAMIC) {
        return c->host->fail(c->call, "input 0 must have elements of type f32");
    }
    /* At most all of them: a bound lets the runtime reserve memory. */
    int64_t most = src->rank < 0 ? -1 : 1;
    for (int32_t i = 0; i < src->rank && most >= 0; i++) {
        most = src->dims[i].max < 0 || (most && src->dims[i].max > INT64_MAX / most)
                   ? -1
                   : most * src->dims[i].max;
    }
    for (int i = 0; i < 2; i++) {
        c->outputs[i]->type = i ? VT_EXTENSION_I64 : VT_EXTENSION_F32;
        c->outputs[i]->rank = 1;
        c->outputs[i]->dims[0].min = 0;
        c->outputs[i]->dims[0].max = most;
    }
    return 0;
}

static int select_evaluate(vt_extension_evaluate_t *c)
{
    float limit = (float)c->host->attr_f64(c->call, "limit");
    const float *src = c->inputs[0]->data;
    int64_t n = (int64_t)(c->inputs[0]->bytes / sizeof(*src)), found = 0;
    for (int64_t i = 0; i < n; i++) {
        found += src[i] > limit;
    }
    if (c->host->output(c->call, 0, 1, &found) || c->host->output(c->call, 1, 1, &found)) {
        return -1;
    }
    float *values = c->outputs[0]->data;
    int64_t *places = c->outputs[1]->data;
    for (int64_t i = 0, at = 0; i < n; i++) {
        if (src[i] > limit) {
            values[at] = src[i];
            places[at++] = i;
        }
    }
    return 0;
}

/* ---- the table */

static const vt_extension_op_t swish = {
    .size = sizeof(swish),
    .name = "ScaledSwish",
    .opset = "extension",
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .attrs = swish_attrs,
    .n_attrs = sizeof(swish_attrs) / sizeof(swish_attrs[0]),
    .attr_size = sizeof(swish_attrs[0]),
    .infer = swish_infer,
    .evaluate = swish_evaluate,
};

static const vt_extension_op_t select_above = {
    .size = sizeof(select_above),
    .name = "SelectAbove",
    .opset = "extension",
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 2,
    .flags = VT_EXTENSION_DATA_SHAPE,
    .attrs = select_attrs,
    .n_attrs = sizeof(select_attrs) / sizeof(select_attrs[0]),
    .attr_size = sizeof(select_attrs[0]),
    .infer = select_infer,
    .evaluate = select_evaluate,
};

static const vt_extension_op_t *const ops[] = {&swish, &select_above};

static const vt_extension_t table = {
    .abi = VT_EXTENSION_ABI(vt_extension_t),
    .name = "custom operations",
    .version = "1.0",
    .n_ops = sizeof(ops) / sizeof(ops[0]),
    .ops = ops,
};

VT_EXTENSION_EXPORT const vt_extension_t *vt_extension_entry(int host_major, int host_minor)
{
    (void)host_minor;
    return host_major == VT_EXTENSION_ABI_MAJOR ? &table : NULL;
}
