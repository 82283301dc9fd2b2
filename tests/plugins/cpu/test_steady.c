/* The steady state: inferences whose shapes were seen before allocate nothing, whatever the model is made of.
 * See alloc_count.h for what counts. */
#include "../../alloc_count.h"
#include "cpu_test.h"

#define ROUNDS 8

static int infer_counted(struct vt_request *r)
{
    int status, n;

    count_start();
    status = vt_request_infer(r, &test_error);
    n = count_stop();
    if (status) {
        fail_msg("%s [%s]", test_error.text, test_case);
    }
    return n;
}

/* ---- the models */

static struct vt_port picture_net(struct vt_graph *g, const char *shape)
{
    struct vt_port x = net_param_as(g, "f32", shape), a = net_conv(g, x, 8, 3), b;

    b = net_unary(g, "Relu", 1, net_conv(g, a, 12, 1), "");
    return net_concat(g, 2, (struct vt_port[]){a, b}, 1);
}

static void build_static(struct vt_graph *g)
{
    net_result(g, picture_net(g, "1,4,9,7"));
}

static void build_bounded(struct vt_graph *g)
{
    net_result(g, picture_net(g, "1..3,4,1..40,..30"));
}

static void build_unbounded(struct vt_graph *g)
{
    net_result(g, picture_net(g, "?,4,?,?"));
}

/* What is behind the data's shape is planned when it is known. */
static void build_nonzero(struct vt_graph *g)
{
    struct vt_port x = net_param_as(g, "f32", "?,8"), mask = net_param_as(g, "i32", "?"), rows;

    rows = net_unary(g, "NonZero", 3, mask, "output_type=i64");
    net_result(g, rows);
    rows = net_binary(g, "Squeeze", 1, rows, net_i64(g, 0), "");
    x = net_op(g, "Gather", 8, 3, (struct vt_port[]){x, rows, net_i64(g, 0)}, "");
    x = net_binary(g, "MatMul", 1, x, net_random(g, VT_F32, 2, (int64_t[]){8, 5}, false), "");
    net_result(g, net_unary(g, "Softmax", 8, x, "axis=1"));
}

static void build_nms(struct vt_graph *g)
{
    struct vt_port in[5] = {net_param_as(g, "f32", "1,?,4"), net_param_as(g, "f32", "1,2,?"), net_i64(g, 6),
                            net_f32(g, 0.5f), net_f32(g, 0.1f)},
                   y = net_op(g, "NonMaxSuppression", 9, 5, in, "box_encoding=center;output_type=i64");

    for (int i = 0; i < 3; i++) {
        net_result(g, net_out(y, i));
    }
    net_result(g, net_binary(g, "Add", 1, net_out(y, 1), net_f32(g, 1), ""));
}

/* What chooses boxes, and makes them. */
static void build_boxes(struct vt_graph *g)
{
    struct vt_port boxes = net_param_as(g, "f32", "1,?,4"), scores = net_param_as(g, "f32", "1,3,?");
    struct vt_port grid = net_param_as(g, "i64", "2"),
                   in[6] = {boxes, scores, net_i64(g, 9), net_f32(g, 0.5f), net_f32(g, 0), net_f32(g, 0.5f)};

    net_result(g, net_op(g, "NonMaxSuppression", 9, 6, in, "")); /* soft */
    net_result(g, net_op(g, "MulticlassNms", 9, 2, in, "iou_threshold=0.5;keep_top_k=20"));
    net_result(g, net_op(g, "MatrixNms", 8, 2, in, "nms_top_k=30;decay_function=gaussian"));
    net_result(g, net_binary(g, "PriorBox", 8, grid, net_i64s(g, 2, (int64_t[]){30, 30}),
                             "min_size=30;max_size=60;aspect_ratio=2,3;flip=true;offset=0.5"));
}

