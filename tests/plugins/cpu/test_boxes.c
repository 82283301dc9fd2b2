/* The operations that choose boxes, over random sizes, against references, to the last bit: equal scores,
 * NaN, infinities, boxes without an area, and none at all. */
#include "cpu_test.h"

/* ---- contents, by letters: b boxes, s scores, d deltas, i an image's size and scales, k as random_inputs
 * makes it */

static float strange(float usual)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e30f};

    return values[random_in(0, 5)] + 0 * usual;
}

static void fill_boxes(float *v, int64_t n, float size, int odd)
{
    for (int64_t i = 0; i + 4 <= n; i += 4) {
        for (int k = 0; k < 2; k++) {
            v[i + k] = (float)random_in(0, 24) / 32 * size;
            v[i + 2 + k] = v[i + k] + (float)random_in(random_chance(5) ? -3 : 1, 12) / 32 * size;
        }
        for (int k = 0; k < 4; k++) {
            v[i + k] = random_chance(odd) ? strange(v[i + k]) : v[i + k];
        }
    }
}

static void fill_as(struct vt_tensor *t, char role, float size, int odd)
{
    float *v = t->data;
    int64_t n = vt_tensor_count(t);

    for (int64_t i = 0; i < n && role == 'i'; i++) {
        v[i] = i < 2 ? (float)random_in(10, 60) : (float)random_in(2, 6) / 4;
    }
    if (role == 'b') {
        fill_boxes(v, n, size, odd);
    }
    for (int64_t i = 0; i < n && (role == 's' || role == 'd'); i++) {
        v[i] = role == 's' ? (float)random_in(-4, random_chance(30) ? 12 : 64) / 64 : random_float() * 0.7f;
        v[i] = random_chance(odd) ? strange(v[i]) : v[i];
    }
}

static void assert_equal_values(const struct outputs *want, const struct outputs *have)
{
    assert_int_equal(want->n, have->n);
    for (int o = 0; o < want->n; o++) {
        const struct vt_tensor *w = &want->t[o], *h = &have->t[o];

        if (w->bytes != h->bytes || w->rank != h->rank) {
            fail_msg("output %d has %zu bytes, not %zu [%s]", o, h->bytes, w->bytes, test_case);
        }
        for (int64_t i = 0; i < vt_tensor_count(w); i++) {
            double a = element_of(w, i), b = element_of(h, i);

            if (isnan(a) ? !isnan(b) : a != b) {
                fail_msg("output %d, element %lld: %.9g instead of %.9g [%s]", o, (long long)i, b, a,
                         test_case);
            }
        }
    }
}

/* Takes the graph over. `odd`: how many values of a hundred are none that a model has. */
static void check(struct vt_graph *g, const char *roles, float size, int odd, const char *fast, int threads)
{
    struct vt_model *model = net_finish(g);
    struct vt_buffer *in[MAX_PORTS];
    int n = random_inputs(model, in);
    struct outputs want, have;

    for (int i = 0; i < n; i++) {
        fill_as(&in[i]->t, roles[i], size, odd);
    }
    run_once(model, "REFDEV", NULL, n, in, &want);
    run_once(model, "CPU", "INFERENCE_NUM_THREADS=1", n, in, &have);
    assert_equal_values(&want, &have);
    outputs_free(&want);
    outputs_free(&have);
    check_inputs(model, n, in, fast, threads);
    drop_inputs(n, in);
    vt_model_unref(model);
}

static void add_results(struct vt_graph *g, struct vt_port y, int n)
{
    for (int i = 0; i < n; i++) {
        net_result(g, net_out(y, i));
    }
}

/* Most seeds are plain, some full of NaN. */
static int odd_of(int seed)
{
    return seed % 4 == 0 ? 6 : 0;
}

static int64_t some(int seed, int64_t most)
{
    return seed % 9 == 0 ? random_in(0, 1) : random_in(1, most);
}

