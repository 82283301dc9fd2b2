/* TreeEnsembleRegressor and TreeEnsembleClassifier of ai.onnx.ml: nodes by the numbers of tree and node. */
#include "ml_forest.h"

#include <string.h>

static const char *const mode_names[MODES] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",    "BRANCH_GT",
                                              "BRANCH_EQ",  "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"};

struct lists {
    const int64_t *tree, *node, *feature, *yes, *no, *missing;
    const char *const *mode;
    int64_t count, tree_at; /* where the tree that was looked up last begins */
};

/* The numbers of an attribute, `count` of them. */
static const int64_t *list_of(struct onnx_node *n, const char *name, int64_t count)
{
    int have = 0;
    const int64_t *v = onnx_attr_is(n, name, &have);

    if (!onnx_status(n) && have != count) {
        onnx_fail(n, VT_E_INVALID, "%s has %d numbers, not %lld", name, have, (long long)count);
    }
    return v;
}

/* Numbers from `name`_as_tensor or from `name`; NULL where there are none. */
static const double *reals_of(struct onnx_node *n, const char *name, const char *as_tensor, int64_t *count,
                              bool *wide)
{
    const struct vt_tensor *t = onnx_tensor_of(n, onnx_attr_tensor(n, as_tensor));
    int have = 0;
    const float *v = onnx_attr_fs(n, name, &have);
    double *out;

    *count = t ? vt_tensor_count(t) : have;
    out = onnx_alloc(n, ((size_t)*count + 1) * sizeof(double));
    for (int64_t i = 0; out && i < *count && (t || v); i++) {
        float f = 0;

        if (t && t->type == VT_F64) {
            memcpy(&out[i], (const char *)t->data + (size_t)i * sizeof(double), sizeof(double));
            *wide = true;
            continue;
        }
        memcpy(&f, t ? (const char *)t->data + (size_t)i * sizeof(float) : (const char *)&v[i], sizeof(f));
        out[i] = (double)f;
    }
    if (t && t->type != VT_F64 && t->type != VT_F32) {
        onnx_fail(n, VT_E_TYPE, "%s is %s", as_tensor, vt_type_info(t->type)->name);
    }
    return *count ? out : NULL;
}

/* A node by its numbers; -1 and an error where it is not there. */
static int64_t find(struct onnx_node *n, struct lists *l, int64_t tree, int64_t node)
{
    int64_t at;

    for (int64_t i = 0; l->tree[l->tree_at] != tree && i < l->count; i++) {
        l->tree_at = (l->tree_at + 1) % l->count;
    }
    while (l->tree_at > 0 && l->tree[l->tree_at - 1] == tree) {
        l->tree_at--;
    }
    at = node >= 0 && node < l->count - l->tree_at ? l->tree_at + node : l->tree_at;
    for (int64_t i = 0; i < l->count; i++, at = (at + 1) % l->count) {
        if (l->tree[at] == tree && l->node[at] == node) {
            return at;
        }
    }
    onnx_fail(n, VT_E_INVALID, "tree %lld has no node %lld", (long long)tree, (long long)node);
    return -1;
}

static int read_lists(struct onnx_node *n, struct lists *l)
{
    int count = 0, modes = 0;

    l->tree = onnx_attr_is(n, "nodes_treeids", &count);
    l->count = count;
    l->node = list_of(n, "nodes_nodeids", count);
    l->feature = list_of(n, "nodes_featureids", count);
    l->yes = list_of(n, "nodes_truenodeids", count);
    l->no = list_of(n, "nodes_falsenodeids", count);
    l->missing = onnx_has_attr(n, "nodes_missing_value_tracks_true")
                     ? list_of(n, "nodes_missing_value_tracks_true", count)
                     : NULL;
    l->mode = onnx_attr_ss(n, "nodes_modes", &modes);
    if (!onnx_status(n) && (!count || modes != count)) {
        return onnx_fail(n, VT_E_INVALID, "%d nodes, and %d modes of them", count, modes);
    }
    return onnx_status(n);
}

static int take_node(struct onnx_node *n, struct forest *f, struct lists *l, int64_t i)
{
    f->mode[i] = MODES;
    for (int m = 0; m < MODES; m++) {
        f->mode[i] = strcmp(l->mode[i], mode_names[m]) == 0 ? m : f->mode[i];
    }
    if (f->mode[i] == MODES || f->mode[i] == MEMBER) {
        return onnx_fail(n, VT_E_INVALID, "there is no mode \"%s\"", l->mode[i]);
    }
    f->yes[i] = f->no[i] = i;
    if (f->mode[i] != LEAF) {
        f->feature[i] = l->feature[i];
        f->yes[i] = find(n, l, l->tree[i], l->yes[i]);
        f->no[i] = find(n, l, l->tree[i], l->no[i]);
    }
    f->missing[i] = l->missing && l->missing[i];
    f->has_missing |= f->missing[i] != 0;
    if (i == 0 || l->tree[i] != l->tree[i - 1]) {
        f->roots[f->n_roots++] = i; /* a tree begins with its root */
    }
    return onnx_status(n);
}

