/* TreeEnsemble of ai.onnx.ml: nodes and leaves in lists of their own. */
#include "ml_forest.h"

#include <math.h>
#include <string.h>

struct lists {
    const int64_t *feature, *yes, *no, *yes_leaf, *no_leaf, *missing, *leaf_target;
    const struct vt_tensor *mode, *split, *weight, *members;
    int count, leaves;
    int64_t member; /* the next of `members` */
};

static const int64_t *list_of(struct onnx_node *n, const char *name, int *count)
{
    int have = 0;
    const int64_t *v = onnx_attr_is(n, name, &have);

    if (!onnx_status(n) && *count >= 0 && have != *count) {
        onnx_fail(n, VT_E_INVALID, "%s has %d numbers, not %d", name, have, *count);
    }
    *count = have;
    return v;
}

static const struct vt_tensor *tensor_of(struct onnx_node *n, const char *name, int64_t count)
{
    const struct vt_tensor *t = onnx_tensor_of(n, onnx_attr_tensor(n, name));

    if (!onnx_status(n) && (!t || (count >= 0 && vt_tensor_count(t) != count))) {
        onnx_fail(n, VT_E_INVALID, "%s is missing, or does not have %lld numbers", name, (long long)count);
    }
    return t;
}

static double real(const struct vt_tensor *t, int64_t i)
{
    float f = 0;
    double d;

    if (t->type == VT_F64) {
        memcpy(&d, (const char *)t->data + (size_t)i * sizeof(d), sizeof(d));
        return d;
    }
    memcpy(&f, (const char *)t->data + (size_t)i * sizeof(f), sizeof(f));
    return (double)f;
}

static int read_lists(struct onnx_node *n, struct lists *l)
{
    l->count = l->leaves = -1;
    l->feature = list_of(n, "nodes_featureids", &l->count);
    l->yes = list_of(n, "nodes_truenodeids", &l->count);
    l->no = list_of(n, "nodes_falsenodeids", &l->count);
    l->yes_leaf = list_of(n, "nodes_trueleafs", &l->count);
    l->no_leaf = list_of(n, "nodes_falseleafs", &l->count);
    l->leaf_target = list_of(n, "leaf_targetids", &l->leaves);
    if (onnx_has_attr(n, "nodes_missing_value_tracks_true")) {
        l->missing = list_of(n, "nodes_missing_value_tracks_true", &l->count);
    }
    l->mode = tensor_of(n, "nodes_modes", l->count);
    l->split = tensor_of(n, "nodes_splits", l->count);
    l->weight = tensor_of(n, "leaf_weights", l->leaves);
    l->members = onnx_has_attr(n, "membership_values") ? tensor_of(n, "membership_values", -1) : NULL;
    if (!onnx_status(n) &&
        (l->mode->type != VT_U8 || (l->split->type != VT_F32 && l->split->type != VT_F64) ||
         l->weight->type != l->split->type || (l->members && l->members->type != l->split->type))) {
        return onnx_fail(n, VT_E_TYPE, "nodes_modes is no u8, or the other tensors are not f32 or f64 alike");
    }
    return onnx_status(n);
}

/* The place of a branch among all nodes: leaves come behind the others. */
static int64_t target_of(struct onnx_node *n, const struct lists *l, int64_t id, int64_t leaf)
{
    if (id < 0 || id >= (leaf ? l->leaves : l->count)) {
        onnx_fail(n, VT_E_RANGE, "there is no %s %lld", leaf ? "leaf" : "node", (long long)id);
        return 0;
    }
    return leaf ? l->count + id : id;
}

/* A node that asks whether a feature is in a set becomes one that asks for each member. */
static int take_members(struct onnx_node *n, struct forest *f, struct lists *l, int64_t i)
{
    int64_t total = l->members ? vt_tensor_count(l->members) : 0, no = f->no[i], at = i;
    bool first = true;

    f->mode[i] = EQ;
    f->split[i] = (double)NAN; /* nothing is in an empty set */
    while (l->member < total && !isnan(real(l->members, l->member))) {
        if (!first) {
            f->no[at] = f->n;
            at = f->n++;
            if (at >= f->room) {
                return onnx_fail(n, VT_E_INTERNAL, "members than were not counted");
            }
            f->mode[at] = EQ;
            f->feature[at] = f->feature[i];
            f->yes[at] = f->yes[i];
            f->missing[at] = f->missing[i];
        }
        first = false;
        f->split[at] = real(l->members, l->member++);
        f->no[at] = no;
    }
    l->member++;
    return VT_OK;
}