static void test_nms(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 90; seed++) {
        struct vt_graph *g = net_create();
        int64_t boxes[3] = {1, 1, 4}, scores[3];
        struct vt_port in[6];
        bool soft = seed % 2, run_time = seed % 7 == 0;
        char attrs[128];

        random_seed((uint64_t)seed);
        scores[0] = boxes[0] = random_in(1, 3);
        scores[1] = random_in(1, 4);
        scores[2] = boxes[1] = some(seed, seed % 5 ? 40 : 700);
        snprintf(test_case, sizeof(test_case), "nms, seed %d", seed);
        snprintf(attrs, sizeof(attrs), "box_encoding=%s;sort_result_descending=%s;output_type=%s",
                 seed % 3 == 1 ? "center" : "corner", seed % 4 < 2 ? "true" : "false",
                 seed % 5 < 2 ? "i32" : "i64");
        in[0] = net_param(g, 3, boxes);
        in[1] = net_param(g, 3, scores);
        in[2] = run_time ? net_param_as(g, "i64", "") : net_i64(g, random_in(0, seed % 3 ? 60 : 5));
        in[3] = net_f32(g, (float)random_in(-1, 9) / 10);
        in[4] = net_f32(g, (float)random_in(-2, 8) / 16);
        in[5] = run_time ? net_param_as(g, "f32", "") : net_f32(g, soft ? (float)random_in(1, 8) / 8 : 0);
        add_results(g, net_op(g, "NonMaxSuppression", 9, 6, in, attrs), 3);
        check(g, "bskk", 1, odd_of(seed), "NonMaxSuppression", seed % 3 ? 0 : 4);
    }
}

static void test_class_nms(void **state)
{
    static const char *const orders[] = {"none", "score", "classid"};

    (void)state;
    for (int seed = 1; seed <= 120; seed++) {
        struct vt_graph *g = net_create();
        int64_t boxes[3] = {1, 1, 4}, scores[3];
        struct vt_port in[2];
        bool matrix = seed % 2;
        char attrs[400], more[160];

        random_seed((uint64_t)seed);
        scores[0] = boxes[0] = random_in(1, 3);
        scores[1] = random_in(1, 5);
        scores[2] = boxes[1] = some(seed, seed % 5 ? 40 : 600);
        snprintf(test_case, sizeof(test_case), "class nms, seed %d", seed);
        if (matrix) {
            snprintf(more, sizeof(more), "decay_function=%s;gaussian_sigma=%g;post_threshold=%g",
                     seed % 4 == 1 ? "linear" : "gaussian", (double)random_in(1, 4),
                     (double)random_in(-1, 8) / 20);
        } else {
            snprintf(more, sizeof(more), "iou_threshold=%g;nms_eta=%g", (double)random_in(0, 9) / 10,
                     seed % 3 ? 1 : 0.9);
        }
        snprintf(attrs, sizeof(attrs),
                 "sort_result_type=%s;sort_result_across_batch=%s;output_type=%s;score_threshold=%g;"
                 "nms_top_k=%d;keep_top_k=%d;background_class=%d;normalized=%s;%s",
                 orders[seed % 3], seed / 3 % 2 ? "true" : "false", seed % 5 < 2 ? "i32" : "i64",
                 (double)random_in(-2, 20) / 64, (int)random_in(-1, seed % 3 ? 400 : 6),
                 (int)random_in(-1, seed % 4 ? 40 : 8), (int)random_in(-1, 2),
                 seed % 7 < 3 ? "true" : "false", more);
        in[0] = net_param(g, 3, boxes);
        in[1] = net_param(g, 3, scores);
        add_results(g, net_op(g, matrix ? "MatrixNms" : "MulticlassNms", matrix ? 8 : 9, 2, in, attrs), 3);
        check(g, "bs", 20, odd_of(seed / 2), "Nms", seed % 3 ? 0 : 4);
    }
}