/* Votes of leaves: attributes with their trees, nodes, targets and weights. */
static int take_votes(struct onnx_node *n, struct forest *f, struct lists *l, const char *const names[5])
{
    int64_t count = 0;
    bool wide = false;
    const double *weight = reals_of(n, names[3], names[4], &count, &wide);
    const int64_t *tree = list_of(n, names[0], count), *node = list_of(n, names[1], count);
    const int64_t *target = list_of(n, names[2], count);

    f->wide |= wide;
    for (int64_t i = 0; i < count && !onnx_status(n); i++) {
        int64_t at = find(n, l, tree[i], node[i]);

        if (target[i] < 0 || target[i] >= f->targets) {
            return onnx_fail(n, VT_E_RANGE, "there is no target %lld of %lld", (long long)target[i],
                             (long long)f->targets);
        }
        if (at >= 0) {
            onnx_forest_vote(f, at, target[i], weight[i]);
        }
    }
    return onnx_status(n);
}

static int read_forest(struct onnx_node *n, struct forest *f, int64_t targets, const char *const names[5],
                       const char *how)
{
    struct lists l = {0};
    int64_t count = 0;
    const double *split;

    if (read_lists(n, &l) || onnx_forest_alloc(n, f, l.count, targets, how)) {
        return onnx_status(n);
    }
    split = reals_of(n, "nodes_values", "nodes_values_as_tensor", &count, &f->wide);
    if (!split || count != l.count) {
        return onnx_fail(n, VT_E_INVALID, "%lld values for %lld nodes", (long long)count, (long long)l.count);
    }
    for (f->n = 0; f->n < l.count && !onnx_status(n); f->n++) {
        f->split[f->n] = split[f->n];
        take_node(n, f, &l, f->n);
    }
    if (onnx_status(n) || take_votes(n, f, &l, names)) {
        return onnx_status(n);
    }
    return onnx_forest_measure(n, f);
}

/* What every target begins with, [targets]; absent where nothing is said. */
static struct onnx_value base_values(struct onnx_node *n, enum vt_type type)
{
    int64_t count = 0;
    bool wide = false;
    const double *v = reals_of(n, "base_values", "base_values_as_tensor", &count, &wide);

    return v ? onnx_forest_numbers(n, v, 1, &count, type) : ONNX_ABSENT;
}

static struct onnx_value with_base(struct onnx_node *n, struct onnx_value y)
{
    struct onnx_value base = base_values(n, onnx_type(n, y));

    return base.node ? onnx_add(n, y, base) : y;
}

int onnx_tree_ensemble_regressor(struct onnx_node *n)
{
    static const char *const names[5] = {"target_treeids", "target_nodeids", "target_ids", "target_weights",
                                         "target_weights_as_tensor"};
    const char *how = onnx_attr_s(n, "aggregate_function", "SUM");
    struct forest f = {0};
    struct onnx_value y;

    if (!how || read_forest(n, &f, onnx_attr_i(n, "n_targets", 1), names, how)) {
        return onnx_status(n);
    }
    y = with_base(n, onnx_forest_result(n, &f, f.wide ? VT_F64 : VT_F32, how));
    y = onnx_ml_post(n, y, onnx_attr_s(n, "post_transform", "NONE"));
    return onnx_out(n, 0, onnx_convert(n, y, VT_F32));
}

/* Two labels and votes for one of them alone: whether the weights are all positive tells what the numbers
 * are, probabilities or scores around 0. */
static bool votes_for_one(struct onnx_node *n, bool *positive, int64_t *which)
{
    int64_t count = 0;
    bool wide = false;
    const double *weight = reals_of(n, "class_weights", "class_weights_as_tensor", &count, &wide);
    const int64_t *ids = list_of(n, "class_ids", count);

    *positive = true;
    *which = ids ? ids[0] : 0;
    for (int64_t i = 0; weight && ids && i < count; i++) {
        *positive &= weight[i] >= 0;
        if (ids[i] != ids[0]) {
            return false;
        }
    }
    return ids != NULL && weight != NULL;
}

int onnx_tree_ensemble_classifier(struct onnx_node *n)
{
    static const char *const names[5] = {"class_treeids", "class_nodeids", "class_ids", "class_weights",
                                         "class_weights_as_tensor"};
    struct onnx_value labels = onnx_ml_labels(n, "classlabels_int64s"), y;
    const char *transform = onnx_attr_s(n, "post_transform", "NONE");
    int64_t classes = onnx_dim(n, labels, 0), which = 0;
    struct forest f = {0};
    bool positive, one;

    if (onnx_status(n) || read_forest(n, &f, classes, names, "SUM")) {
        return onnx_status(n);
    }
    one = classes == 2 && votes_for_one(n, &positive, &which);
    y = onnx_forest_result(n, &f, f.wide ? VT_F64 : VT_F32, "SUM");
    if (one) {
        struct onnx_value base = base_values(n, onnx_type(n, y));

        y = onnx_slice_axis(n, y, 1, which, which + 1);
        y = base.node ? onnx_add(n, y, base) : y;
        return onnx_ml_classes(n, onnx_convert(n, y, VT_F32), labels, transform, positive ? 0.5 : 0,
                               !positive);
    }
    return onnx_ml_classes(n, onnx_convert(n, with_base(n, y), VT_F32), labels, transform, 0, false);
}
