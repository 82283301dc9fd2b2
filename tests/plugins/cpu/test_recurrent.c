/* LSTM, GRU and RNN: cells and sequences over random sizes, against their references. */
#include "cpu_test.h"

struct sizes {
    int64_t batch, steps, width, hidden, directions;
    const char *direction;
};

static int gates_of(const char *kind)
{
    return *kind == 'L' ? 4 : *kind == 'G' ? 3 : 1;
}

static struct vt_port weights(struct vt_graph *g, int rank, const int64_t *dims, enum vt_type type)
{
    struct vt_port w = net_random(g, type, rank, dims, random_chance(30));

    return type == VT_F32 ? w : net_unary(g, "Convert", 1, w, "destination_type=f32");
}

/* Lengths as a Constant, or of the model's input. */
static struct vt_port lengths(struct vt_graph *g, const struct sizes *s)
{
    int64_t v[64];

    for (int64_t i = 0; i < s->batch; i++) {
        v[i] = random_in(0, s->steps);
    }
    return net_i64s(g, (int)s->batch, v);
}

/* As a sequence, or as one cell. */
static void add_node(struct vt_graph *g, const char *kind, const struct sizes *s, const char *attrs,
                     int64_t bias_parts, bool cell)
{
    enum vt_type type = random_chance(30) ? VT_F16 : VT_F32;
    int64_t rows = gates_of(kind) * s->hidden;
    int64_t x[] = {s->batch, s->steps, s->width}, h[] = {s->batch, s->directions, s->hidden};
    int64_t w[] = {s->directions, rows, s->width}, r[] = {s->directions, rows, s->hidden};
    int64_t b[] = {s->directions, bias_parts * s->hidden};
    int64_t cell_x[] = {s->batch, s->width}, cell_h[] = {s->batch, s->hidden};
    struct vt_port in[7], y;
    char name[32], text[256];
    int n = 0, outputs = (cell ? 1 : 2) + (*kind == 'L');

    in[n++] = cell ? net_param(g, 2, cell_x) : net_param(g, 3, x);
    in[n++] = cell ? net_param(g, 2, cell_h) : net_param(g, 3, h);
    if (*kind == 'L') {
        in[n++] = cell ? net_param(g, 2, cell_h) : net_param(g, 3, h);
    }
    if (!cell) {
        in[n++] = lengths(g, s);
    }
    in[n++] = cell ? weights(g, 2, w + 1, type) : weights(g, 3, w, type);
    in[n++] = cell ? weights(g, 2, r + 1, type) : weights(g, 3, r, type);
    in[n++] = cell ? weights(g, 1, b + 1, VT_F32) : weights(g, 2, b, VT_F32);
    snprintf(name, sizeof(name), "%s%s", kind, cell ? "Cell" : "Sequence");
    snprintf(text, sizeof(text), "hidden_size=%d%s%s;%s", (int)s->hidden,
             cell ? "" : ";direction=", cell ? "" : s->direction, attrs);
    y = net_op(g, name, cell ? (*kind == 'L' ? 4 : *kind == 'G' ? 3 : 1) : 5, n, in, text);
    for (int i = 0; i < outputs; i++) {
        net_result(g, net_out(y, i));
    }
}

static void random_sizes(struct sizes *s, int seed)
{
    static const char *const directions[] = {"forward", "reverse", "bidirectional"};

    random_seed((uint64_t)seed);
    s->batch = random_in(1, seed % 4 ? 4 : 19);
    s->steps = random_in(1, 6);
    s->width = random_in(1, 20);
    s->hidden = random_in(1, seed % 5 ? 20 : 40);
    s->direction = directions[seed % 3];
    s->directions = seed % 3 == 2 ? 2 : 1;
}

static void test_lstm(void **state)
{
    static const char *const attrs[] = {"", "clip=0.5", "activations=sigmoid,relu,tanh",
                                        "activations=tanh,sigmoid,relu"};

    (void)state;
    for (int seed = 1; seed <= 24; seed++) {
        struct vt_graph *g = net_create();
        struct sizes s;

        random_sizes(&s, seed);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        add_node(g, "LSTM", &s, attrs[seed % 4], 4, false);
        add_node(g, "LSTM", &s, attrs[seed % 4], 4, true);
        check_graph(g, "LSTM", seed % 2 ? 2 : 4);
    }
}

static void test_gru(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 24; seed++) {
        struct vt_graph *g = net_create();
        bool before = seed % 2;
        struct sizes s;
        char attrs[96];

        random_sizes(&s, seed);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        snprintf(attrs, sizeof(attrs), "linear_before_reset=%s;clip=%s", before ? "true" : "false",
                 seed % 3 ? "0" : "0.7");
        add_node(g, "GRU", &s, attrs, 3 + before, false);
        add_node(g, "GRU", &s, attrs, 3 + before, true);
        check_graph(g, "GRU", seed % 2 ? 2 : 4);
    }
}

static void test_rnn(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 12; seed++) {
        struct vt_graph *g = net_create();
        struct sizes s;

        random_sizes(&s, seed);
        snprintf(test_case, sizeof(test_case), "seed %d", seed);
        add_node(g, "RNN", &s, seed % 2 ? "activations=tanh" : "activations=sigmoid", 1, false);
        add_node(g, "RNN", &s, seed % 2 ? "activations=tanh" : "activations=sigmoid", 1, true);
        check_graph(g, "RNN", seed % 2 ? 2 : 4);
    }
}

/* Large enough that the threads share the product of one step. */
static void test_shared_steps(void **state)
{
    struct sizes s = {1, 2, 16, 320, 1, "forward"};
    struct vt_graph *g = net_create();

    (void)state;
    random_seed(5);
    snprintf(test_case, sizeof(test_case), "large");
    add_node(g, "LSTM", &s, "", 4, false);
    check_graph(g, "LSTM", 2);
}

/* What stays with the reference gives the same through the CPU. */
static void test_refused(void **state)
{
    struct sizes s = {2, 3, 4, 5, 1, "forward"};
    struct vt_graph *g = net_create();

    (void)state;
    random_seed(6);
    snprintf(test_case, sizeof(test_case), "refused");
    add_node(g, "LSTM", &s, "activations=hardsigmoid,tanh,tanh;activations_alpha=0.3;activations_beta=0.4", 4,
             false);
    check_graph(g, NULL, 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lstm),         cmocka_unit_test(test_gru),     cmocka_unit_test(test_rnn),
        cmocka_unit_test(test_shared_steps), cmocka_unit_test(test_refused),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