/* Each class has boxes of its own, and says how many are of which image. */
static void test_class_boxes(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct vt_graph *g = net_create();
        int64_t counts[3] = {random_in(0, 30), random_in(1, 200), 0};
        int64_t boxes[3] = {1, 1, 4}, scores[2];
        struct vt_port in[3];
        char attrs[300];

        random_seed((uint64_t)seed);
        counts[0] = random_in(0, 30);
        counts[1] = random_in(1, seed % 5 ? 30 : 300);
        counts[2] = random_in(0, 20);
        scores[0] = boxes[0] = random_in(1, 4);
        scores[1] = boxes[1] = counts[0] + counts[1] + counts[2] + random_in(0, 2);
        snprintf(test_case, sizeof(test_case), "class boxes, seed %d", seed);
        snprintf(
            attrs, sizeof(attrs),
            "sort_result_type=%s;sort_result_across_batch=%s;iou_threshold=0.4;nms_top_k=%d;keep_top_k=%d",
            seed % 2 ? "score" : "classid", seed / 2 % 2 ? "true" : "false", seed % 3 ? -1 : 12,
            seed % 4 ? -1 : 9);
        in[0] = net_param(g, 3, boxes);
        in[1] = net_param(g, 2, scores);
        in[2] = net_i64s(g, 3, counts);
        add_results(g, net_op(g, "MulticlassNms", 9, 3, in, attrs), 3);
        check(g, "bs", 1, odd_of(seed), "Nms", seed % 3 ? 0 : 4);
    }
}

static void test_detection_output(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 120; seed++) {
        struct vt_graph *g = net_create();
        bool old = seed % 2, share = seed % 3 != 0, encoded = seed % 4 == 1, normalized = seed % 5 > 0;
        bool label_first = seed % 7 < 2, refined = seed % 8 > 5;
        int64_t images, priors, classes, dims[3];
        struct vt_port in[5];
        char attrs[700];

        random_seed((uint64_t)seed);
        images = random_in(1, 3);
        priors = random_in(1, seed % 6 ? 40 : 500);
        classes = random_in(1, 6);
        snprintf(test_case, sizeof(test_case), "detection output, seed %d", seed);
        snprintf(attrs, sizeof(attrs),
                 "background_label_id=%d;top_k=%d;keep_top_k=%d;variance_encoded_in_target=%s;code_type=%s;"
                 "share_location=%s;nms_threshold=%g;confidence_threshold=%g;clip_after_nms=%s;"
                 "clip_before_nms=%s;decrease_label_id=%s;normalized=%s;input_height=%d;input_width=%d;"
                 "objectness_score=0.3",
                 (int)random_in(-1, classes - 1), (int)random_in(1, seed % 3 ? 300 : 6),
                 (int)random_in(seed % 5 ? 1 : -1, 30), encoded ? "true" : "false",
                 seed % 3 == 1 ? "caffe.PriorBoxParameter.CORNER" : "caffe.PriorBoxParameter.CENTER_SIZE",
                 share ? "true" : "false", (double)random_in(0, 9) / 10, (double)random_in(-2, 40) / 64,
                 seed % 4 < 2 ? "true" : "false", seed % 6 < 2 ? "true" : "false",
                 label_first ? "true" : "false", normalized ? "true" : "false", normalized ? 1 : 20,
                 normalized ? 1 : 30);
        if (old) {
            snprintf(attrs + strlen(attrs), sizeof(attrs) - strlen(attrs), ";num_classes=%d", (int)classes);
        }
        dims[0] = images;
        dims[1] = priors * 4 * (share ? 1 : classes);
        in[0] = in[4] = net_param(g, 2, dims);
        dims[1] = priors * classes;
        in[1] = net_param(g, 2, dims);
        dims[0] = random_chance(50) ? 1 : images;
        dims[1] = encoded ? 1 : 2;
        dims[2] = priors * (normalized ? 4 : 5);
        in[2] = net_param(g, 3, dims);
        if (refined) {
            dims[0] = images;
            dims[1] = priors * 2;
            in[3] = net_param(g, 2, dims);
        }
        net_result(g, net_op(g, "DetectionOutput", old ? 1 : 8, refined ? 5 : 3, in, attrs));
        check(g, normalized ? "dsbs" : "dsds", 1, odd_of(seed), "DetectionOutput", seed % 3 ? 0 : 4);
    }
}

