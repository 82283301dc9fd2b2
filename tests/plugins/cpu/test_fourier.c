/* Fourier transforms over random sizes, axes and signal sizes, against the references, which run in double:
 * within 1e-5 of the range. */
#include "cpu_test.h"

#define SEEDS 60

static const int64_t lengths[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  11, 12, 13, 15, 16,  17,  20,  21, 24,
                                  25, 27, 32, 35, 37, 48, 49, 53, 61, 64, 67, 72, 96, 100, 121, 122, 134};

static int64_t random_length(void)
{
    return lengths[random_in(0, (int64_t)(sizeof(lengths) / sizeof(*lengths)) - 1)];
}

static struct vt_port param_of(struct vt_graph *g, int rank, const int64_t *dims)
{
    return net_param(g, rank, dims);
}

static void assert_within(const struct outputs *want, const struct outputs *have, double tolerance)
{
    for (int o = 0; o < want->n; o++) {
        const float *w = want->t[o].data, *h = have->t[o].data;
        double range = 1e-30;

        assert_int_equal(want->t[o].bytes, have->t[o].bytes);
        for (int64_t i = 0; i < vt_tensor_count(&want->t[o]); i++) {
            range = fmax(range, fabs((double)w[i]));
        }
        for (int64_t i = 0; i < vt_tensor_count(&want->t[o]); i++) {
            if (!(fabs((double)w[i] - (double)h[i]) <= tolerance * range)) {
                fail_msg("output %d, element %lld: %.9g instead of %.9g, range %.3g [%s]", o, (long long)i,
                         (double)h[i], (double)w[i], range, test_case);
            }
        }
    }
}

static void check(struct vt_graph *g, const char *fast)
{
    struct vt_model *model = net_finish(g);
    struct vt_buffer *in[MAX_PORTS];
    struct outputs want, have;
    int n = random_inputs(model, in);

    check_inputs(model, n, in, fast, 4);
    run_once(model, "REFDEV", NULL, n, in, &want);
    run_once(model, "CPU", "INFERENCE_NUM_THREADS=2", n, in, &have);
    assert_within(&want, &have, 1e-5);
    outputs_free(&want);
    outputs_free(&have);
    drop_inputs(n, in);
    vt_model_unref(model);
}

/* Some of `rank` axes in any order, counted from the front or from the back. */
static int random_axes(int rank, int64_t *axes)
{
    int n = (int)random_in(1, rank);

    for (int i = 0; i < rank; i++) {
        axes[i] = i;
    }
    for (int i = 0; i < n; i++) {
        int k = (int)random_in(i, rank - 1);
        int64_t t = axes[i];

        axes[i] = axes[k];
        axes[k] = t;
    }
    for (int i = 0; i < n; i++) {
        axes[i] -= random_chance(40) ? rank : 0;
    }
    return n;
}

/* The axis of dims that may be long; the others stay short so that the reference gets done. */
static void random_shape(int rank, int64_t *dims)
{
    for (int i = 0; i < rank; i++) {
        dims[i] = random_in(1, rank > 2 ? 5 : 12);
    }
    dims[random_in(0, rank - 1)] = random_length();
    if (random_chance(30)) {
        dims[random_in(0, rank - 1)] = random_in(14, 40);
    }
}

static void random_sizes(int n, const int64_t *axes, int rank, const int64_t *dims, bool real_out,
                         int64_t *sizes)
{
    for (int i = 0; i < n; i++) {
        int64_t now = dims[axes[i] + (axes[i] < 0 ? rank : 0)];

        now = real_out && i == n - 1 ? 2 * (now - 1) : now;
        sizes[i] = random_chance(30) && now > 0 ? -1
                   : random_chance(50)          ? random_in(1, now + 1)
                                                : now + random_in(1, 9);
    }
}

static void test_transforms(void **state)
{
    static const char *const names[] = {"DFT", "IDFT", "RDFT", "IRDFT"};

    (void)state;
    for (int seed = 1; seed <= 4 * SEEDS; seed++) {
        struct vt_graph *g = net_create();
        const char *name = names[seed % 4];
        int64_t dims[5], axes[4], sizes[4];
        struct vt_port in[3];
        int rank, n;
        bool real_out = strcmp(name, "IRDFT") == 0, given;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 4);
        random_shape(rank, dims);
        n = random_axes(rank, axes);
        given = random_chance(50);
        if (real_out && dims[axes[n - 1] + (axes[n - 1] < 0 ? rank : 0)] < 2) {
            given = true;
        }
        random_sizes(n, axes, rank, dims, real_out, sizes);
        dims[rank] = 2;
        snprintf(test_case, sizeof(test_case), "%s, seed %d", name, seed);
        in[0] = param_of(g, rank + (strcmp(name, "RDFT") != 0), dims);
        in[1] = net_i64s(g, n, axes);
        in[2] = net_i64s(g, n, sizes);
        net_result(g, net_op(g, name, seed % 4 < 2 ? 7 : 9, given ? 3 : 2, in, ""));
        check(g, "DFT");
    }
}

