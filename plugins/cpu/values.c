/* The tensors of a plan: which memory each lies in, and in which layout. */
#include "plan.h"

#include "kernels/eltwise.h"

int cpu_value_add(struct cpu_build *b, const struct cpu_value *v)
{
    struct cpu_plan *plan = b->plan;

    if (plan->n_values == b->cap_values) {
        int wider = b->cap_values ? b->cap_values + b->cap_values / 2 : b->n_nodes / 2 + 16;
        struct cpu_value *values = cpu_region_array(&plan->region, (size_t)wider, sizeof(*values));
        int *pending = cpu_region_array(&b->temp, (size_t)wider, sizeof(*pending));

        if (!values || !pending) {
            return VT_E_NOMEM - 100;
        }
        if (plan->n_values) {
            memcpy(values, plan->values, (size_t)plan->n_values * sizeof(*values));
            memcpy(pending, b->pending, (size_t)plan->n_values * sizeof(*pending));
        }
        plan->values = values;
        b->pending = pending;
        b->cap_values = wider;
    }
    plan->values[plan->n_values] = *v;
    b->pending[plan->n_values] = 0;
    return plan->n_values++;
}

int cpu_value_root(const struct cpu_plan *plan, int value, size_t *offset)
{
    size_t at = 0;

    while (plan->values[value].parent >= 0) {
        at += plan->values[value].offset;
        value = plan->values[value].parent;
    }
    *offset = at;
    return value;
}

bool cpu_value_inside(const struct cpu_build *b, int part, int whole, size_t offset)
{
    size_t at = 0;

    while (part >= 0 && part != whole) {
        at += b->plan->values[part].offset;
        part = b->plan->values[part].parent;
    }
    return part == whole && whole >= 0 && at == offset;
}

static struct cpu_value describe(const struct cpu_arg *arg, enum cpu_layout layout)
{
    struct cpu_value v = {.layout = layout, .parent = -1, .place = CPU_AT_ARENA, .first = -1, .last = -1};

    if (arg->rank < 0) {
        v.t.type = arg->type;
        v.t.rank = -1;
        v.place = CPU_AT_DYNAMIC;
        v.layout = CPU_PLAIN;
        return v;
    }
    vt_tensor_describe(&v.t, arg->type, arg->rank, arg->dims);
    v.bytes = v.t.bytes;
    v.pixel = layout == CPU_NXC ? arg->dims[1] : 0;
    return v;
}

static void add_reads(struct cpu_build *b, int value, int reads)
{
    size_t offset;

    b->pending[cpu_value_root(b->plan, value, &offset)] += reads;
}

/* ---- inputs
 * ----------------------------------------------------------------------------------------------------------
 */

/* A constant that an implementation wants as a value: in the declared type. */
static int constant_value(struct cpu_build *b, const struct cpu_arg *arg, struct vt_error *err)
{
    struct cpu_value v = describe(arg, CPU_PLAIN);

    v.place = CPU_AT_CONST;
    v.t.data = (void *)(uintptr_t)(arg->raw->type != arg->type ? cpu_constant_f32(b, arg, err)
                                                               : cpu_constant_aligned(b, arg, err));
    if (!v.t.data && v.t.bytes) {
        return VT_E_NOMEM - 100;
    }
    return cpu_value_add(b, &v);
}

static bool same_bytes(const struct cpu_arg *arg)
{
    int64_t spatial = 1;

    for (int i = 2; i < arg->rank; i++) {
        spatial *= arg->dims[i];
    }
    return arg->dims[1] == 1 || spatial == 1;
}

/* Another layout of a value that exists: the same memory when the bytes agree, else a reorder. */
static int convert_layout(struct cpu_build *b, const struct cpu_arg *arg, int from, enum cpu_layout layout,
                          struct vt_error *err)
{
    const struct cpu_value *src = &b->plan->values[from];
    struct cpu_value v = describe(arg, layout);
    bool dense = src->layout == CPU_PLAIN || src->pixel == arg->dims[1];
    int to;

    if (src->t.rank < 0) {
        return VT_E_INTERNAL - 100;
    }
    if (dense && same_bytes(arg)) {
        v.parent = from;
        v.t.data = src->t.data;
        v.place = src->place;
        return cpu_value_add(b, &v);
    }
    if (src->place == CPU_AT_CONST && v.t.bytes) {
        v.place = CPU_AT_CONST;
        v.t.data = (void *)(uintptr_t)cpu_reorder_constant(b, arg, src, &v, err);
        return v.t.data ? cpu_value_add(b, &v) : VT_E_NOMEM - 100;
    }
    to = cpu_value_add(b, &v);
    if (to >= 0 && cpu_reorder_step(b, from, to, err)) {
        return VT_E_NOMEM - 100;
    }
    b->pending[to] =
        INT32_MAX / 2; /* later readers of this form are not counted: never work in place on it */
    return to;
}

int cpu_input_value(struct cpu_build *b, const struct cpu_choice *c, int input, struct vt_error *err)
{
    struct vt_edge e = b->host->node_in(c->op.node, input);
    enum cpu_layout layout;
    struct cpu_forms *forms;
    int from;

    if (!e.src || (c->op.in[input].raw && (c->impl->flags & CPU_TAKES_RAW))) {
        return CPU_LEFT_OUT;
    }
    layout = cpu_option_input_layout(c, input);
    forms = &b->forms[cpu_tensor_id(b, e.src, e.port)];
    if (forms->value[layout] >= 0) {
        return forms->value[layout];
    }
    from = forms->value[1 - layout];
    if (from < 0) {
        if (!c->op.in[input].raw) {
            vt_fail(err, VT_E_INTERNAL, "node '%s': input %d has no value", b->host->node_name(c->op.node),
                    input);
            return VT_E_INTERNAL - 100;
        }
        from = constant_value(b, &c->op.in[input], err);
        if (from < 0) {
            return from;
        }
        forms->value[CPU_PLAIN] = from;
        if (layout == CPU_PLAIN) {
            return from;
        }
    }
    forms->value[layout] = convert_layout(b, &c->op.in[input], from, layout, err);
    return forms->value[layout];
}