static void test_generate(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 80; seed++) {
        struct vt_graph *g = net_create();
        int64_t h, w, a, images, dims[4];
        struct vt_port in[4];
        char attrs[256];

        random_seed((uint64_t)seed);
        images = random_in(1, 3);
        h = random_in(1, 8);
        w = random_in(1, seed % 5 ? 6 : 40);
        a = random_in(1, 4);
        snprintf(test_case, sizeof(test_case), "generate, seed %d", seed);
        snprintf(attrs, sizeof(attrs),
                 "min_size=%d;nms_threshold=%g;pre_nms_count=%d;post_nms_count=%d;normalized=%s;nms_eta=%g;"
                 "roi_num_type=%s",
                 (int)random_in(0, 6), (double)random_in(1, 9) / 10, (int)random_in(0, seed % 3 ? 300 : 9),
                 (int)random_in(0, seed % 4 ? 40 : 6), seed % 2 ? "true" : "false", seed % 3 ? 1 : 0.9,
                 seed % 5 < 2 ? "i32" : "i64");
        in[0] = net_binary(g, "Add", 1, net_param(g, 2, (int64_t[]){images, 3 + seed % 2}),
                           net_f32(g, (float)random_in(20, 32)), "");
        memcpy(dims, (int64_t[]){h, w, a, 4}, sizeof(dims));
        in[1] = net_param(g, 4, dims);
        memcpy(dims, (int64_t[]){images, 4 * a, h, w}, sizeof(dims));
        in[2] = net_param(g, 4, dims);
        dims[1] = a;
        in[3] = net_param(g, 4, dims);
        add_results(g, net_op(g, "GenerateProposals", 9, 4, in, attrs), 3);
        check(g, "kbds", 30, odd_of(seed), "GenerateProposals", seed % 3 ? 0 : 4);
    }
}

static void test_generate_one(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        int64_t h, w, a, dims[3];
        struct vt_port in[4], y;
        char attrs[160];

        random_seed((uint64_t)seed);
        h = random_in(1, 8);
        w = random_in(1, seed % 5 ? 6 : 40);
        a = random_in(1, 4);
        snprintf(test_case, sizeof(test_case), "generate one, seed %d", seed);
        snprintf(attrs, sizeof(attrs), "min_size=%d;nms_threshold=%g;pre_nms_count=%d;post_nms_count=%d",
                 (int)random_in(0, 8), (double)random_in(1, 9) / 10, (int)random_in(0, seed % 3 ? 600 : 9),
                 (int)random_in(1, seed % 4 ? 40 : 300));
        in[0] = net_binary(g, "Add", 1, net_param_as(g, "f32", "3"), net_f32(g, 25), "");
        memcpy(dims, (int64_t[]){h * w * a, 4, 0}, sizeof(dims));
        in[1] = net_param(g, 2, dims);
        memcpy(dims, (int64_t[]){4 * a, h, w}, sizeof(dims));
        in[2] = net_param(g, 3, dims);
        dims[0] = a;
        in[3] = net_param(g, 3, dims);
        y = net_op(g, "ExperimentalDetectronGenerateProposalsSingleImage", 6, 4, in, attrs);
        add_results(g, y, 2);
        check(g, "kbds", 30, odd_of(seed), "Proposals", seed % 3 ? 0 : 4);
    }
}

static void test_proposal(void **state)
{
    static const char *const ratios[] = {"0.5", "0.5,1", "0.3,1,2.5"};

    (void)state;
    for (int seed = 1; seed <= 80; seed++) {
        struct vt_graph *g = net_create();
        int64_t anchors = (seed % 3 + 1) * 2, dims[4];
        struct vt_port in[3], y;
        char attrs[400];

        random_seed((uint64_t)seed);
        dims[0] = random_in(1, 3);
        dims[1] = 2 * anchors;
        dims[2] = random_in(1, 6);
        dims[3] = random_in(1, seed % 5 ? 5 : 30);
        snprintf(test_case, sizeof(test_case), "proposal, seed %d", seed);
        snprintf(attrs, sizeof(attrs),
                 "base_size=%d;pre_nms_topn=%d;post_nms_topn=%d;nms_thresh=%g;feat_stride=%d;min_size=%d;"
                 "ratio=%s;scale=0.6,1.3;clip_before_nms=%s;clip_after_nms=%s;normalize=%s;box_size_scale=%g;"
                 "box_coordinate_scale=%g;framework=%s",
                 (int)random_in(4, 20), (int)random_in(1, seed % 4 ? 400 : 10),
                 (int)random_in(1, seed % 3 ? 20 : 200), (double)random_in(1, 9) / 10, (int)random_in(2, 9),
                 (int)random_in(0, 12), ratios[seed % 3], seed % 2 ? "true" : "false",
                 seed % 5 < 2 ? "true" : "false", seed % 7 < 3 ? "true" : "false", seed % 2 ? 1.0 : 5.0,
                 seed % 2 ? 1.0 : 10.0, seed % 4 == 1 ? "tensorflow" : "");
        in[0] = net_param(g, 4, dims);
        dims[1] = 4 * anchors;
        in[1] = net_param(g, 4, dims);
        in[2] = net_param_as(g, "f32", seed % 2 ? "3" : "1,4");
        y = net_op(g, "Proposal", seed % 2 ? 1 : 4, 3, in, attrs);
        add_results(g, y, seed % 2 ? 1 : 2);
        check(g, "sdi", 1, odd_of(seed), "Proposal", seed % 3 ? 0 : 4);
    }
}