static int take_nodes(struct onnx_node *n, struct forest *f, struct lists *l)
{
    const uint8_t *modes = l->mode->data;

    f->n = (int64_t)l->count + l->leaves;
    for (int64_t i = 0; i < l->count && !onnx_status(n); i++) {
        if (modes[i] > MEMBER) {
            return onnx_fail(n, VT_E_INVALID, "there is no mode %d", modes[i]);
        }
        f->mode[i] = modes[i];
        f->feature[i] = l->feature[i];
        f->split[i] = real(l->split, i);
        f->yes[i] = target_of(n, l, l->yes[i], l->yes_leaf[i]);
        f->no[i] = target_of(n, l, l->no[i], l->no_leaf[i]);
        f->missing[i] = l->missing && l->missing[i];
        f->has_missing |= f->missing[i] != 0;
        if (modes[i] == MEMBER) {
            take_members(n, f, l, i);
        }
    }
    return onnx_status(n);
}

static int take_leaves(struct onnx_node *n, struct forest *f, const struct lists *l)
{
    for (int64_t i = 0; i < l->leaves; i++) {
        int64_t at = l->count + i;

        if (l->leaf_target[i] < 0 || l->leaf_target[i] >= f->targets) {
            return onnx_fail(n, VT_E_RANGE, "there is no target %lld of %lld", (long long)l->leaf_target[i],
                             (long long)f->targets);
        }
        f->mode[at] = LEAF;
        f->yes[at] = f->no[at] = at;
        onnx_forest_vote(f, at, l->leaf_target[i], real(l->weight, i));
    }
    return VT_OK;
}

static int take_roots(struct onnx_node *n, struct forest *f, const struct lists *l)
{
    int count = 0;
    const int64_t *roots = onnx_attr_is(n, "tree_roots", &count);

    f->roots = onnx_alloc(n, ((size_t)count + 1) * sizeof(*f->roots));
    for (int i = 0; f->roots && i < count; i++) {
        f->roots[f->n_roots++] = target_of(n, l, roots[i], 0);
    }
    return onnx_status(n) ? onnx_status(n) : count ? VT_OK : onnx_fail(n, VT_E_INVALID, "there are no trees");
}

/* The word for a number of an attribute; NULL and an error for another one. */
static const char *word(struct onnx_node *n, const char *name, int64_t def, const char *const *words,
                        int count)
{
    int64_t v = onnx_attr_i(n, name, def);

    if (!onnx_status(n) && (v < 0 || v >= count)) {
        onnx_fail(n, VT_E_INVALID, "there is no %s %lld", name, (long long)v);
    }
    return onnx_status(n) ? NULL : words[v];
}

int onnx_tree_ensemble(struct onnx_node *n)
{
    static const char *const hows[] = {"AVERAGE", "SUM", "MIN", "MAX"};
    static const char *const posts[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
    const char *how = word(n, "aggregate_function", 1, hows, 4),
               *post = word(n, "post_transform", 0, posts, 5);
    enum vt_type type = onnx_type(n, onnx_in(n, 0));
    struct forest f = {0};
    struct lists l = {0};
    struct onnx_value y;
    int64_t room;

    if (onnx_status(n) || read_lists(n, &l)) {
        return onnx_status(n);
    }
    room = (int64_t)l.count + l.leaves + (l.members ? vt_tensor_count(l.members) : 0);
    if (onnx_forest_alloc(n, &f, room, onnx_attr_i(n, "n_targets", 1), how) || take_leaves(n, &f, &l) ||
        take_nodes(n, &f, &l) || take_roots(n, &f, &l) || onnx_forest_measure(n, &f)) {
        return onnx_status(n);
    }
    f.wide = l.split->type == VT_F64;
    y = onnx_ml_post(n, onnx_forest_result(n, &f, f.wide ? VT_F64 : VT_F32, how), post);
    return onnx_out(n, 0, onnx_convert(n, y, type));
}
