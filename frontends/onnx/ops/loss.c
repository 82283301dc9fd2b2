/* Losses. */
#include "extents.h"

#include <string.h>

static struct onnx_value sum(struct onnx_node *n, struct onnx_value v)
{
    static const int64_t flat = -1;

    return onnx_op(n, "ReduceSum", 1, ONNX_IN(onnx_reshape(n, v, &flat, 1, false), ONNX_I64S(n, 0)),
                   "keep_dims=false");
}

/* -log_prob[n, target, ...] weight[target], elements of target `ignore_index` giving nothing, and then the
 * sum or the mean, which is weighted as well. */
static struct onnx_value likelihood(struct onnx_node *n, struct onnx_value log_prob, struct onnx_value target,
                                    struct onnx_value weight)
{
    static const int64_t classes = 1;
    const char *reduction = onnx_attr_s(n, "reduction", "mean");
    struct onnx_value ignored = ONNX_ABSENT, zero, loss, one, weights, all;

    if (onnx_status(n)) {
        return ONNX_ABSENT;
    }
    if (onnx_has_attr(n, "ignore_index")) {
        ignored = onnx_number_like(n, target, (double)onnx_attr_i(n, "ignore_index", 0));
        ignored = onnx_binary(n, "Equal", 1, target, ignored);
        target = onnx_op(n, "Select", 1, ONNX_IN(ignored, onnx_number_like(n, target, 0), target), NULL);
    }
    zero = onnx_number_like(n, log_prob, 0);
    loss =
        onnx_op(n, "GatherElements", 6, ONNX_IN(log_prob, onnx_unsqueeze(n, target, &classes, 1)), "axis=1");
    loss = onnx_unary(n, "Negative", 1, onnx_squeeze(n, loss, &classes, 1));
    one = onnx_number_like(n, log_prob, 1);
    weights = weight.node ? onnx_gather_axis(n, weight, target, 0) : ONNX_ABSENT;
    if (ignored.node) {
        weights = onnx_op(n, "Select", 1, ONNX_IN(ignored, zero, weights.node ? weights : one), NULL);
        loss = onnx_op(n, "Select", 1, ONNX_IN(ignored, zero, loss), NULL);
    }
    loss = weights.node ? onnx_mul(n, loss, weights) : loss;
    if (strcmp(reduction, "none") == 0) {
        return loss;
    }
    if (strcmp(reduction, "sum") != 0 && strcmp(reduction, "mean") != 0) {
        onnx_fail(n, VT_E_INVALID, "attribute reduction: there is no \"%s\"", reduction);
        return ONNX_ABSENT;
    }
    all = sum(n, loss);
    if (reduction[0] == 's') {
        return all;
    }
    weights = weights.node ? weights
                           : onnx_op(n, "Broadcast", 3, ONNX_IN(one, onnx_shape_of(n, target)), "mode=numpy");
    return onnx_div(n, all, sum(n, weights));
}

int onnx_negative_log_likelihood_loss(struct onnx_node *n)
{
    struct onnx_value log_prob = onnx_in(n, 0), target = onnx_in(n, 1);

    return onnx_out(n, 0, likelihood(n, log_prob, target, onnx_in_opt(n, 2)));
}

int onnx_softmax_cross_entropy_loss(struct onnx_node *n)
{
    struct onnx_value log_prob = onnx_op(n, "LogSoftmax", 5, ONNX_IN(onnx_in(n, 0)), "axis=1");

    onnx_out(n, 1, log_prob);
    return onnx_out(n, 0, likelihood(n, log_prob, onnx_in(n, 1), onnx_in_opt(n, 2)));
}