static void test_detectron(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        int64_t boxes, classes, dims[2];
        struct vt_port in[4];
        char attrs[300];

        random_seed((uint64_t)seed);
        boxes = some(seed, seed % 5 ? 30 : 400);
        classes = random_in(1, 6);
        snprintf(test_case, sizeof(test_case), "detectron, seed %d", seed);
        snprintf(attrs, sizeof(attrs),
                 "score_threshold=%g;nms_threshold=%g;num_classes=%d;post_nms_count=%d;"
                 "max_detections_per_image=%d;class_agnostic_box_regression=false;max_delta_log_wh=2.5;"
                 "deltas_weights=10,10,5,5",
                 (double)random_in(-2, 30) / 64, (double)random_in(0, 9) / 10, (int)classes,
                 (int)random_in(0, seed % 3 ? 400 : 9), (int)random_in(0, seed % 4 ? 60 : 1000));
        memcpy(dims, (int64_t[]){boxes, 4}, sizeof(dims));
        in[0] = net_param(g, 2, dims);
        dims[1] = 4 * classes;
        in[1] = net_param(g, 2, dims);
        dims[1] = classes;
        in[2] = net_param(g, 2, dims);
        in[3] = net_param_as(g, "f32", "1,3");
        add_results(g, net_op(g, "ExperimentalDetectronDetectionOutput", 6, 4, in, attrs), 3);
        dims[1] = 4;
        snprintf(attrs, sizeof(attrs), "max_rois=%d", (int)random_in(0, seed % 2 ? 30 : 500));
        in[1] = net_param(g, 1, dims);
        net_result(g, net_binary(g, "ExperimentalDetectronTopKROIs", 6, in[0], in[1], attrs));
        check(g, "bdsks", 40, odd_of(seed), "Detectron", seed % 3 ? 0 : 4);
    }
}

static void test_grid(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 30; seed++) {
        struct vt_graph *g = net_create();
        int64_t map[4] = {1, 1, 1, 1}, image[4] = {1, 3, 64, 80};
        struct vt_port in[3];
        char attrs[160];

        random_seed((uint64_t)seed);
        map[2] = random_in(1, 9);
        map[3] = random_in(1, 9);
        snprintf(test_case, sizeof(test_case), "grid, seed %d", seed);
        snprintf(attrs, sizeof(attrs), "flatten=%s;h=%d;w=%d;stride_x=%g;stride_y=%g",
                 seed % 2 ? "true" : "false", seed % 3 ? 0 : (int)random_in(1, map[2]),
                 seed % 4 ? 0 : (int)random_in(1, map[3]), seed % 5 ? 0 : 3.3, seed % 7 ? 0 : 1.7);
        in[0] = net_param(g, 2, (int64_t[]){random_in(1, 4), 4});
        in[1] = net_param(g, 4, map);
        in[2] = net_param(g, 4, image);
        net_result(g, net_op(g, "ExperimentalDetectronPriorGridGenerator", 6, 3, in, attrs));
        check(g, "bkk", 40, odd_of(seed), "Detectron", seed % 3 ? 0 : 4);
    }
}

