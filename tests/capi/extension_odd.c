/* An extension for tests: operations that do all that is allowed, and some that lie. */
#include "vintner_extension.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- Probe: gives back what it was told, as numbers */

static const vt_extension_attr_t probe_attrs[] = {
    {"count", VT_EXTENSION_ATTR_I64, 0, "7", NULL, 1, 9},
    {"ratio", VT_EXTENSION_ATTR_F64, 0, "0.5", NULL, 0.25, 0.75},
    {"flag", VT_EXTENSION_ATTR_BOOL, 0, "true", NULL, 0, 0},
    {"mode", VT_EXTENSION_ATTR_TEXT, 0, "near", "near|far", 0, 0},
    {"list", VT_EXTENSION_ATTR_I64S, 0, "1, 2", NULL, -5, 5},
    {"reals", VT_EXTENSION_ATTR_F64S, 0, "0.5,1.5", NULL, 0, 0},
    {"type", VT_EXTENSION_ATTR_TYPE, 0, "f32", NULL, 0, 0},
    {"shape", VT_EXTENSION_ATTR_SHAPE, 0, "2,?,1..4", NULL, 0, 0},
    {"need", VT_EXTENSION_ATTR_I64, 1, NULL, NULL, 0, 0},
};

#define PROBED 16

static int probe_infer(vt_extension_infer_t *c)
{
    c->outputs[0]->type = VT_EXTENSION_F32;
    c->outputs[0]->rank = 1;
    c->outputs[0]->dims[0].min = c->outputs[0]->dims[0].max = PROBED;
    return 0;
}

static int probe_evaluate(vt_extension_evaluate_t *c)
{
    const vt_extension_host_t *h = c->host;
    float *dst = c->outputs[0]->data;
    size_t n = 0;
    int32_t rank = 0;
    const int64_t *list = h->attr_i64s(c->call, "list", &n);
    const double *reals = h->attr_f64s(c->call, "reals", NULL);
    const vt_extension_dim_t *dims = h->attr_shape(c->call, "shape", &rank);

    dst[0] = (float)h->attr_i64(c->call, "count");
    dst[1] = (float)h->attr_f64(c->call, "ratio");
    dst[2] = (float)h->attr_i64(c->call, "flag");
    dst[3] = strcmp(h->attr_text(c->call, "mode"), "far") == 0;
    dst[4] = (float)n;
    dst[5] = n ? (float)list[n - 1] : -1;
    dst[6] = (float)reals[1];
    dst[7] = (float)h->attr_i64(c->call, "type");
    dst[8] = (float)rank;
    dst[9] = rank > 2 ? (float)dims[2].max : -1;
    dst[10] = (float)h->attr_given(c->call, "count");
    dst[11] = (float)h->attr_given(c->call, "need");
    dst[12] = (float)(h->attr_i64(c->call, "nosuch") + (int64_t)strlen(h->attr_text(c->call, "nosuch")));
    dst[13] = (float)c->n_inputs;
    dst[14] = c->n_inputs > 1 && c->inputs[1] ? 1 : 0;
    dst[15] = *(const int *)c->context + (float)strlen(h->node_name(c->call));
    return 0;
}

static int context = 100;

/* ---- Many: any number of inputs, added up; as many outputs as the model says, each the sum */

static int many_infer(vt_extension_infer_t *c)
{
    for (size_t i = 0; i < c->n_outputs; i++) {
        *c->outputs[i] = *c->inputs[0];
    }
    return 0;
}

static int many_evaluate(vt_extension_evaluate_t *c)
{
    size_t n = c->outputs[0]->bytes / sizeof(float);

    for (size_t o = 0; o < c->n_outputs; o++) {
        float *dst = c->outputs[o]->data;

        for (size_t k = 0; k < n; k++) {
            dst[k] = (float)o;
            for (size_t i = 0; i < c->n_inputs; i++) {
                dst[k] += ((const float *)c->inputs[i]->data)[k];
            }
        }
    }
    return 0;
}

/* ---- Counter: how often it was evaluated; not the same twice. Fixed: the same, but pure */

static int scalar_infer(vt_extension_infer_t *c)
{
    c->outputs[0]->type = VT_EXTENSION_F32;
    c->outputs[0]->rank = 0;
    return 0;
}