static void build_proposals(struct vt_graph *g)
{
    struct vt_port anchors = net_param_as(g, "f32", "6,5,2,4"), deltas = net_param_as(g, "f32", "1,8,6,5");
    struct vt_port scores = net_param_as(g, "f32", "1,2,6,5"),
                   in[4] = {net_param_as(g, "f32", "1,3"), anchors};
    struct vt_port y;

    in[2] = deltas;
    in[3] = scores;
    y = net_op(g, "GenerateProposals", 9, 4, in,
               "min_size=0;nms_threshold=0.5;pre_nms_count=40;post_nms_count=20");
    for (int i = 0; i < 3; i++) {
        net_result(g, net_out(y, i));
    }
    in[0] = net_param_as(g, "f32", "1,120");
    in[1] = net_param_as(g, "f32", "1,90");
    in[2] = net_param_as(g, "f32", "1,2,120");
    net_result(g, net_op(g, "DetectionOutput", 8, 3, in,
                         "keep_top_k=20;nms_threshold=0.5;background_label_id=0;normalized=true"));
}

static void build_unique(struct vt_graph *g)
{
    struct vt_port y = net_unary(g, "Unique", 10, net_param_as(g, "i32", "?"), "sorted=true");

    for (int i = 0; i < 4; i++) {
        net_result(g, net_out(y, i));
    }
}

/* From numbers of the run, of one type and of others. */
static void build_range(struct vt_graph *g)
{
    struct vt_port start = net_param_as(g, "i64", ""), stop = net_param_as(g, "i64", ""),
                   real = net_param_as(g, "f32", ""), y;

    y = net_op(g, "Range", 4, 3, (struct vt_port[]){start, stop, net_i64(g, 1)}, "output_type=i64");
    net_result(g, net_binary(g, "Unsqueeze", 1, y, net_i64(g, 0), ""));
    net_result(g, net_op(g, "Range", 4, 3, (struct vt_port[]){real, stop, net_i64(g, 1)}, "output_type=f32"));
    net_result(g, net_op(g, "Range", 1, 3, (struct vt_port[]){stop, start, net_i64(g, -2)}, ""));
}

/* Operations that run by their references. */
static void build_references(struct vt_graph *g)
{
    struct vt_port x = net_param_as(g, "f32", "?,6,6"), y;

    net_result(g, net_unary(g, "Inverse", 14, x, "adjoint=false"));
    y = net_binary(g, "CumSum", 3, x, net_i64(g, 1), "exclusive=false;reverse=false");
    net_result(g, y);
    y = net_binary(g, "ReduceLogicalAnd", 1, net_binary(g, "Greater", 1, x, net_f32(g, 0), ""), net_i64(g, 2),
                   "keep_dims=false");
    net_result(g, y);
    y = net_op(g, "ReverseSequence", 1, 2,
               (struct vt_port[]){x, net_i64s(g, 6, (int64_t[]){1, 2, 3, 4, 5, 6})},
               "batch_axis=1;seq_axis=2");
    net_result(g, y);
}

static void build_strided(struct vt_graph *g)
{
    struct vt_port x = net_param_as(g, "f32", "?,5"), n = net_param_as(g, "i64", "1"), y;

    y = net_op(g, "Slice", 8, 4,
               (struct vt_port[]){x, net_i64s(g, 1, (int64_t[]){0}), n, net_i64s(g, 1, (int64_t[]){1})}, "");
    net_result(g, net_unary(g, "Relu", 1, y, ""));
    net_result(g, net_unary(g, "ShapeOf", 3, y, "output_type=i64"));
}

/* Where more than one candidate is sorted. */
static void build_top(struct vt_graph *g)
{
    struct vt_port x = net_param_as(g, "f32", "?,300"), k = net_param_as(g, "i64", ""), y;

    y = net_binary(g, "TopK", 11, x, k, "axis=1;mode=max;sort=value;index_element_type=i64");
    net_result(g, net_out(y, 0));
    net_result(g, net_out(y, 1));
}