/* The grid and the image are numbers of the run; or the grid is known and the image is not. */
static void test_prior_box(void **state)
{
    static const char *const sizes[] = {
        "min_size=30;max_size=60;aspect_ratio=2,3;flip=true",
        "min_size=0.3,0.2;max_size=0.6;aspect_ratio=2;scale_all_sizes=false",
        "fixed_size=3,8;density=2,3",
        "min_size=3,4;aspect_ratio=0.4,2,3.5;flip=true;scale_all_sizes=false",
        "fixed_size=4;fixed_ratio=0.5,3;density=2",
        "min_size=5,6;max_size=9,11;aspect_ratio=2;min_max_aspect_ratios_order=false",
        "width=10,20,30;height=5,6,7",
        "width=10,20;height=50,6;step_w=4;step_h=5",
    };
    static const char *const variances[] = {"", ";variance=0.3", ";variance=0.1,0.2,0.3,0.4"};

    (void)state;
    for (int seed = 1; seed <= 96; seed++) {
        struct vt_graph *g = net_create();
        bool clustered = seed % 8 > 5, wide = seed % 3 == 0;
        const char *type = wide ? "i64" : "i32";
        struct vt_port in[2];
        char attrs[300];

        random_seed((uint64_t)seed);
        snprintf(test_case, sizeof(test_case), "prior box, seed %d", seed);
        snprintf(attrs, sizeof(attrs), "offset=0.5;clip=%s;step=%s;%s%s", seed % 2 ? "true" : "false",
                 seed / 8 % 3 == 0   ? "0"
                 : seed / 8 % 3 == 1 ? "8"
                 : clustered         ? "2"
                                     : "-1",
                 sizes[seed % 8], variances[seed % 3]);
        in[0] = seed % 5 ? net_param_as(g, type, "2")
                         : net_i64s(g, 2, (int64_t[]){random_in(0, 5), random_in(1, 6)});
        in[1] = net_param_as(g, type, "2");
        in[1] = net_binary(g, "Add", 1, in[1],
                           net_unary(g, "Convert", 1, net_i64(g, 40),
                                     wide ? "destination_type=i64" : "destination_type=i32"),
                           "");
        net_result(g,
                   net_op(g, clustered ? "PriorBoxClustered" : "PriorBox", clustered ? 1 : 8, 2, in, attrs));
        check(g, "kk", 1, 0, "PriorBox", 0);
    }
}

/* What the numbers of a run make impossible is said, and the next run goes on. */
static void test_errors(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[3] = {net_param_as(g, "f32", "2,5,4"), net_param_as(g, "f32", "2,5"),
                            net_param_as(g, "i64", "2")};
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *buffers[3];

    (void)state;
    net_result(g, net_op(g, "MulticlassNms", 9, 3, in, ""));
    model = net_finish(g);
    random_inputs(model, buffers);
    compiled = compile_for(model, "CPU", NULL);
    r = request_of(compiled);
    bind_inputs(r, 3, buffers);
    ((int64_t *)buffers[2]->t.data)[0] = 3;
    ((int64_t *)buffers[2]->t.data)[1] = 3;
    assert_fails(vt_request_infer(r, ERR), VT_E_RANGE, "image 1 has 3 boxes of the 2 that are left");
    ((int64_t *)buffers[2]->t.data)[1] = 2;
    assert_ok(vt_request_infer(r, ERR));
    vt_request_destroy(r);
    drop_inputs(3, buffers);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* No image, no box, or room for none: outputs without elements, used by what follows, too. */
static void test_nothing(void **state)
{
    static const char *const shapes[][2] = {
        {"0,5,4", "0,2,5"}, {"2,0,4", "2,3,0"}, {"2,5,4", "2,0,5"}, {"1,5,4", "1,2,5"}};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct vt_graph *g = net_create();
        struct vt_port in[6] = {net_param_as(g, "f32", shapes[i % 4][0]),
                                net_param_as(g, "f32", shapes[i % 4][1]), net_i64(g, i % 4 == 3 ? 0 : 3),
                                net_f32(g, 0.5f), net_f32(g, 0.1f)};
        struct vt_port y[2] = {net_op(g, "NonMaxSuppression", 9, 5, in, ""),
                               net_op(g, "MulticlassNms", 9, 2, in, i % 4 == 3 ? "nms_top_k=0" : "")};

        snprintf(test_case, sizeof(test_case), "nothing %d", i);
        for (int k = 0; k < 2; k++) {
            for (int o = 0; o < 3; o++) {
                struct vt_port out = net_out(y[k], o);

                net_result(g, i < 4 ? out : net_binary(g, "Add", 1, out, out, ""));
            }
        }
        check(g, "bs", 1, 0, "Nms", 0);
    }
}

