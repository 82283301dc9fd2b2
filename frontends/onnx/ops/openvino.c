/* The domain org.openvinotoolkit: operations of OpenVINO that models name outright. */
#include "../onnx.h"
#include "window.h"

#include <stdio.h>
#include <string.h>

/* "1,2,3" of an attribute of floats, or the default for a missing one. */
static const char *floats(struct onnx_node *n, const char *name, const char *def)
{
    int count = 0;
    const float *v = onnx_attr_fs(n, name, &count);
    size_t room = (size_t)(count > 0 ? count : 0) * 24 + 1, at = 0;
    char *text;

    if (!v) {
        return def;
    }
    text = onnx_alloc(n, room);
    for (int i = 0; text && i < count; i++) {
        at += (size_t)snprintf(text + at, room - at, "%s%.9g", i ? "," : "", (double)v[i]);
    }
    return text ? text : def;
}

static const char *flag(struct onnx_node *n, const char *name, int64_t def)
{
    return onnx_attr_i(n, name, def) ? "true" : "false";
}

static long long whole(struct onnx_node *n, const char *name, int64_t def)
{
    return (long long)onnx_attr_i(n, name, def);
}

static double number(struct onnx_node *n, const char *name, float def)
{
    return (double)onnx_attr_f(n, name, def);
}

static int need_inputs(struct onnx_node *n, int least, int most)
{
    if (onnx_n_in(n) < least || onnx_n_in(n) > most) {
        return onnx_fail(n, VT_E_INVALID, "%d inputs, not %d%s", onnx_n_in(n), least,
                         most > least ? " or more" : "");
    }
    return onnx_status(n);
}

int onnx_ov_fake_quantize(struct onnx_node *n)
{
    if (need_inputs(n, 5, 5)) {
        return onnx_status(n);
    }
    return onnx_out(
        n, 0,
        onnx_op(n, "FakeQuantize", 1,
                ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2), onnx_in(n, 3), onnx_in(n, 4)),
                "levels=%lld;auto_broadcast=numpy", whole(n, "levels", 256)));
}

int onnx_ov_swish(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), beta;

    if (!onnx_has_in(n, 1)) {
        return onnx_out(n, 0, onnx_unary(n, "Swish", 4, x));
    }
    beta = onnx_reshape(n, onnx_in(n, 1), NULL, 0, false);
    return onnx_out(n, 0, onnx_binary(n, "Swish", 4, x, beta));
}

int onnx_ov_group_norm(struct onnx_node *n)
{
    struct onnx_value scale = onnx_in(n, 1), bias = onnx_in(n, 2);

    if (onnx_rank(n, scale) != 1) {
        scale = onnx_reshape(n, scale, (const int64_t[]){-1}, 1, false);
    }
    if (onnx_rank(n, bias) != 1) {
        bias = onnx_reshape(n, bias, (const int64_t[]){-1}, 1, false);
    }
    return onnx_out(n, 0,
                    onnx_op(n, "GroupNormalization", 12, ONNX_IN(onnx_in(n, 0), scale, bias),
                            "num_groups=%lld;epsilon=%.9g", whole(n, "num_groups", 1),
                            number(n, "eps", 1e-6f)));
}

/* x / sqrt(sum(x^2) + eps) over the channels, or over all axes but the first, times weights of the channels.
 */
int onnx_ov_normalize(struct onnx_node *n)
{
    struct onnx_value x = onnx_in(n, 0), weights = onnx_in(n, 1);
    int rank = onnx_need_rank(n, x), count = 1;
    int64_t dims[VT_MAX_RANK], axes[VT_MAX_RANK] = {1};

    if (rank < 2) {
        return onnx_fail(n, VT_E_SHAPE, "input 0 has %d axes", rank);
    }
    if (!onnx_attr_i(n, "channel_shared", 0)) {
        for (int i = 0; i < rank; i++) {
            dims[i] = i == 1 ? -1 : 1;
        }
        weights = onnx_reshape(n, weights, dims, rank, false);
    }
    if (onnx_attr_i(n, "across_spatial", 0)) {
        for (count = 0; count + 1 < rank; count++) {
            axes[count] = count + 1;
        }
    }
    x = onnx_op(n, "NormalizeL2", 1, ONNX_IN(x, onnx_i64s(n, axes, count)), "eps=%.9g;eps_mode=add",
                number(n, "eps", 0));
    return onnx_out(n, 0, onnx_mul(n, x, weights));
}

/* ---- boxes */

/* Height and width of a picture, and a batch axis in front of the boxes. */
static struct onnx_value extents(struct onnx_node *n, int input)
{
    return onnx_slice_axis(n, onnx_shape_of(n, onnx_in(n, input)), 0, 2, 4);
}