static int counter_evaluate(vt_extension_evaluate_t *c)
{
    static int calls;

    *(float *)c->outputs[0]->data = (float)__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return 0;
}

/* ---- Patient: waits to be cancelled, not for ever */

static int patient_evaluate(vt_extension_evaluate_t *c)
{
    for (int i = 0; i < 20000; i++) {
        struct timespec ms = {0, 1000000};

        if (c->host->cancelled(c->call)) {
            return 1;
        }
        nanosleep(&ms, NULL);
    }
    return c->host->fail(c->call, "nobody has cancelled it");
}

/* ---- Shaped: an output of the shape that input 0 holds, filled with ones: values known at infer */

static int shaped_infer(vt_extension_infer_t *c)
{
    const vt_extension_value_t *v = c->inputs[0];

    c->outputs[0]->type = VT_EXTENSION_F32;
    if (v->rank != 1 || v->dims[0].min != v->dims[0].max || v->type != VT_EXTENSION_I64) {
        return 0;
    }
    c->outputs[0]->rank = (int32_t)v->dims[0].min;
    for (int i = 0; i < c->outputs[0]->rank; i++) {
        c->outputs[0]->dims[i].min = v->data ? ((const int64_t *)v->data)[i] : 0;
        c->outputs[0]->dims[i].max = v->data ? ((const int64_t *)v->data)[i] : -1;
    }
    return 0;
}

static int shaped_evaluate(vt_extension_evaluate_t *c)
{
    for (size_t i = 0; i < c->outputs[0]->bytes / sizeof(float); i++) {
        ((float *)c->outputs[0]->data)[i] = 1;
    }
    return 0;
}

/* ---- Liar: `how` says in what way */

static const vt_extension_attr_t liar_attrs[] = {
    {.name = "how", .type = VT_EXTENSION_ATTR_TEXT, .required = 1}};

static int is(const vt_extension_host_t *host, vt_extension_call_t *call, const char *how)
{
    return strcmp(host->attr_text(call, "how"), how) == 0;
}

static int liar_infer(vt_extension_infer_t *c)
{
    vt_extension_value_t *y = c->outputs[0];
    const vt_extension_value_t *x = c->inputs[0];

    *y = *x;
    if (is(c->host, c->call, "rank")) {
        y->rank = 99;
    } else if (is(c->host, c->call, "dim")) {
        y->dims[0].min = -3;
    } else if (is(c->host, c->call, "interval")) {
        y->dims[0].min = 5;
        y->dims[0].max = 4;
    } else if (is(c->host, c->call, "type")) {
        y->type = 77;
    } else if (is(c->host, c->call, "string")) {
        y->type = 23;
    } else if (is(c->host, c->call, "silent")) {
        return 5;
    } else if (is(c->host, c->call, "message")) {
        return c->host->fail(c->call, "input 0 has %d dimensions, and %s", (int)x->rank, "that is wrong");
    } else if (is(c->host, c->call, "forgotten")) {
        c->host->fail(c->call, "a message whose answer was forgotten");
    } else if (is(c->host, c->call, "grows")) {
        /* All inputs are known when the model runs, and only then. */
        y->dims[0].min = y->dims[0].max = x->data ? 1000000 : x->dims[0].max;
    } else if (is(c->host, c->call, "retypes")) {
        y->type = x->data ? VT_EXTENSION_F64 : VT_EXTENSION_F32;
    } else if (is(c->host, c->call, "typeless")) {
        y->type = VT_EXTENSION_DYNAMIC;
    } else if (is(c->host, c->call, "open")) {
        y->dims[0].min = 0;
        y->dims[0].max = -1;
    } else if (is(c->host, c->call, "memory")) {
        return c->host->output(c->call, 0, 1, &y->dims[0].min);
    }
    return 0;
}

static int liar_evaluate(vt_extension_evaluate_t *c)
{
    vt_extension_tensor_t *y = (vt_extension_tensor_t *)(size_t)c->outputs[0];
    int64_t one = 1, many = 1000000;

    if (is(c->host, c->call, "evaluate")) {
        return c->host->fail(c->call, "it cannot be computed");
    }
    if (is(c->host, c->call, "resize")) {
        return c->host->output(c->call, 0, 1, &many);
    }
    if (is(c->host, c->call, "index")) {
        return c->host->output(c->call, 7, 1, &one);
    }
    if (is(c->host, c->call, "struct")) {
        y->rank = 12; /* its own copy: nobody looks at it again */
        y->type = 77;
        y->data = NULL;
    }
    return 0;
}