/* More classes and images than can be counted, as no box belongs to any. */
static void test_countless(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[6] = {net_param_as(g, "f32", "2147483646,0,4"),
                            net_param_as(g, "f32", "2147483646,2147483646,0"), net_i64(g, 3),
                            net_f32(g, 0.5f), net_f32(g, 0.1f)};

    (void)state;
    snprintf(test_case, sizeof(test_case), "countless boxes");
    add_results(g, net_op(g, "NonMaxSuppression", 9, 5, in, ""), 3);
    check(g, "bs", 1, 0, "NonMaxSuppression", 0);
    g = net_create();
    in[0] = net_param_as(g, "f32", "3,0,4");
    in[1] = net_param_as(g, "f32", "3,2305843009213693952,0");
    add_results(g, net_op(g, "MulticlassNms", 9, 2, in, ""), 3);
    check(g, "bs", 1, 0, "Nms", 0);
    g = net_create();
    in[0] = net_param_as(g, "f32", "2147483648,0");
    in[1] = net_param_as(g, "f32", "2147483648,0");
    in[2] = net_param_as(g, "f32", "1,2,0");
    net_result(
        g, net_op(g, "DetectionOutput", 1, 3, in, "num_classes=2147483647;keep_top_k=-1;nms_threshold=0.5"));
    check(g, "dsb", 1, 0, "DetectionOutput", 0);
}

/* A grid of more cells than fit is refused; every number of it counts, large ones are not rounded. */
static void test_large_grid(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[2] = {net_param_as(g, "i64", "2"), net_param_as(g, "i64", "2")};
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *buffers[2];

    (void)state;
    net_result(g, net_op(g, "PriorBoxClustered", 1, 2, in, "width=2;height=3;offset=0.5"));
    model = net_finish(g);
    random_inputs(model, buffers);
    compiled = compile_for(model, "CPU", NULL);
    r = request_of(compiled);
    bind_inputs(r, 2, buffers);
    memcpy(buffers[0]->t.data, (int64_t[]){INT64_MAX, 1}, 2 * sizeof(int64_t));
    memcpy(buffers[1]->t.data, (int64_t[]){10, 10}, 2 * sizeof(int64_t));
    assert_fails(vt_request_infer(r, ERR), VT_E_SHAPE, "a grid of 9223372036854775807 by 1 is too large");
    vt_request_destroy(r);
    drop_inputs(2, buffers);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

/* Other float types are left to the references. */
static void test_types(void **state)
{
    static const char *const types[] = {"f16", "bf16", "f64"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct vt_graph *g = net_create();
        struct vt_port in[2] = {net_param_as(g, types[i], "1,30,4"), net_param_as(g, types[i], "1,2,30")};

        snprintf(test_case, sizeof(test_case), "type %s", types[i]);
        add_results(g, net_op(g, "MulticlassNms", 9, 2, in, "nms_top_k=9;iou_threshold=0.4"), 3);
        check(g, "kk", 1, 0, NULL, 0);
        g = net_create();
        in[0] = net_param_as(g, types[i], "30,4");
        in[1] = net_param_as(g, types[i], "30");
        net_result(g, net_op(g, "ExperimentalDetectronTopKROIs", 6, 2, in, "max_rois=9"));
        check(g, "kk", 1, 0, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nms),         cmocka_unit_test(test_class_nms),
        cmocka_unit_test(test_class_boxes), cmocka_unit_test(test_detection_output),
        cmocka_unit_test(test_generate),    cmocka_unit_test(test_generate_one),
        cmocka_unit_test(test_proposal),    cmocka_unit_test(test_detectron),
        cmocka_unit_test(test_grid),        cmocka_unit_test(test_prior_box),
        cmocka_unit_test(test_nothing),     cmocka_unit_test(test_countless),
        cmocka_unit_test(test_large_grid),  cmocka_unit_test(test_errors),
        cmocka_unit_test(test_types),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