static int boxes_out(struct onnx_node *n, struct onnx_value boxes)
{
    int64_t front = 0;

    return onnx_out(n, 0, onnx_unsqueeze(n, boxes, &front, 1));
}

int onnx_ov_prior_box(struct onnx_node *n)
{
    if (need_inputs(n, 2, 2)) {
        return onnx_status(n);
    }
    return boxes_out(
        n, onnx_op(n, "PriorBox", 8, ONNX_IN(extents(n, 0), extents(n, 1)),
                   "min_size=%s;max_size=%s;aspect_ratio=%s;flip=%s;clip=%s;step=%.9g;offset=%.9g;"
                   "variance=%s;scale_all_sizes=%s;fixed_ratio=%s;fixed_size=%s;density=%s;"
                   "min_max_aspect_ratios_order=%s",
                   floats(n, "min_size", ""), floats(n, "max_size", ""), floats(n, "aspect_ratio", ""),
                   flag(n, "flip", 0), flag(n, "clip", 0), number(n, "step", 0), number(n, "offset", 0),
                   floats(n, "variance", ""), flag(n, "scale_all_sizes", 1), floats(n, "fixed_ratio", ""),
                   floats(n, "fixed_size", ""), floats(n, "density", ""),
                   flag(n, "min_max_aspect_ratios_order", 1)));
}

int onnx_ov_prior_box_clustered(struct onnx_node *n)
{
    if (need_inputs(n, 2, 2)) {
        return onnx_status(n);
    }
    return boxes_out(n, onnx_op(n, "PriorBoxClustered", 1, ONNX_IN(extents(n, 0), extents(n, 1)),
                                "width=%s;height=%s;clip=%s;variance=%s;step_h=%.9g;step_w=%.9g;offset=%.9g",
                                floats(n, "width", ""), floats(n, "height", ""), flag(n, "clip", 0),
                                floats(n, "variance", "0.1"), number(n, "step_h", 0), number(n, "step_w", 0),
                                number(n, "offset", 0)));
}

int onnx_ov_detection_output(struct onnx_node *n)
{
    const char *code = onnx_attr_s(n, "code_type", "caffe.PriorBoxParameter.CORNER");
    const char *prefix =
        strstr(code ? code : "", "caffe.PriorBoxParameter.") ? "" : "caffe.PriorBoxParameter.";
    struct onnx_value in[5];

    if (onnx_n_in(n) != 3 && onnx_n_in(n) != 5) {
        return onnx_fail(n, VT_E_INVALID, "%d inputs, not 3 or 5", onnx_n_in(n));
    }
    for (int i = 0; i < onnx_n_in(n); i++) {
        in[i] = onnx_in(n, i);
    }
    return onnx_out(
        n, 0,
        onnx_op(n, "DetectionOutput", 8, in, onnx_n_in(n),
                "background_label_id=%lld;top_k=%lld;variance_encoded_in_target=%s;keep_top_k=%lld;"
                "code_type=%s%s;share_location=%s;nms_threshold=%.9g;confidence_threshold=%.9g;"
                "clip_after_nms=%s;clip_before_nms=%s;decrease_label_id=%s;normalized=%s;"
                "input_width=%lld;input_height=%lld;objectness_score=%.9g",
                whole(n, "background_label_id", 0), whole(n, "top_k", -1),
                flag(n, "variance_encoded_in_target", 0), whole(n, "keep_top_k", 1), prefix, code ? code : "",
                flag(n, "share_location", 1), number(n, "nms_threshold", 0),
                number(n, "confidence_threshold", 0), flag(n, "clip_after_nms", 0),
                flag(n, "clip_before_nms", 0), flag(n, "decrease_label_id", 0), flag(n, "normalized", 1),
                whole(n, "input_width", 1), whole(n, "input_height", 1), number(n, "objectness_score", 0)));
}

/* ---- Detectron */

static int all_outputs(struct onnx_node *n, struct onnx_value v, int count)
{
    for (int i = 0; i < count; i++) {
        onnx_out(n, i, onnx_port(v, i));
    }
    return onnx_status(n);
}

int onnx_ov_detectron_detection_output(struct onnx_node *n)
{
    struct onnx_value v;

    if (need_inputs(n, 4, 4)) {
        return onnx_status(n);
    }
    v = onnx_op(n, "ExperimentalDetectronDetectionOutput", 6,
                ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2), onnx_in(n, 3)),
                "score_threshold=%.9g;nms_threshold=%.9g;max_delta_log_wh=%.9g;num_classes=%lld;"
                "post_nms_count=%lld;max_detections_per_image=%lld;class_agnostic_box_regression=%s;"
                "deltas_weights=%s",
                number(n, "score_threshold", 0.05f), number(n, "nms_threshold", 0.5f),
                number(n, "max_delta_log_wh", 4.13516655f), whole(n, "num_classes", 81),
                whole(n, "post_nms_count", 2000), whole(n, "max_detections_per_image", 100),
                flag(n, "class_agnostic_box_regression", 0), floats(n, "deltas_weights", "10,10,5,5"));
    return all_outputs(n, v, 3);
}