/* The same with a shape that depends on data. */
static int liar_data_infer(vt_extension_infer_t *c)
{
    c->outputs[0]->type = VT_EXTENSION_F32;
    c->outputs[0]->rank = 2;
    c->outputs[0]->dims[0].min = 0;
    c->outputs[0]->dims[0].max = 4;
    c->outputs[0]->dims[1].min = c->outputs[0]->dims[1].max = 3;
    return 0;
}

static int liar_data_evaluate(vt_extension_evaluate_t *c)
{
    static const struct {
        const char *how;
        int32_t rank;
        int64_t dims[3];
    } shapes[] = {{"rank", 3, {1, 3, 1}}, {"dim", 2, {2, 4}},  {"bound", 2, {5, 3}}, {"negative", 2, {-1, 3}},
                  {"rank99", 99, {1, 1}}, {"good", 2, {2, 3}}, {"empty", 2, {0, 3}}};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (is(c->host, c->call, shapes[i].how)) {
            int64_t dims[99] = {0};

            memcpy(dims, shapes[i].dims, sizeof(shapes[i].dims));
            if (c->host->output(c->call, 0, shapes[i].rank, dims)) {
                return -1;
            }
            for (size_t k = 0; k < c->outputs[0]->bytes / sizeof(float); k++) {
                ((float *)c->outputs[0]->data)[k] = 1;
            }
        }
    }
    return 0; /* "nothing": no shape at all */
}

#define OP(op_name, set, lo, hi, outs, op_flags, table, count, fn)                                           \
    {                                                                                                        \
        .size = sizeof(vt_extension_op_t), .name = op_name, .opset = set, .min_inputs = lo,                  \
        .max_inputs = hi, .n_outputs = outs, .flags = op_flags, .attrs = table, .n_attrs = count,            \
        .attr_size = sizeof(vt_extension_attr_t), .infer = fn##_infer, .evaluate = fn##_evaluate,            \
        .context = &context                                                                                  \
    }

#define counter_infer scalar_infer
#define patient_infer scalar_infer

static const vt_extension_op_t list[] = {
    OP("Probe", "extension", 1, 2, 1, 0, probe_attrs, sizeof(probe_attrs) / sizeof(probe_attrs[0]), probe),
    OP("Many", "org.example", 1, VT_EXTENSION_ANY, VT_EXTENSION_ANY, 0, NULL, 0, many),
    OP("Counter", "extension", 1, 1, 1, VT_EXTENSION_RANDOM, NULL, 0, counter),
    OP("Fixed", "extension", 1, 1, 1, 0, NULL, 0, counter),
    OP("Unfolded", "extension", 1, 1, 1, VT_EXTENSION_NO_FOLD, NULL, 0, counter),
    OP("Shaped", "extension", 1, 1, 1, 0, NULL, 0, shaped),
    OP("Liar", "extension", 1, 1, 1, 0, liar_attrs, 1, liar),
    OP("DataLiar", "extension", 1, 1, 1, VT_EXTENSION_DATA_SHAPE, liar_attrs, 1, liar_data),
    OP("Relu", "extension", 1, 1, 1, 0, NULL, 0, many), /* a name that the runtime has in a set of its own */
    OP("Patient", "extension", 1, 1, 1, VT_EXTENSION_NO_FOLD, NULL, 0, patient),
    OP("Later", "opset77", 1, 1, 1, 0, NULL, 0, many),
};

VT_EXTENSION_EXPORT const vt_extension_t *vt_extension_entry(int host_major, int host_minor)
{
    enum { N = sizeof(list) / sizeof(list[0]) };
    static const vt_extension_op_t *ops[N];
    static const vt_extension_t table = {VT_EXTENSION_ABI(vt_extension_t), "odd", NULL, N, ops};

    for (int i = 0; i < N; i++) {
        ops[i] = &list[i];
    }
    return host_major == VT_EXTENSION_ABI_MAJOR && host_minor >= 0 ? &table : NULL;
}
