#!/usr/bin/env python3
"""Time single operations at the sizes models use them with, in Vintner and in OpenVINO, in one interleaved run.

  operations.py --lib libvintner.so [--only REGEX] [--threads N] [--rounds N] [--seconds S]

Each operation becomes a model of its own with inputs that are not constant. Printed are milliseconds of the fastest
inference of each side, their ratio (above 1: Vintner is faster), and the largest difference of the first output
relative to its range. Needs numpy and openvino.
"""
import argparse
import pathlib
import re
import tempfile
import time

import numpy as np
import openvino as ov
from openvino import opset1, opset3, opset6, opset8, opset9, opset15, opset16
from openvino.utils.node_factory import NodeFactory

from vintner_lib import Vintner

RNG = np.random.default_rng(5)
CASES = []


def case(function):
    CASES.append(function)
    return function


def normal(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def uniform(*shape):
    return RNG.random(shape).astype(np.float32)


def whole(top, *shape, kind=np.int64):
    return RNG.integers(0, top, shape).astype(kind)


def boxes(*shape, size=1.0):
    """[..., 4] as x0 y0 x1 y1 with 5 to 35 % of the side."""
    corner = RNG.random(shape + (2,)) * 0.65
    extent = 0.05 + RNG.random(shape + (2,)) * 0.3
    return (np.concatenate([corner, corner + extent], -1) * size).astype(np.float32)


def params(arrays):
    return [opset1.parameter(a.shape, a.dtype) for a in arrays]


def make(name, inputs, **attributes):
    """An operation that has no function of its own, or one that wants every attribute."""
    return NodeFactory("opset6").create(name, [node.output(0) for node in inputs], attributes)


def build(arrays, operation):
    parameters = params(arrays)
    node = operation(*parameters)
    return ov.Model([node.output(i) for i in range(node.get_output_size())], parameters, "operation"), arrays


@case
def embedding_bag_offsets_sum():
    """Criteo-like table, 2048 bags of 20."""
    table, indices = normal(100000, 64), whole(100000, 40960, kind=np.int32)
    offsets = np.arange(0, 40960, 20, dtype=np.int32)
    return build([table, indices, offsets], lambda t, i, o: opset3.embedding_bag_offsets_sum(t, i, o))


@case
def embedding_bag_packed_sum():
    return build([normal(100000, 64), whole(100000, 2048, 20, kind=np.int32)], lambda t, i: opset3.embedding_bag_packed_sum(t, i))


@case
def embedding_segments_sum():
    segments = np.sort(whole(2048, 40960, kind=np.int32))
    return build([normal(100000, 64), whole(100000, 40960, kind=np.int32), segments],
                 lambda t, i, s: opset3.embedding_segments_sum(t, i, s, np.int32(2048)))


@case
def stft_speech():
    """Ten seconds of speech, window 400, step 160."""
    window = np.hanning(400).astype(np.float32)
    return build([normal(1, 160000)], lambda s: opset15.stft(s, window, np.int64(400), np.int64(160), True))


@case
def istft_music():
    return build([normal(1, 1025, 400, 2)], lambda s: opset16.istft(s, np.hanning(2048).astype(np.float32), np.int64(2048), np.int64(512), True, False))


@case
def rdft_2d():
    return build([normal(64, 64, 64)], lambda s: opset9.rdft(s, np.array([1, 2], np.int64)))


@case
def irdft_2d():
    return build([normal(64, 64, 33, 2)], lambda s: opset9.irdft(s, np.array([1, 2], np.int64), np.array([64, 64], np.int64)))


@case
def dft_1d():
    return build([normal(64, 1024, 2)], lambda s: opset8.dft(s, np.array([1], np.int64)))


@case
def dft_odd():
    return build([normal(64, 1000, 2)], lambda s: opset8.dft(s, np.array([1], np.int64)))


@case
def idft_2d():
    return build([normal(8, 256, 256, 2)], lambda s: opset8.idft(s, np.array([1, 2], np.int64)))


@case
def detection_output_ssd300():
    count, classes = 8732, 21
    prior = np.stack([boxes(count).reshape(-1), np.tile(np.array([.1, .1, .2, .2], np.float32), count)])[None]
    scores = uniform(1, count * classes) ** 8
    return build([normal(1, count * 4) * 0.5, scores.astype(np.float32), prior],
                 lambda l, s, p: opset8.detection_output(l, s, p, dict(
                     background_label_id=0, top_k=400, variance_encoded_in_target=False, keep_top_k=[200],
                     code_type="caffe.PriorBoxParameter.CENTER_SIZE", share_location=True, nms_threshold=0.45,
                     confidence_threshold=0.01, clip_after_nms=False, clip_before_nms=False, decrease_label_id=False, normalized=True)))


@case
def non_max_suppression_yolo():
    return build([boxes(1, 8400, size=640.0), (uniform(1, 80, 8400) ** 12).astype(np.float32)],
                 lambda b, s: opset9.non_max_suppression(b, s, np.int64(300), np.float32(0.5), np.float32(0.25)))


@case
def non_max_suppression_soft():
    return build([boxes(1, 1000, size=640.0), uniform(1, 20, 1000)],
                 lambda b, s: opset9.non_max_suppression(b, s, np.int64(100), np.float32(0.5), np.float32(0.1), np.float32(0.5)))


@case
def multiclass_nms():
    return build([boxes(1, 8400, size=640.0), (uniform(1, 80, 8400) ** 12).astype(np.float32)],
                 lambda b, s: opset9.multiclass_nms(b, s, score_threshold=0.05, iou_threshold=0.5, nms_top_k=1000, keep_top_k=100))


@case
def matrix_nms():
    return build([boxes(1, 3549, size=416.0), (uniform(1, 80, 3549) ** 8).astype(np.float32)],
                 lambda b, s: opset8.matrix_nms(b, s, score_threshold=0.05, nms_top_k=500, keep_top_k=100, post_threshold=0.05))


@case
def generate_proposals():
    anchors = boxes(50, 68, 3, size=800.0)
    return build([np.array([[800, 1088, 1.0]], np.float32), anchors, normal(1, 12, 50, 68) * 0.2, uniform(1, 3, 50, 68)],
                 lambda i, a, d, s: opset9.generate_proposals(i, a, d, s, min_size=0.0, nms_threshold=0.7, pre_nms_count=1000, post_nms_count=1000))


@case
def proposal_faster_rcnn():
    scores = uniform(1, 18, 38, 50)
    return build([scores, normal(1, 36, 38, 50) * 0.2, np.array([600, 800, 1.0], np.float32)],
                 lambda *inputs: make("Proposal", inputs, base_size=16, pre_nms_topn=6000, post_nms_topn=300, nms_thresh=0.7,
                                      feat_stride=16, min_size=16, ratio=[0.5, 1.0, 2.0], scale=[8.0, 16.0, 32.0]))


@case
def roi_pooling():
    rois = np.concatenate([np.zeros((300, 1), np.float32), boxes(300, size=600.0)], 1)
    return build([normal(1, 512, 38, 50), rois], lambda f, r: opset3.roi_pooling(f, r, [7, 7], 0.0625, "max"))


@case
def psroi_pooling():
    rois = np.concatenate([np.zeros((300, 1), np.float32), boxes(300, size=600.0)], 1)
    return build([normal(1, 392, 38, 50), rois], lambda f, r: opset3.psroi_pooling(f, r, 8, 7, 0.0625, 1, 1, "average"))


@case
def deformable_psroi_pooling():
    rois = np.concatenate([np.zeros((300, 1), np.float32), boxes(300, size=600.0)], 1)
    return build([normal(1, 392, 38, 50), rois], lambda f, r: opset1.deformable_psroi_pooling(
        f, r, output_dim=8, spatial_scale=0.0625, group_size=7, mode="bilinear_deformable", spatial_bins_x=4, spatial_bins_y=4, trans_std=0.1, part_size=7))


@case
def detectron_features():
    return build([boxes(1000, size=800.0), normal(1, 256, 200, 272), normal(1, 256, 100, 136), normal(1, 256, 50, 68), normal(1, 256, 25, 34)],
                 lambda *inputs: make("ExperimentalDetectronROIFeatureExtractor", inputs, output_size=7, sampling_ratio=2,
                                      pyramid_scales=[4, 8, 16, 32], aligned=False))


@case
def detectron_detection_output():
    return build([boxes(1000, size=800.0), normal(1000, 324) * 0.1, uniform(1000, 81) ** 6, np.array([[800, 1088, 1.0]], np.float32)],
                 lambda *inputs: make("ExperimentalDetectronDetectionOutput", inputs, score_threshold=0.05, nms_threshold=0.5,
                                      num_classes=81, post_nms_count=2000, max_detections_per_image=100,
                                      class_agnostic_box_regression=False, max_delta_log_wh=4.135,
                                      deltas_weights=[10.0, 10.0, 5.0, 5.0]))


@case
def detectron_proposals():
    return build([np.array([800, 1088, 1.0], np.float32), boxes(50 * 68 * 3, size=800.0), normal(12, 50, 68) * 0.2, uniform(3, 50, 68)],
                 lambda *inputs: make("ExperimentalDetectronGenerateProposalsSingleImage", inputs, min_size=0.0, nms_threshold=0.7,
                                      pre_nms_count=1000, post_nms_count=1000))


@case
def detectron_topk_rois():
    return build([boxes(4000, size=800.0), uniform(4000)], lambda *inputs: make("ExperimentalDetectronTopKROIs", inputs, max_rois=1000))


@case
def detectron_prior_grid():
    return build([boxes(3, size=100.0), normal(1, 1, 200, 272), normal(1, 3, 800, 1088)],
                 lambda *inputs: make("ExperimentalDetectronPriorGridGenerator", inputs, flatten=True, h=0, w=0, stride_x=4.0,
                                      stride_y=4.0))


@case
def roi_align_rotated():
    rois = np.concatenate([boxes(200, size=600.0), uniform(200, 1) * 3], 1).astype(np.float32)
    return build([normal(1, 256, 64, 64), rois, np.zeros(200, np.int32)],
                 lambda f, r, b: opset15.roi_align_rotated(f, r, b, 7, 7, 2, 0.0625, True))


@case
def nms_rotated():
    rotated = np.concatenate([boxes(1, 1000, size=640.0), uniform(1, 1000, 1) * 3], -1).astype(np.float32)
    return build([rotated, uniform(1, 5, 1000)], lambda b, s: ov.opset13.nms_rotated(b, s, np.int64(100), np.float32(0.5), np.float32(0.3)))


@case
def prior_box():
    return build([np.array([38, 38], np.int64), np.array([300, 300], np.int64)], lambda o, i: opset8.prior_box(o, i, dict(
        min_size=[30.0], max_size=[60.0], aspect_ratio=[2.0, 3.0], flip=True, clip=False, step=8.0, offset=0.5, variance=[0.1, 0.1, 0.2, 0.2])))


@case
def region_yolo_v2():
    return build([normal(1, 425, 13, 13)], lambda x: opset3.region_yolo(x, 4, 80, 5, True, [], 1, 3, [1.0] * 10))


@case
def region_yolo_v3():
    return build([normal(1, 255, 52, 52)], lambda x: opset3.region_yolo(x, 4, 80, 9, False, [0, 1, 2], 1, 3, [10.0] * 18))


@case
def reorg_yolo():
    return build([normal(1, 64, 26, 26)], lambda x: opset3.reorg_yolo(x, [2]))


@case
def scatter_elements_add():
    """Messages of a graph network: 50,000 edges, 64 channels, 5,000 nodes."""
    index = np.repeat(whole(5000, 50000, 1), 64, 1)
    return build([np.zeros((5000, 64), np.float32), index, normal(50000, 64)],
                 lambda d, i, u: ov.opset12.scatter_elements_update(d, i, u, np.int64(0), "sum", True))


@case
def scatter_elements_mean():
    index = np.repeat(whole(5000, 50000, 1), 64, 1)
    return build([np.zeros((5000, 64), np.float32), index, normal(50000, 64)],
                 lambda d, i, u: ov.opset12.scatter_elements_update(d, i, u, np.int64(0), "mean", False))


@case
def scatter_nd_add():
    return build([np.zeros((5000, 64), np.float32), whole(5000, 50000, 1), normal(50000, 64)],
                 lambda d, i, u: opset15.scatter_nd_update(d, i, u, "sum"))


@case
def segment_max():
    return build([normal(50000, 64), np.sort(whole(5000, 50000))], lambda x, s: opset16.segment_max(x, s, np.int64(5000), fill_mode="ZERO"))


@case
def einsum_ellipsis():
    return build([normal(8, 128, 512), normal(512, 256)], lambda a, b: ov.opset7.einsum([a, b], "...ij,jk->...ik"))


@case
def einsum_three():
    return build([normal(64, 64), normal(64, 128), normal(128, 64)], lambda a, b, c: ov.opset7.einsum([a, b, c], "ij,jk,kl->il"))


@case
def lstm_peephole_free_hardsigmoid():
    return build([normal(1, 64, 256), normal(1, 1, 128), normal(1, 1, 128)], lambda x, h, c: ov.opset5.lstm_sequence(
        x, h, c, np.array([64], np.int32), normal(1, 512, 256) * 0.1, normal(1, 512, 128) * 0.1, normal(1, 512), 128, "forward",
        activations=["sigmoid", "tanh", "relu"]))


@case
def ctc_greedy_decoder():
    return build([normal(4, 200, 100), np.full(4, 200, np.int32)], lambda x, n: opset6.ctc_greedy_decoder_seq_len(x, n))


@case
def ctc_greedy_decoder_1():
    return build([normal(88, 16, 71), np.ones((88, 16), np.float32)], lambda x, n: opset3.ctc_greedy_decoder(x, n))


@case
def gather_tree():
    return build([whole(10, 64, 8, 10, kind=np.int32), whole(10, 64, 8, 10, kind=np.int32), np.full(8, 64, np.int32)],
                 lambda s, p, m: opset3.gather_tree(s, p, m, np.int32(2)))


@case
def random_uniform():
    return build([np.array([16, 512, 64], np.int64)], lambda s: opset8.random_uniform(s, np.float32(0), np.float32(1), "f32", 3, 4))


@case
def multinomial():
    return build([uniform(16, 32000), np.array([1], np.int64)], lambda p, n: ov.opset13.multinomial(p, n, "i32", False, False, 3, 4))


@case
def slice_scatter():
    """A cache of keys takes one token. OpenVINO crashes where the position is an input."""
    return build([normal(8, 16, 512, 64), normal(8, 16, 1, 64)],
                 lambda d, u: opset15.slice_scatter(d, u, *(np.array([n], np.int64) for n in (100, 101, 1, 2))))


@case
def reduce_logical_or():
    return build([whole(2, 8, 512, 512, kind=np.bool_)], lambda x: opset1.reduce_logical_or(x, np.array([2], np.int64), True))


@case
def bucketize():
    return build([normal(1, 512, 512), np.sort(normal(31))], lambda x, b: opset3.bucketize(x, b))


@case
def search_sorted():
    """Few values: OpenVINO's time grows with their square."""
    return build([np.sort(normal(16, 64)), normal(16, 256)], lambda b, x: opset15.search_sorted(b, x))


@case
def col2im():
    return build([normal(1, 576, 3136)], lambda x: opset15.col2im(x, np.array([56, 56], np.int64), np.array([3, 3], np.int64), None, None, [1, 1], [1, 1]))


@case
def extract_image_patches():
    return build([normal(1, 64, 64, 64)], lambda x: opset3.extract_image_patches(x, [3, 3], [1, 1], [1, 1], "SAME_UPPER"))


@case
def grn():
    return build([normal(1, 256, 28, 28)], lambda x: opset3.grn(x, 1e-5))


@case
def adaptive_max_pool():
    return build([normal(1, 512, 28, 28)], lambda x: opset8.adaptive_max_pool(x, np.array([7, 7], np.int64), "i32"))


@case
def unique():
    return build([whole(5000, 100000)], lambda x: ov.opset10.unique(x))


@case
def inverse():
    return build([normal(64, 32, 32)], lambda x: ov.opset14.inverse(x, adjoint=False))


@case
def range_run_time():
    return build([np.array(512, np.int64)], lambda n: ov.opset4.range(np.int64(0), n, np.int64(1), "i64"))


@case
def fake_convert():
    return build([normal(512, 1024)], lambda x: ov.opset13.fake_convert(x, np.float32(1.0), destination_type="f8e4m3"))


@case
def eye():
    return build([np.array([512], np.int32)], lambda n: opset9.eye(n, n, np.int32(0), "f32"))


@case
def sparse_fill_empty_rows():
    rows = np.sort(whole(4000, 20000))
    pairs = np.unique(np.stack([rows, whole(20, 20000)], 1), axis=0)
    return build([whole(1000, len(pairs)).astype(np.float32), np.array([4096, 20], np.int64), pairs, np.array(0, np.float32)],
                 lambda v, s, i, d: opset16.sparse_fill_empty_rows(v, s, i, d))


@case
def convolution_run_time_weights():
    return build([normal(1, 64, 56, 56), normal(64, 64, 3, 3)], lambda x, w: opset1.convolution(x, w, [1, 1], [1, 1], [1, 1], [1, 1]))


@case
def group_convolution_run_time_weights():
    """Weights modulated by a style: a group for each picture."""
    return build([normal(1, 256, 64, 64), normal(4, 64, 64, 3, 3)],
                 lambda x, w: opset1.group_convolution(x, w, [1, 1], [1, 1], [1, 1], [1, 1]))


@case
def deconvolution_run_time_weights():
    return build([normal(1, 64, 28, 28), normal(64, 32, 4, 4)],
                 lambda x, w: opset1.convolution_backprop_data(x, w, [2, 2], pads_begin=[1, 1], pads_end=[1, 1], dilations=[1, 1]))


@case
def attention_boolean_mask():
    return build([normal(1, 12, 128, 64), normal(1, 12, 128, 64), normal(1, 12, 128, 64), RNG.random((1, 1, 128, 128)) < 0.8],
                 lambda q, k, v, m: ov.opset13.scaled_dot_product_attention(q, k, v, m))


@case
def interpolate_1():
    return build([normal(1, 64, 64, 64), np.array([128, 128], np.int64)],
                 lambda x, s: opset1.interpolate(x, np.array([128, 128], np.int64), dict(axes=[2, 3], mode="linear", align_corners=False)))


@case
def mvn_1():
    return build([normal(1, 64, 64, 64)], lambda x: NodeFactory("opset2").create("MVN", [x.output(0)], dict(
        across_channels=False, normalize_variance=True, eps=1e-5)))


@case
def mvn_channels():
    return build([normal(1, 64, 64, 64)], lambda x: opset6.mvn(x, np.array([1], np.int64), True, 1e-5, "inside_sqrt"))


@case
def normalize_l2_channels():
    return build([normal(1, 512, 38, 38)], lambda x: opset1.normalize_l2(x, np.array([1], np.int64), 1e-10, "add"))


@case
def reduce_sum_i64():
    return build([whole(2, 16, 4096)], lambda x: opset1.reduce_sum(x, np.array([1], np.int64), True))


@case
def reduce_max_i32():
    return build([whole(100, 64, 64, 64, kind=np.int32)], lambda x: opset1.reduce_max(x, np.array([1], np.int64), True))


@case
def reduce_mean_apart():
    return build([normal(8, 64, 56, 56)], lambda x: opset1.reduce_mean(x, np.array([0, 2, 3], np.int64), True))


@case
def slice_run_time():
    return build([normal(1, 12, 1024, 64), np.array([100], np.int64), np.array([600], np.int64)],
                 lambda x, a, b: opset8.slice(x, a, b, np.array([1], np.int64), np.array([2], np.int64)))


@case
def strided_slice_run_time():
    return build([normal(1, 12, 1024, 64), np.array([0, 0, 100], np.int64), np.array([0, 0, 600], np.int64)],
                 lambda x, a, b: opset1.strided_slice(x, a, b, np.array([1, 1, 1], np.int64), [1, 1, 0], [1, 1, 0]))


@case
def tile_run_time():
    return build([normal(64, 1, 256), np.array([1, 32, 1], np.int64)], lambda x, r: opset1.tile(x, r))


@case
def reshape_run_time():
    return build([normal(64, 1024), np.array([32, 2048], np.int64)], lambda x, s: opset1.reshape(x, s, False))


@case
def broadcast_run_time():
    return build([normal(64, 1, 256), np.array([64, 32, 256], np.int64)], lambda x, s: opset3.broadcast(x, s))


@case
def max_pool_indices():
    return build([normal(1, 64, 112, 112)], lambda x: opset8.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]))