int onnx_ov_detectron_proposals(struct onnx_node *n)
{
    struct onnx_value v;

    if (need_inputs(n, 4, 4)) {
        return onnx_status(n);
    }
    v = onnx_op(n, "ExperimentalDetectronGenerateProposalsSingleImage", 6,
                ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2), onnx_in(n, 3)),
                "min_size=%.9g;nms_threshold=%.9g;post_nms_count=%lld;pre_nms_count=%lld",
                number(n, "min_size", 0), number(n, "nms_threshold", 0.7f), whole(n, "post_nms_count", 1000),
                whole(n, "pre_nms_count", 1000));
    return all_outputs(n, v, 2);
}

int onnx_ov_detectron_prior_grid(struct onnx_node *n)
{
    if (need_inputs(n, 3, 3)) {
        return onnx_status(n);
    }
    return onnx_out(n, 0,
                    onnx_op(n, "ExperimentalDetectronPriorGridGenerator", 6,
                            ONNX_IN(onnx_in(n, 0), onnx_in(n, 1), onnx_in(n, 2)),
                            "flatten=%s;h=%lld;w=%lld;stride_x=%.9g;stride_y=%.9g", flag(n, "flatten", 1),
                            whole(n, "h", 0), whole(n, "w", 0), number(n, "stride_x", 0),
                            number(n, "stride_y", 0)));
}

int onnx_ov_detectron_roi_features(struct onnx_node *n)
{
    static const int64_t usual[] = {4, 8, 16, 32, 64};
    int count = 0, n_in = onnx_n_in(n);
    const int64_t *scales = onnx_attr_is(n, "pyramid_scales", &count);
    struct onnx_value *in = onnx_alloc(n, ((size_t)n_in + 1) * sizeof(*in)), v;

    for (int i = 0; in && i < n_in; i++) {
        in[i] = onnx_in(n, i);
    }
    v = onnx_op(n, "ExperimentalDetectronROIFeatureExtractor", 6, in, in ? n_in : 0,
                "output_size=%lld;sampling_ratio=%lld;aligned=%s;pyramid_scales=%s",
                whole(n, "output_size", 7), whole(n, "sampling_ratio", 2), flag(n, "aligned", 0),
                scales ? onnx_list(n, scales, count) : onnx_list(n, usual, 5));
    return all_outputs(n, v, 2);
}

int onnx_ov_detectron_topk_rois(struct onnx_node *n)
{
    return onnx_out(n, 0,
                    onnx_op(n, "ExperimentalDetectronTopKROIs", 6, ONNX_IN(onnx_in(n, 0), onnx_in(n, 1)),
                            "max_rois=%lld", whole(n, "max_rois", 1000)));
}

/* Anchors [A, 4] for each place of the map. */
int onnx_ov_generate_proposals(struct onnx_node *n)
{
    struct onnx_value scores = onnx_in(n, 0), anchors = onnx_in(n, 3), shape, v;

    if (need_inputs(n, 4, 4)) {
        return onnx_status(n);
    }
    shape = onnx_concat(n, ONNX_IN(extents(n, 0), onnx_shape_of(n, anchors)), 0);
    anchors = onnx_op(n, "Broadcast", 3, ONNX_IN(anchors, shape), "mode=numpy");
    v = onnx_op(n, "GenerateProposals", 9, ONNX_IN(onnx_in(n, 2), anchors, onnx_in(n, 1), scores),
                "min_size=%.9g;nms_threshold=%.9g;pre_nms_count=%lld;post_nms_count=%lld;normalized=%s",
                number(n, "min_size", 1), number(n, "nms_thresh", 0.7f), whole(n, "pre_nms_topN", 6000),
                whole(n, "post_nms_topN", 300), onnx_attr_i(n, "legacy_plus_one", 1) ? "false" : "true");
    return all_outputs(n, v, 3);
}

int onnx_ov_deformable_conv_2d(struct onnx_node *n)
{
    int n_in = onnx_n_in(n);
    struct onnx_value in[4];
    struct onnx_window w;

    if (need_inputs(n, 3, 4) || onnx_window_read(n, 2, &w)) {
        return onnx_status(n);
    }
    for (int i = 0; i < n_in; i++) {
        in[i] = onnx_in(n, i);
    }
    return onnx_out(n, 0,
                    onnx_op(n, "DeformableConvolution", 8, in, n_in, "%s;group=%lld;deformable_group=%lld",
                            onnx_window_attrs(n, &w, true), whole(n, "group", 1),
                            whole(n, "deformable_groups", 1)));
}