struct model {
    const char *name;
    void (*build)(struct vt_graph *g); /* NULL: a file of that name */
    const char *shapes;                /* of rounds, divided by ';', of inputs, divided by '|' */
};

static const struct model models[] = {
    {"static", build_static, "1,4,9,7"},
    {"bounded", build_bounded, "1,4,3,3;3,4,40,30;2,4,5,1;1,4,9,9"},
    {"unbounded", build_unbounded, "1,4,3,3;3,4,40,30;2,4,5,6;1,4,9,9"},
    {"NonZero", build_nonzero, "30,8|30;5,8|5;90,8|90"},
    {"NonMaxSuppression", build_nms, "1,20,4|1,2,20;1,500,4|1,2,500;1,1,4|1,2,1"},
    {"boxes", build_boxes, "1,20,4|1,3,20|2;1,400,4|1,3,400|2;1,1,4|1,3,1|2"},
    {"proposals", build_proposals, "6,5,2,4|1,8,6,5|1,2,6,5|1,3|1,120|1,90|1,2,120"},
    {"Unique", build_unique, "20;7;3000"},
    {"Range", build_range, "||;||;||;||"},
    {"references", build_references, "1,6,6;5,6,6;2,6,6"},
    {"Slice", build_strided, "9,5|1;20,5|1"},
    {"TopK", build_top, "3,300|;5,300|;1,300|"},
    {"if", NULL, "2,2|"},
    {"loop", NULL, NULL},
    {"tensor_iterator", NULL, NULL},
    {"state", NULL, "1,3"},
};

/* ---- running them */

static void parse(const char *text, int64_t *dims, int *rank)
{
    *rank = 0;
    for (char *end; *text; text = *end ? end + 1 : end) {
        dims[(*rank)++] = strtoll(text, &end, 10);
    }
}

/* The buffers of all rounds; returns how many rounds there are. */
static int make_inputs(const struct vt_model *model, const char *shapes, struct vt_buffer *in[][MAX_PORTS])
{
    char text[256], *rest = text;
    int rounds = 0;

    if (!shapes) {
        random_inputs(model, in[0]);
        return 1;
    }
    snprintf(text, sizeof(text), "%s", shapes);
    for (char *round; (round = strsep(&rest, ";")); rounds++) {
        for (int i = 0; i < model->n_io[VT_INPUT]; i++) {
            const char *one = strsep(&round, "|");
            int64_t dims[VT_MAX_RANK];
            int rank;

            assert_non_null(one);
            assert_true(rounds < ROUNDS);
            parse(one, dims, &rank);
            assert_ok(vt_buffer_create(model->io[VT_INPUT][i].type, rank, dims, &in[rounds][i], ERR));
            random_seed((uint64_t)(rounds * 16 + i + 1));
            fill_tensor(&in[rounds][i]->t);
        }
    }
    return rounds;
}

static struct vt_model *make_model(const struct model *m)
{
    struct vt_model *model = NULL;
    struct vt_graph *g;
    char path[512];

    if (m->build) {
        g = net_create();
        random_seed(5);
        m->build(g);
        return net_finish(g);
    }
    snprintf(path, sizeof(path), IR_DATA "/%s.xml", m->name);
    assert_ok(vt_core_read_file(the_core(), path, NULL, &model, ERR));
    return model;
}

static void check(const struct model *m, const char *config)
{
    struct vt_model *model = make_model(m);
    struct vt_compiled *compiled = compile_for(model, "CPU", config);
    struct vt_request *r = request_of(compiled);
    struct vt_buffer *in[ROUNDS][MAX_PORTS];
    int rounds = make_inputs(model, m->shapes, in), n = model->n_io[VT_INPUT];

    snprintf(test_case, sizeof(test_case), "%s, %s", m->name, config);
    for (int pass = 0; pass < 4; pass++) {
        for (int i = 0; i < rounds; i++) {
            int count;

            bind_inputs(r, n, in[i]);
            count = infer_counted(r);
            if (pass >= 2 && count) {
                fail_msg("%d allocations in pass %d of shape %d [%s]", count, pass, i, test_case);
            }
        }
    }
    vt_request_destroy(r);
    for (int i = 0; i < rounds; i++) {
        drop_inputs(n, in[i]);
    }
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

static void test_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
        check(&models[i], "INFERENCE_NUM_THREADS=1");
        check(&models[i], "INFERENCE_NUM_THREADS=2");
    }
}