@case
def deformable_convolution_groups():
    return build([normal(1, 64, 40, 40), normal(1, 8 * 18, 40, 40)], lambda x, o: opset8.deformable_convolution(
        x, o, normal(64, 64, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1], auto_pad="EXPLICIT", group=1, deformable_group=8))


@case
def clamp_i64():
    return build([whole(100, 512, 512)], lambda x: opset1.clamp(x, 10, 50))


@case
def cum_sum_i64():
    return build([whole(2, 16, 4096)], lambda x: opset3.cum_sum(x, np.array(1, np.int64)))


@case
def top_k_i64():
    return build([whole(100000, 16, 4096)], lambda x: ov.opset11.topk(x, np.int64(10), 1, "max", "value", stable=True))


@case
def divide_i64():
    return build([whole(100000, 512, 512), whole(100, 512, 512) + 1], lambda a, b: opset1.divide(a, b))


@case
def power_i32():
    return build([whole(100, 512, 512, kind=np.int32), np.full((1,), 2, np.int32)], lambda a, b: opset1.power(a, b))


@case
def softmax_channels():
    return build([normal(1, 21, 256, 256)], lambda x: opset8.softmax(x, 1))


@case
def lstm_cell_loop():
    return build([normal(1, 256), normal(1, 256), normal(1, 256)], lambda x, h, c: ov.opset4.lstm_cell(
        x, h, c, normal(1024, 256) * 0.1, normal(1024, 256) * 0.1, normal(1024), 256))