/* Every length, one line and several, along the last axis and along the first. */
static void test_lengths(void **state)
{
    static const int64_t more[] = {192,  251,  256,  360,  500,  509,  512, 640,
                                   1000, 1018, 1024, 1536, 2003, 2048, 4096};

    (void)state;
    for (int i = 0; i < 15; i++) {
        for (int lines = 1; lines <= 19; lines += 18) {
            struct vt_graph *g = net_create();
            int64_t dims[3] = {lines, more[i], 2}, turned[3] = {more[i], lines, 2};
            struct vt_port x, y;

            snprintf(test_case, sizeof(test_case), "%d lines of %d", lines, (int)more[i]);
            x = net_binary(g, "DFT", 7, param_of(g, 3, dims), net_i64(g, 1), "");
            net_result(g, x);
            net_result(g, net_binary(g, "IDFT", 7, x, net_i64(g, -1), ""));
            y = net_binary(g, "RDFT", 9, param_of(g, 2, turned), net_i64(g, 0), "");
            net_result(g, y);
            net_result(
                g, net_op(g, "IRDFT", 9, 3, (struct vt_port[]){y, net_i64(g, 0), net_i64(g, more[i])}, ""));
            check(g, "DFT");
        }
    }
}

static void test_frames(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct vt_graph *g = net_create();
        int64_t size, step, frames, batch, length, window, dims[4], spectrum[4];
        struct vt_port in[5], y;
        bool batched;
        char attrs[96];

        random_seed((uint64_t)seed);
        size = random_length();
        step = random_in(1, size + 2);
        frames = random_in(1, 40);
        batch = random_in(1, 4);
        batched = batch > 1 || random_chance(50);
        length = size + (frames - 1) * step + random_in(0, step - 1);
        window = random_in((size + 1) / 2, size);
        snprintf(test_case, sizeof(test_case), "frames of %d, seed %d", (int)size, seed);
        dims[0] = batch;
        dims[batched] = length;
        in[0] = param_of(g, 1 + batched, dims);
        in[1] = param_of(g, 1, &window);
        in[2] = net_i64(g, size);
        in[3] = net_i64(g, step);
        y = net_op(g, "STFT", 15, 4, in, seed % 2 ? "transpose_frames=true" : "transpose_frames=false");
        net_result(g, y);
        spectrum[0] = batch;
        spectrum[batched] = size / 2 + 1;
        spectrum[batched + 1] = frames;
        spectrum[batched + 2] = 2;
        in[0] = param_of(g, 3 + batched, spectrum);
        in[1] = net_random(g, VT_F32, 1, &window, false);
        in[4] = net_i64(g, random_in(1, length + 9));
        snprintf(attrs, sizeof(attrs), "center=%s;normalized=%s", seed & 1 ? "true" : "false",
                 seed & 2 ? "true" : "false");
        /* Centred frames without a length: there must be more than one. */
        net_result(g, net_op(g, "ISTFT", 16, seed % 3 || frames == 1 ? 5 : 4, in, attrs));
        check(g, "STFT");
    }
}

/* What is no number stays in its line. */
static void test_nan(void **state)
{
    struct vt_graph *g = net_create();
    int64_t dims[2] = {20, 64};
    struct vt_port y = net_binary(g, "RDFT", 9, param_of(g, 2, dims), net_i64(g, 1), "");
    struct vt_model *model;
    struct vt_buffer *in[1];
    struct outputs have;
    const float *values;

    (void)state;
    snprintf(test_case, sizeof(test_case), "NaN");
    net_result(g, y);
    model = net_finish(g);
    random_inputs(model, in);
    ((float *)in[0]->t.data)[3 * 64 + 5] = NAN;
    ((float *)in[0]->t.data)[17 * 64 + 60] = INFINITY;
    run_once(model, "CPU", NULL, 1, in, &have);
    values = have.t[0].data;
    for (int line = 0; line < 20; line++) {
        for (int i = 0; i < 66; i++) {
            bool zero = i == 1 || i == 65; /* imaginary parts that are zero by construction */

            if (!zero) {
                assert_int_equal(isfinite(values[line * 66 + i]) != 0, line != 3 && line != 17);
            }
        }
    }
    outputs_free(&have);
    drop_inputs(1, in);
    vt_model_unref(model);
}

/* Sizes that only meet between the passes: their product is no size of the input or the output. */
static void test_between(void **state)
{
    struct vt_graph *g = net_create();
    int64_t dims[4] = {1LL << 40, 1, 1, 2};
    struct vt_port in[3] = {param_of(g, 4, dims), net_i64s(g, 3, (int64_t[]){1, 2, 0}),
                            net_i64s(g, 3, (int64_t[]){1 << 22, 1 << 22, 1})};
    struct vt_model *model;

    (void)state;
    snprintf(test_case, sizeof(test_case), "between the passes");
    net_result(g, net_op(g, "DFT", 7, 3, in, ""));
    model = net_finish(g);
    vt_compiled_unref(compile_for(model, "CPU", NULL));
    vt_model_unref(model);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transforms), cmocka_unit_test(test_lengths), cmocka_unit_test(test_frames),
        cmocka_unit_test(test_nan),        cmocka_unit_test(test_between),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
