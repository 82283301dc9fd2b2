#include "embedding_bag.h"

#include "shape.h"

/* [bags, ...row of the table] */
static void set_output(struct vt_infer *c, struct vt_dim bags)
{
    struct vt_pshape out = c->in[0]->shape;

    if (out.rank > 0) {
        out.dims[0] = bags;
    }
    vt_infer_set(c, 0, c->in[0]->type, &out);
}

/* Input `first` and `second` have the same shape of rank `rank`. */
static int check_pair(struct vt_infer *c, int first, int second, int rank, struct vt_pshape *both)
{
    *both = c->in[first]->shape;
    if (both->rank >= 0 && both->rank != rank) {
        return vt_fail(c->err, VT_E_SHAPE, "input %d must have rank %d, not %d", first, rank, both->rank);
    }
    if (second < c->n_in && c->in[second] && !vt_pshape_meet(both, &c->in[second]->shape, both)) {
        return vt_fail(c->err, VT_E_SHAPE, "inputs %d and %d must have the same shape", first, second);
    }
    return VT_OK;
}

static int check_table(struct vt_infer *c, int weights)
{
    if (c->in[0]->shape.rank == 0) {
        return vt_fail(c->err, VT_E_SHAPE, "input 0 (emb_table) must have at least rank 1");
    }
    if (weights < c->n_in && c->in[weights]) {
        enum vt_type type = c->in[weights]->type;

        if (type != VT_DYNAMIC && c->in[0]->type != VT_DYNAMIC && type != c->in[0]->type) {
            return vt_fail(c->err, VT_E_TYPE, "input %d (per_sample_weights) is %s, input 0 is %s", weights,
                           vt_type_info(type)->name, vt_type_info(c->in[0]->type)->name);
        }
        if (c->node->op->opset >= 15 && vt_attr_is(c->node, "reduction", "mean")) {
            return vt_fail(c->err, VT_E_INVALID, "per_sample_weights go with reduction sum only");
        }
    }
    return vt_infer_integral(c, 1, "indices");
}

static int infer_offsets(struct vt_infer *c)
{
    struct vt_pshape indices, offsets;
    int64_t value;
    bool known;
    int status = check_table(c, 4);

    status = status ? status : check_pair(c, 1, 4, 1, &indices);
    status = status ? status : check_pair(c, 2, c->n_in, 1, &offsets);
    status = status ? status : vt_infer_integral(c, 2, "offsets");
    status = status ? status : vt_infer_scalar(c, 3, "default_index", &value, &known);
    set_output(c, offsets.rank < 0 ? vt_dim_any() : offsets.dims[0]);
    return status;
}

static int infer_packed(struct vt_infer *c)
{
    struct vt_pshape indices;
    int status = check_table(c, 2);

    status = status ? status : check_pair(c, 1, 2, 2, &indices);
    if (status == VT_OK) {
        set_output(c, indices.rank < 0 ? vt_dim_any() : indices.dims[0]);
    }
    return status;
}

static int infer_segments(struct vt_infer *c)
{
    struct vt_pshape indices, ids;
    struct vt_dim bags = vt_dim_any();
    int64_t value;
    bool known;
    int n, status = check_table(c, 5);

    status = status ? status : check_pair(c, 1, 5, 1, &indices);
    status = status ? status : check_pair(c, 1, 2, 1, &ids);
    status = status ? status : vt_infer_integral(c, 2, "segment_ids");
    status = status ? status : vt_infer_scalar(c, 4, "default_index", &value, &known);
    status = status ? status : vt_infer_scalar(c, 3, "num_segments", &value, &known);
    if (status == VT_OK && known && value < 0) {
        return vt_fail(c->err, VT_E_INVALID, "input 3 (num_segments) is %lld", (long long)value);
    }
    (void)vt_infer_bounds(c, 3, &bags, 1, &n);
    set_output(c, bags.min < 0 ? vt_dim_any() : bags);
    return status;
}

static const struct vt_attr_def attrs[] = {
    {"reduction", VT_ATTR_STR, .def.s = "sum", .allowed = "sum|mean"},
    {0},
};

#define ROW(type, version, min, max, attributes, shapes, reference)                                          \
    {                                                                                                        \
        .name = type, .opset = version, .min_in = min, .max_in = max, .n_out = 1, .attrs = attributes,       \
        .infer = shapes, .eval = reference                                                                   \
    }

const struct vt_op_def vt_op_embedding_bag[] = {
    ROW("EmbeddingBagOffsetsSum", 3, 3, 5, NULL, infer_offsets, vt_embedding_offsets_ref),
    ROW("EmbeddingBagOffsets", 15, 3, 5, attrs, infer_offsets, vt_embedding_offsets_ref),
    ROW("EmbeddingBagPackedSum", 3, 2, 3, NULL, infer_packed, vt_embedding_packed_ref),
    ROW("EmbeddingBagPacked", 15, 2, 3, attrs, infer_packed, vt_embedding_packed_ref),
    ROW("EmbeddingSegmentsSum", 3, 4, 6, NULL, infer_segments, vt_embedding_segments_ref),
    {0},
};
