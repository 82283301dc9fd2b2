/* Concatenations made in place and splits that are views. */
#include "plan.h"

enum cpu_slice_kind cpu_slice_geometry(int rank, const int64_t *whole, const int64_t *part,
                                       enum cpu_layout layout, int *axis)
{
    int64_t outer = 1;

    *axis = 0;
    for (int i = 0; i < rank; i++) {
        if (whole[i] != part[i]) {
            *axis = i;
            break;
        }
    }
    if (layout == CPU_NXC) {
        return *axis == 1 ? CPU_SLICE_CHANNELS : CPU_SLICE_NONE;
    }
    for (int i = 0; i < *axis; i++) {
        outer *= whole[i];
    }
    return outer == 1 ? CPU_SLICE_RUN : CPU_SLICE_NONE;
}

/* Whether everyone who reads the tensor copes with pixels further apart than its channels. */
static bool readers_cope(const struct cpu_build *b, const struct vt_node *node, int port, int except)
{
    const struct vt_host *host = b->host;
    int uses = host->node_n_uses(node, port);

    for (int u = 0; u < uses; u++) {
        int input;
        const struct vt_node *user = host->node_use(node, port, u, &input);
        const struct cpu_choice *c = &b->choices[host->node_index(user)];

        if (host->node_index(user) == except || !c->impl) {
            continue; /* results take a reorder, which copes */
        }
        if (cpu_option_input_layout(c, input) == CPU_NXC && !(c->impl->flags & CPU_READS_STRIDED)) {
            return false;
        }
    }
    return true;
}

/* Whether output `port` of `maker` can be made at its place inside the concatenation `join`. */
static bool can_slice(const struct cpu_build *b, const struct cpu_choice *maker, int port,
                      const struct cpu_choice *join)
{
    const struct cpu_arg *part = &maker->op.out[port];
    enum cpu_layout layout = join->options[join->chosen].out;
    enum cpu_slice_kind kind;
    int axis;

    if (!maker->impl || maker->dynamic || maker->impl->flags & (CPU_ALIAS | CPU_SPLITS) ||
        b->slices[cpu_tensor_id(b, maker->op.node, port)].node >= 0) {
        return false;
    }
    if (part->rank < 3) {
        layout = CPU_PLAIN;
    } else if (maker->options[maker->chosen].out != layout) {
        return false;
    }
    kind = cpu_slice_geometry(part->rank, join->op.out[0].dims, part->dims, layout, &axis);
    if (kind == CPU_SLICE_NONE || vt_type_info(part->type)->bits < 8) {
        return false;
    }
    return kind == CPU_SLICE_RUN ||
           ((maker->impl->flags & CPU_WRITES_STRIDED) &&
            readers_cope(b, maker->op.node, port, b->host->node_index(join->op.node)));
}

/* Axis of a concatenation, from the shapes: the first that any input differs along. */
static int join_axis(const struct cpu_op *op)
{
    for (int i = 0; i < op->n_in; i++) {
        for (int k = 0; k < op->out[0].rank; k++) {
            if (op->in[i].dims[k] != op->out[0].dims[k]) {
                return k;
            }
        }
    }
    return 0;
}

/* A tensor that is joined twice can lie at one of its places only: leave it outside. */
static bool joined_twice(const struct vt_host *host, const struct cpu_choice *join, struct vt_edge e)
{
    int times = 0;

    for (int i = 0; i < join->op.n_in; i++) {
        struct vt_edge other = host->node_in(join->op.node, i);

        times += other.src == e.src && other.port == e.port;
    }
    return times > 1;
}

static void slice_inputs(struct cpu_build *b, int index)
{
    const struct cpu_choice *join = &b->choices[index];
    const struct vt_host *host = b->host;
    int axis = join_axis(&join->op);
    int64_t begin = 0;

    for (int i = 0; i < join->op.n_in; i++) {
        struct vt_edge e = host->node_in(join->op.node, i);
        int tensor = cpu_tensor_id(b, e.src, e.port);

        if (!join->op.in[i].raw && !joined_twice(host, join, e) &&
            can_slice(b, &b->choices[host->node_index(e.src)], e.port, join)) {
            b->slices[tensor] = (struct cpu_slice_of){index, begin};
        }
        begin += join->op.in[i].dims[axis];
    }
}

int cpu_find_slices(struct cpu_build *b)
{
    /* Later concatenations first: an inner one is then known to lie inside the outer when its parts are
     * placed. */
    for (int i = b->n_nodes - 1; i >= 0; i--) {
        const struct cpu_choice *c = &b->choices[i];

        if (c->impl && (c->impl->flags & CPU_JOINS) && !c->dynamic && c->op.out[0].count) {
            slice_inputs(b, i);
        }
    }
    return VT_OK;
}

bool cpu_split_view(struct cpu_build *b, const struct cpu_choice *c, int output)
{
    enum cpu_layout layout = c->op.in[0].rank >= 3 ? c->options[c->chosen].out : CPU_PLAIN;
    enum cpu_slice_kind kind;
    int axis;

    if (c->dynamic || vt_type_info(c->op.in[0].type)->bits < 8 ||
        b->slices[cpu_tensor_id(b, c->op.node, output)].node >= 0) {
        return false;
    }
    kind = cpu_slice_geometry(c->op.in[0].rank, c->op.in[0].dims, c->op.out[output].dims, layout, &axis);
    return kind == CPU_SLICE_RUN || (kind == CPU_SLICE_CHANNELS && readers_cope(b, c->op.node, output, -1));
}