/* ---- outputs
 * ---------------------------------------------------------------------------------------------------------
 */

static int64_t element_bytes(const struct cpu_arg *arg)
{
    return vt_type_info(arg->type)->bits / 8;
}

/* Elements from one step along `axis` to the next. */
static int64_t step_along(const struct cpu_arg *arg, int axis)
{
    int64_t step = 1;

    for (int i = axis + 1; i < arg->rank; i++) {
        step *= arg->dims[i];
    }
    return step;
}

/* `part` as a view at `begin` of its axis inside the value `whole`. */
static int slice_value(struct cpu_build *b, const struct cpu_arg *part, int whole, int64_t begin,
                       enum cpu_layout layout)
{
    const struct cpu_value *w = &b->plan->values[whole];
    struct cpu_value v = describe(part, layout);
    int axis;
    enum cpu_slice_kind kind = cpu_slice_geometry(part->rank, w->t.dims, part->dims, layout, &axis);

    v.parent = whole;
    v.place = w->place;
    v.offset = (size_t)(begin * element_bytes(part));
    if (kind == CPU_SLICE_RUN) {
        v.offset *= (size_t)step_along(part, axis);
    } else {
        v.pixel = w->pixel;
        v.bytes = 0;
    }
    return cpu_value_add(b, &v);
}

/* The value of a concatenation's output, made before the node itself because a part is made inside it. */
static int whole_value(struct cpu_build *b, const struct cpu_choice *concat, struct vt_error *err)
{
    return cpu_output_value(b, concat, 0, NULL, 0, err);
}

static int output_uses(const struct cpu_build *b, const struct cpu_choice *c, int output)
{
    return b->host->node_n_uses(c->op.node, output);
}

/* An input whose memory output 0 may take over, or -1. */
static int reusable_input(struct cpu_build *b, const struct cpu_choice *c, const struct cpu_value *out,
                          const int *in, int n_in)
{
    int only = c->impl->shared_input ? c->impl->shared_input(&c->op, &c->options[c->chosen]) : -1;

    if (only < 0 && !(c->impl->flags & CPU_IN_PLACE)) {
        return -1;
    }
    for (int i = only < 0 ? 0 : only; i < (only < 0 ? n_in : only + 1); i++) {
        const struct cpu_value *v = in[i] >= 0 ? &b->plan->values[in[i]] : NULL;
        size_t offset;
        int root, mine = 0;
        bool apart = true;

        if (!v || v->place != CPU_AT_ARENA || v->t.bytes != out->t.bytes || v->t.type != out->t.type ||
            v->layout != out->layout || v->pixel != out->pixel || c->op.in[i].count != c->op.out[0].count) {
            continue;
        }
        root = cpu_value_root(b->plan, in[i], &offset);
        for (int k = 0; k < n_in; k++) {
            size_t other;
            bool shares = in[k] >= 0 && cpu_value_root(b->plan, in[k], &other) == root;

            /* A view of another shape would be read where it was overwritten already; so would another input
             * where only one is read in step with the output. */
            apart &= !shares || (in[k] == in[i] && (only < 0 || k == i));
            mine += shares;
        }
        if (apart && b->plan->values[root].bytes == out->bytes && b->pending[root] == mine) {
            return in[i];
        }
    }
    return -1;
}

int cpu_output_value(struct cpu_build *b, const struct cpu_choice *c, int output, const int *in, int n_in,
                     struct vt_error *err)
{
    int tensor = cpu_tensor_id(b, c->op.node, output);
    const struct cpu_slice_of *slice = &b->slices[tensor];
    enum cpu_layout layout = c->op.out[output].rank >= 3 ? c->options[c->chosen].out : CPU_PLAIN;
    struct cpu_forms *forms = &b->forms[tensor];
    struct cpu_value v;
    int value;

    if (forms->value[layout] >= 0) {
        return forms->value[layout];
    }
    if (slice->node >= 0) {
        int whole = whole_value(b, &b->choices[slice->node], err);

        value = whole < 0 ? whole : slice_value(b, &c->op.out[output], whole, slice->begin, layout);
    } else if ((c->impl->flags & CPU_SPLITS) && cpu_split_view(b, c, output)) {
        int64_t begin = 0;
        int axis = 0;

        for (int i = 0; i < output; i++) {
            cpu_slice_geometry(c->op.out[i].rank, c->op.in[0].dims, c->op.out[i].dims, layout, &axis);
            begin += c->op.out[i].dims[axis];
        }
        value = slice_value(b, &c->op.out[output], in[0], begin, layout);
    } else {
        v = describe(&c->op.out[output], layout);
        if (c->impl->flags & CPU_ALIAS) {
            v.parent = in[0];
            v.place = b->plan->values[in[0]].place;
            v.t.data = b->plan->values[in[0]].t.data;
        } else if (output == 0 && n_in) {
            v.parent = reusable_input(b, c, &v, in, n_in);
        }
        value = cpu_value_add(b, &v);
    }
    if (value >= 0) {
        forms->value[layout] = value;
        add_reads(b, value, output_uses(b, c, output));
    }
    return value;
}