def least(step, seconds):
    best, end = float("inf"), time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        step()
        now = time.perf_counter()
        best = min(best, now - start)
        if now > end:
            return best * 1e3


def measure(function, vintner, options, folder):
    model, arrays = function()
    path = pathlib.Path(folder) / f"{function.__name__}.xml"
    ov.save_model(model, path, compress_to_fp16=False)
    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": str(options.threads), "PERFORMANCE_HINT": "LATENCY"}
    ours = vintner.prepare(path, "CPU", config)
    ours.set_inputs(arrays)
    ours.infer()
    mine = ours.output(0)
    times, theirs, difference, why = [float("inf")] * 2, None, float("nan"), ""
    try:
        theirs = ov.Core().compile_model(str(path), "CPU", config).create_infer_request()
        for i, array in enumerate(arrays):
            theirs.set_input_tensor(i, ov.Tensor(array))
        theirs.infer()
        other = theirs.get_output_tensor(0).data
        if mine.shape == other.shape:
            difference = float(np.max(np.abs(mine.astype(np.float64) - other), initial=0) / max(np.abs(other).max(initial=0), 1e-30))
    except Exception as problem:
        theirs, why = None, f"  OpenVINO: {str(problem).strip().splitlines()[-1][:60]}"
    for _ in range(options.rounds):
        times[0] = min(times[0], least(ours.infer, options.seconds))
        if theirs:
            times[1] = min(times[1], least(theirs.infer, options.seconds))
    print(f"{function.__name__:34} {times[0]:9.3f} {times[1]:9.3f} {times[1] / times[0]:7.2f}  {difference:.1e}{why}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lib", required=True)
    parser.add_argument("--only", default="", help="regular expression on the names of the cases")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.1, help="of each side in a round (0.1)")
    options = parser.parse_args()
    vintner = Vintner(options.lib)
    print(f"{'operation':34} {'ms':>9} {'OpenVINO':>9} {'ratio':>7}  difference")
    with tempfile.TemporaryDirectory() as folder:
        for function in CASES:
            if re.search(options.only, function.__name__):
                try:
                    measure(function, vintner, options, folder)
                except Exception as problem:
                    print(f"{function.__name__:34} {problem}"[:200], flush=True)


main()