/* ---- bounded shapes */

static size_t resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long total = 0, pages = 0;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &total, &pages), 2);
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void run_picture(struct vt_request *r, int64_t height, int64_t width)
{
    struct vt_buffer *b = NULL;

    assert_ok(vt_buffer_create(VT_F32, 4, (int64_t[]){1, 4, height, width}, &b, ERR));
    fill_tensor(&b->t);
    bind_inputs(r, 1, &b);
    assert_ok(vt_request_infer(r, ERR));
    vt_buffer_unref(b);
}

/* The first inference reserves what the largest will want: the others map no memory, and none that is not
 * used is resident. Bounds that are no sizes, and none, let memory grow, by mappings that the system may
 * refuse. */
static void test_reserved(void **state)
{
    static const char *const shapes[] = {"1,4,1..800,1..800", "1,4,1..2147483647,1..2147483647", "1,4,?,?"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct vt_graph *g = net_create();
        struct vt_model *model;
        struct vt_compiled *compiled;
        struct vt_request *r;
        size_t before;

        snprintf(test_case, sizeof(test_case), "%s", shapes[i]);
        random_seed(5);
        net_result(g, picture_net(g, shapes[i]));
        model = net_finish(g);
        compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=1");
        r = request_of(compiled);
        before = resident();
        count_start();
        run_picture(r, 4, 4);
        count_stop();
        assert_true(resident() - before < 12 << 20);
        assert_true((atomic_load(&uncounted) > 0) == (i == 0));
        count_start();
        run_picture(r, 40, 60);
        run_picture(r, 200, 300);
        run_picture(r, 800, 800);
        run_picture(r, 4, 4);
        count_stop();
        if (i == 0) {
            assert_int_equal(atomic_load(&mappings), 0);
        } else {
            assert_true(atomic_load(&mappings) > 0);
            assert_int_equal(atomic_load(&uncounted), 0);
        }
        vt_request_destroy(r);
        vt_compiled_unref(compiled);
        vt_model_unref(model);
    }
}

/* ---- a cache that grows */

static struct vt_port variable_op(struct vt_graph *g, const char *op, struct vt_port x)
{
    return net_unary(g, op, 6, x,
                     strcmp(op, "ReadValue") == 0 ? "variable_id=v;variable_type=f32;variable_shape=?,3"
                                                  : "variable_id=v");
}

/* 400 inferences, each of which adds a row: now and then room for more. */
static void test_growing(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param_as(g, "f32", "1,3"), y;
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *r;
    struct vt_buffer *in[1];
    int total = 0;

    (void)state;
    snprintf(test_case, sizeof(test_case), "a variable that grows");
    y = variable_op(g, "ReadValue", net_random(g, VT_F32, 2, (int64_t[]){0, 3}, false));
    y = net_concat(g, 2, (struct vt_port[]){y, x}, 0);
    variable_op(g, "Assign", y);
    net_result(g, net_binary(g, "ReduceSum", 1, y, net_i64(g, 0), "keep_dims=false"));
    model = net_finish(g);
    compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=1");
    r = request_of(compiled);
    random_inputs(model, in);
    bind_inputs(r, 1, in);
    for (int i = 0; i < 400; i++) {
        int count = infer_counted(r);

        total += i >= 100 ? count : 0;
    }
    if (total > 30) {
        fail_msg("%d allocations in 300 inferences", total);
    }
    vt_request_destroy(r);
    drop_inputs(1, in);
    vt_compiled_unref(compiled);
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_growing),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
