/* Implementations of layers over random sizes and attributes, against their references. */
#include "cpu_test.h"

static void text_list(char *text, size_t size, int n, const int64_t *values)
{
    dims_text(text, size, n, values);
}

/* Weights as models store them: f32, or narrower behind a Convert. */
static struct vt_port weights(struct vt_graph *g, int rank, const int64_t *dims)
{
    static const enum vt_type types[] = {VT_F32, VT_F32, VT_F16, VT_BF16};
    enum vt_type type = types[random_in(0, 3)];
    struct vt_port w = net_random(g, type, rank, dims, random_chance(30));

    return type == VT_F32 ? w : net_unary(g, "Convert", 1, w, "destination_type=f32");
}

/* What models put behind a layer: a bias, an activation, a residual. */
static struct vt_port tail(struct vt_graph *g, struct vt_port y, int channel_axis)
{
    static const char *const acts[] = {"Relu", "Sigmoid", "Tanh", "Abs"};
    int rank = net_shape(y)->rank;
    int64_t dims[VT_MAX_RANK];

    for (int i = 0; i < rank; i++) {
        dims[i] = i == channel_axis ? net_dim(y, i) : 1;
    }
    if (random_chance(50)) {
        y = net_binary(g, "Add", 1, y, net_random(g, VT_F32, rank, dims, random_chance(20)), "");
    }
    if (random_chance(40)) {
        y = net_unary(g, acts[random_in(0, 3)], 1, y, "");
    }
    if (random_chance(40)) {
        for (int i = 0; i < rank; i++) {
            dims[i] = random_chance(70) ? net_dim(y, i) : 1;
        }
        if (random_chance(30) && dims[0] == 1) { /* of lower rank */
            y = net_binary(g, "Add", 1, y, net_param(g, rank - 1, dims + 1), "");
        } else {
            y = net_binary(g, "Add", 1, y, net_param(g, rank, dims), "");
        }
        if (random_chance(50)) {
            y = net_unary(g, "Relu", 1, y, "");
        }
    }
    return y;
}

/* ---- convolutions */

struct window {
    int spatial;
    int64_t in[3], kernel[3], stride[3], dilation[3], begin[3], end[3], extra[3];
    const char *auto_pad;
};

static void random_window(struct window *w, bool transposed)
{
    static const char *const modes[] = {"explicit",   "explicit",   "explicit",
                                        "same_upper", "same_lower", "valid"};

    w->spatial = (int)random_in(1, 3);
    w->auto_pad = modes[random_in(0, 5)];
    for (int i = 0; i < w->spatial; i++) {
        int64_t reach;

        w->kernel[i] = random_in(1, w->spatial == 3 ? 3 : 5);
        w->stride[i] = random_in(1, 3);
        w->dilation[i] = random_in(1, 2);
        reach = (w->kernel[i] - 1) * w->dilation[i];
        w->begin[i] = random_in(0, 2);
        w->end[i] = random_in(0, 2);
        w->in[i] = transposed ? random_in(3, 9) : reach + random_in(1, w->spatial == 3 ? 6 : 20);
        w->extra[i] = random_in(0, w->stride[i] - 1);
    }
}

static void window_text(const struct window *w, bool transposed, char *text, size_t size)
{
    char s[40], d[40], b[40], e[40], x[40];

    text_list(s, sizeof(s), w->spatial, w->stride);
    text_list(d, sizeof(d), w->spatial, w->dilation);
    text_list(b, sizeof(b), w->spatial, w->begin);
    text_list(e, sizeof(e), w->spatial, w->end);
    text_list(x, sizeof(x), w->spatial, w->extra);
    snprintf(text, size, "strides=%s;dilations=%s;pads_begin=%s;pads_end=%s;auto_pad=%s%s%s", s, d, b, e,
             w->auto_pad, transposed ? ";output_padding=" : "", transposed ? x : "");
}

static const int64_t channel_counts[] = {1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 32, 33};

static int64_t channels(void)
{
    return channel_counts[random_in(0, 11)];
}

/* `made`: the weights are an input of the model. */
static void conv_case(int seed, bool transposed, bool made)
{
    struct window w;
    struct vt_graph *g = net_create();
    struct vt_port in[2];
    char attrs[300];
    const char *op;
    int kind, n = 0;
    int64_t groups = 1, ic, oc, x[5], k[6];

    random_seed((uint64_t)seed);
    random_window(&w, transposed);
    window_text(&w, transposed, attrs, sizeof(attrs));
    kind = (int)random_in(0, 4);
    ic = kind == 0 ? random_in(1, 4) : channels();
    oc = channels();
    if (kind == 2) {
        groups = ic;
        oc = random_chance(60) ? 1 : random_in(2, 3);
        ic = 1;
    } else if (kind == 3) {
        groups = random_in(2, 4);
        ic = random_in(1, 9);
        oc = random_in(1, 17);
    }
    op = groups > 1 || kind == 3 ? (transposed ? "GroupConvolutionBackpropData" : "GroupConvolution")
                                 : (transposed ? "ConvolutionBackpropData" : "Convolution");
    x[0] = random_in(1, 2);
    x[1] = groups * ic;
    if (strncmp(op, "Group", 5) == 0) {
        k[n++] = groups;
    }
    k[n++] = transposed ? ic : oc;
    k[n++] = transposed ? oc : ic;
    for (int i = 0; i < w.spatial; i++) {
        x[2 + i] = w.in[i];
        k[n++] = w.kernel[i];
    }
    snprintf(test_case, sizeof(test_case), "seed %d, %s %s groups %d in %d out %d", seed, op, attrs,
             (int)groups, (int)ic, (int)oc);
    in[0] = net_param(g, w.spatial + 2, x);
    in[1] = made ? net_param(g, n, k) : weights(g, n, k);
    net_result(g, tail(g, net_binary(g, op, 1, in[0], in[1], attrs), 1));
    check_graph(g, made ? "Convolution" : NULL, seed % 3 ? 0 : 2 + seed % 2 * 2);
}

static void test_conv(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 220; seed++) {
        conv_case(seed, false, false);
    }
}

static void test_deconv(void **state)
{
    (void)state;
    for (int seed = 1001; seed <= 1120; seed++) {
        conv_case(seed, true, false);
    }
}

static void test_made_weights(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, (int64_t[]){1, 64, 31, 33});

    (void)state;
    for (int seed = 2001; seed <= 2120; seed++) {
        conv_case(seed, seed % 3 == 0, true);
    }
    /* Winograd's form, with a residual in the layout of the result. */
    snprintf(test_case, sizeof(test_case), "Winograd");
    x = net_unary(g, "Relu", 1, x, "");
    x = net_binary(g, "Add", 1, x,
                   net_binary(g, "Convolution", 1, x, net_param(g, 4, (int64_t[]){64, 64, 3, 3}),
                              "strides=1,1;dilations=1,1;pads_begin=1,1;pads_end=1,1;auto_pad=explicit"),
                   "");
    net_result(g, x);
    check_graph(g, "Convolution", 4);
}

/* Strides that nobody means neither take hours to plan nor change the result. */
static void test_long_stride(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port in[3] = {net_param(g, 3, (int64_t[]){1, 3, 4}), net_param(g, 3, (int64_t[]){3, 8, 3}),
                            net_i64s(g, 1, (int64_t[]){4})};

    (void)state;
    snprintf(test_case, sizeof(test_case), "long stride");
    net_result(g, net_op(g, "ConvolutionBackpropData", 1, 3, in,
                         "strides=2147483647;dilations=1;pads_begin=0;pads_end=0;auto_pad=same_upper"));
    check_graph(g, NULL, 0);
}

/* Large enough for Winograd, with odd edges, and none of it where accuracy is asked for. */
static void test_winograd(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        struct vt_graph *g = net_create();
        int64_t c = k % 2 ? 64 : 96;
        struct vt_port x = net_param(g, 4, (int64_t[]){1 + k % 2, c, 13 + k, 19 - k});

        snprintf(test_case, sizeof(test_case), "case %d", k);
        x = net_unary(g, "Relu", 1, net_conv(g, x, 64 + k, 3), "");
        net_result(g, net_conv(g, x, 48, 3));
        check_graph(g, "Convolution", 4);
    }
}

/* A residual that dies in the layer which adds it may become its result; not one that the layer also
 * convolves, or that is read later. */
static void test_residual(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        struct vt_graph *g = net_create();
        struct vt_port x = net_param(g, 4, (int64_t[]){1 + k % 2, 24, 9 + k, 7}), r, y;

        snprintf(test_case, sizeof(test_case), "residual %d", k);
        r = net_unary(g, "Relu", 1, net_conv(g, x, 40, 3), "");
        y = net_unary(g, "Relu", 1, net_conv(g, r, k & 1 ? 40 : 16, 1), "");
        y = net_unary(g, "Relu", 1, net_binary(g, "Add", 1, net_conv(g, y, 40, 1), r, ""), "");
        r = net_binary(g, "Add", 1, y, net_conv(g, y, 40, 1), "");
        y = net_binary(g, "Add", 1, net_conv(g, net_conv(g, r, 16, 3), 40, k & 2 ? 3 : 1), r, "");
        if (k & 4) {
            net_result(g, net_unary(g, "Sigmoid", 1, r, ""));
        }
        net_result(g, y);
        check_graph(g, "Convolution", 4);
    }
}

/* Transformed weights that exceed the room for them come into being at each inference; those of the second
 * layer stay. */
static void test_winograd_late(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, (int64_t[]){1, 264, 13, 17});

    (void)state;
    snprintf(test_case, sizeof(test_case), "late");
    x = net_unary(g, "Relu", 1, net_conv(g, x, 264, 3), "");
    net_result(g, net_conv(g, x, 40, 3));
    check_graph(g, "Convolution", 4);
}

/* No reference runs where a kernel is meant to. */
static void test_conv_fast(void **state)
{
    static const char attrs[] = "strides=2,1;dilations=1,1;pads_begin=1,0;pads_end=0,1";
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 4, (int64_t[]){1, 12, 9, 10});

    (void)state;
    snprintf(test_case, sizeof(test_case), "fast");
    net_result(g, net_binary(g, "Convolution", 1, x, net_random(g, VT_F32, 4, (int64_t[]){5, 12, 3, 2}, true),
                             attrs));
    net_result(g, net_binary(g, "GroupConvolution", 1, x,
                             net_random(g, VT_F32, 5, (int64_t[]){12, 2, 1, 3, 3}, false), attrs));
    net_result(g, net_binary(g, "GroupConvolution", 1, x,
                             net_random(g, VT_F32, 5, (int64_t[]){3, 2, 4, 3, 3}, false), attrs));
    net_result(g, net_binary(g, "ConvolutionBackpropData", 1, x,
                             net_random(g, VT_F32, 4, (int64_t[]){12, 5, 3, 2}, false), attrs));
    check_graph(g, "Convolution", 4);
}

/* ---- matrix products */

static void matmul_case(int seed)
{
    struct vt_graph *g = net_create();
    int ra, rb;
    int64_t a[5], b[5], m, n, k;
    bool ta, tb, constant;
    char attrs[80];
    struct vt_port x, y;

    random_seed((uint64_t)seed);
    ra = (int)random_in(1, 5);
    rb = (int)random_in(1, 5);
    ta = random_chance(30) && ra > 1;
    tb = random_chance(50) && rb > 1;
    constant = random_chance(50);
    m = random_in(1, random_chance(20) ? 70 : 9);
    n = random_in(1, random_chance(20) ? 70 : 20);
    k = random_in(random_chance(5) ? 0 : 1, random_chance(20) ? 70 : 20);
    for (int i = 0; i < 5; i++) {
        int64_t batch = random_in(1, 3);

        a[i] = random_chance(60) ? batch : 1;
        b[i] = random_chance(40) ? batch : 1;
    }
    /* Batch axes are aligned at the right. */
    memmove(a, a + 5 - ra, sizeof(*a) * (size_t)ra);
    memmove(b, b + 5 - rb, sizeof(*b) * (size_t)rb);
    a[ra - 1] = k;
    b[rb - 1] = rb > 1 ? n : k;
    if (ra > 1) {
        a[ra - 2] = ta ? k : m;
        a[ra - 1] = ta ? m : k;
    }
    if (rb > 1) {
        b[rb - 2] = tb ? n : k;
        b[rb - 1] = tb ? k : n;
    }
    snprintf(attrs, sizeof(attrs), "transpose_a=%s;transpose_b=%s", ta ? "true" : "false",
             tb ? "true" : "false");
    snprintf(test_case, sizeof(test_case), "seed %d, ranks %d %d, m %d n %d k %d, %s, constant %d", seed, ra,
             rb, (int)m, (int)n, (int)k, attrs, constant);
    x = net_param(g, ra, a);
    y = net_binary(g, "MatMul", 1, x, constant ? weights(g, rb, b) : net_param(g, rb, b), attrs);
    if (net_shape(y)->rank > 1) {
        y = tail(g, y, net_shape(y)->rank - 1);
    }
    net_result(g, y);
    check_graph(g, NULL, seed % 3 ? 0 : 2 + seed % 2 * 2);
}

static void test_matmul(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 300; seed++) {
        matmul_case(seed);
    }
}

static void test_matmul_large(void **state)
{
    struct vt_graph *g = net_create();
    struct vt_port x = net_param(g, 3, (int64_t[]){2, 67, 300}), w, y;

    (void)state;
    snprintf(test_case, sizeof(test_case), "large");
    w = net_random(g, VT_F16, 2, (int64_t[]){130, 300}, true);
    y = net_binary(g, "MatMul", 1, x, net_unary(g, "Convert", 1, w, "destination_type=f32"),
                   "transpose_b=true");
    net_result(g,
               net_binary(g, "MatMul", 1, y, net_param(g, 3, (int64_t[]){2, 67, 130}), "transpose_b=true"));
    net_result(g, net_binary(g, "MatMul", 1, y, net_param(g, 2, (int64_t[]){67, 31}), "transpose_a=true"));
    check_graph(g, "MatMul", 4);
}

/* ---- pooling, softmax, norms, reductions, in both layouts */

/* A convolution in front leaves the tensor channels last. */
static struct vt_port source(struct vt_graph *g, int rank, const int64_t *dims)
{
    struct vt_port x = net_param(g, rank, dims);

    return rank == 4 && random_chance(50) ? net_conv(g, x, dims[1], random_chance(50) ? 1 : 3) : x;
}

static void random_dims(int rank, int64_t *dims)
{
    for (int i = 0; i < rank; i++) {
        dims[i] = random_in(1, i == 1 ? 20 : 7);
    }
}

static void test_pool(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 200; seed++) {
        static const char *const rounding[] = {"floor", "ceil"};
        struct vt_graph *g = net_create();
        struct window w;
        char attrs[300], base[240], *extra;
        bool max;
        int64_t dims[5];

        random_seed((uint64_t)seed);
        random_window(&w, false);
        max = random_chance(50);
        dims[0] = random_in(1, 2);
        dims[1] = channels();
        for (int i = 0; i < w.spatial; i++) {
            w.dilation[i] = max ? w.dilation[i] : 1;
            w.begin[i] = w.begin[i] < w.kernel[i] ? w.begin[i] : w.kernel[i] - 1;
            w.end[i] = w.end[i] < w.kernel[i] ? w.end[i] : w.kernel[i] - 1;
            dims[2 + i] = w.in[i];
        }
        window_text(&w, false, base, sizeof(base));
        extra = strstr(base, ";dilations=");
        if (!max) { /* AvgPool has none */
            memmove(extra, strchr(extra + 1, ';'), strlen(strchr(extra + 1, ';')) + 1);
        }
        snprintf(attrs, sizeof(attrs), "%s;rounding_type=%s;kernel=", base, rounding[random_in(0, 1)]);
        text_list(attrs + strlen(attrs), sizeof(attrs) - strlen(attrs), w.spatial, w.kernel);
        if (!max) {
            snprintf(attrs + strlen(attrs), sizeof(attrs) - strlen(attrs), ";exclude-pad=%s",
                     random_chance(50) ? "true" : "false");
        }
        snprintf(test_case, sizeof(test_case), "seed %d, %s %s", seed, max ? "max" : "average", attrs);
        net_result(
            g, net_unary(g, max ? "MaxPool" : "AvgPool", max ? 8 : 1, source(g, w.spatial + 2, dims), attrs));
        /* Rounding up may put a window outside of the input: that is left to the reference. */
        check_graph(g, strstr(attrs, "floor") ? "Pool" : NULL, seed % 3 ? 0 : 4);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 120; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5];
        char attrs[32];
        struct vt_port x, y;
        int rank;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 5);
        random_dims(rank, dims);
        snprintf(attrs, sizeof(attrs), "axis=%d", (int)random_in(-rank, rank - 1));
        snprintf(test_case, sizeof(test_case), "seed %d rank %d %s", seed, rank, attrs);
        x = source(g, rank, dims);
        y = net_unary(g, seed % 2 ? "Softmax" : "LogSoftmax", seed % 2 ? 8 : 5, x, attrs);
        net_result(g, rank == 4 && random_chance(50) ? net_conv(g, y, 4, 1) : y);
        check_graph(g, "Softmax", seed % 3 ? 0 : 4);
    }
}

/* Random non-empty set of axes, some counted from the end. */
static int random_axes(int rank, int64_t *axes, bool trailing)
{
    int n = 0, from = (int)random_in(0, rank - 1);

    for (int i = 0; i < rank; i++) {
        if (trailing ? i >= from : i == from || random_chance(35)) {
            axes[n++] = random_chance(30) ? i - rank : i;
        }
    }
    return n;
}

static void test_reduce(void **state)
{
    static const char *const ops[] = {"ReduceSum",  "ReduceMean", "ReduceMax", "ReduceMin",
                                      "ReduceProd", "ReduceL1",   "ReduceL2"};

    (void)state;
    for (int seed = 1; seed <= 300; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5], axes[5];
        struct vt_port x;
        int rank, n, op;
        bool keep, square;

        random_seed((uint64_t)seed);
        rank = (int)random_in(1, 5);
        random_dims(rank, dims);
        square = random_chance(30);
        for (int i = 1; i < rank && square; i++) {
            dims[i] = 5; /* confused axes show only when sizes agree */
        }
        n = random_axes(rank, axes, false);
        op = (int)random_in(0, 6);
        keep = random_chance(50);
        snprintf(test_case, sizeof(test_case), "seed %d %s rank %d, %d axes, keep %d", seed, ops[op], rank, n,
                 keep);
        x = source(g, rank, dims);
        net_result(g, net_binary(g, ops[op], op > 4 ? 4 : 1, x, net_i64s(g, n, axes),
                                 keep ? "keep_dims=true" : "keep_dims=false"));
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

static void test_norms(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 120; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[5], axes[5];
        struct vt_port x, y, ax;
        int rank, n;

        random_seed((uint64_t)seed);
        rank = (int)random_in(2, 4);
        random_dims(rank, dims);
        n = random_axes(rank, axes, random_chance(70));
        snprintf(test_case, sizeof(test_case), "seed %d rank %d, %d axes", seed, rank, n);
        x = source(g, rank, dims);
        ax = net_i64s(g, n, axes);
        if (seed % 2) {
            y = net_binary(g, "MVN", 6, x, ax,
                           random_chance(50) ? "normalize_variance=true;eps=0.01;eps_mode=inside_sqrt"
                                             : "normalize_variance=true;eps=0.01;eps_mode=outside_sqrt");
            if (random_chance(50)) {
                y = net_binary(g, "Multiply", 1, y, net_random(g, VT_F32, 1, &dims[rank - 1], true), "");
                y = net_binary(g, "Add", 1, y, net_random(g, VT_F32, 1, &dims[rank - 1], false), "");
            }
        } else {
            y = net_binary(g, "NormalizeL2", 1, x, ax,
                           random_chance(50) ? "eps=0.01;eps_mode=add" : "eps=0.5;eps_mode=max");
        }
        net_result(g, y);
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

static void test_einsum(void **state)
{
    static const char *const equations[] = {
        "ab,bc->ac",     "abc,cd->abd",     "bhid,bhjd->bhij", "bhij,bhjd->bhid", "bihd,bjhd->bhij",
        "abcd,cde->abe", "ij,kj",           "abc,abc->ab",     "abc,dca->bd",     "a,b->ab",
        "abc,bd->cda",   "hij,ihk->jkh",    "abc,a->cb",       "ab,ab->",         "nctv,vw->nctw",
        "ba,cb->ca",     "...ab,bc->...ac", "ab,bc,cd->ad",    "ab,ac,b->c"};

    (void)state;
    for (int seed = 0; seed < 76; seed++) {
        const char *equation = equations[seed % 19];
        struct vt_graph *g = net_create();
        struct vt_port in[3];
        int64_t size[128], dims[6];
        int n = 0, inputs = 0;
        bool inputs_end = false;
        char attrs[64];

        random_seed((uint64_t)seed + 1);
        for (int i = 0; i < 128; i++) {
            size[i] = random_in(1, seed < 16 ? 4 : 9);
        }
        for (const char *p = equation; !inputs_end; p++) {
            if (*p >= 'a' && *p <= 'z') {
                dims[n++] = size[(int)*p];
            } else if (*p == '.') {
                dims[n++] = 3;
                p += 2;
            } else if (*p == ',' || *p == '-' || !*p) {
                in[inputs++] = net_param(g, n, dims);
                inputs_end = *p != ',';
                n = 0;
            }
        }
        snprintf(test_case, sizeof(test_case), "%s seed %d", equation, seed);
        snprintf(attrs, sizeof(attrs), "equation=%s", equation);
        net_result(g, net_op(g, "Einsum", 7, inputs, in, attrs));
        check_graph(g, "Einsum", seed % 3 ? 0 : 4);
    }
}

/* By and over channels. */
static void test_channel_norms(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 48; seed++) {
        struct vt_graph *g = net_create();
        int64_t dims[4] = {random_in(1, 2), 1, 1, 1}, groups, each[1];
        struct vt_port x, v[4];
        int rank;
        char attrs[128];

        random_seed((uint64_t)seed);
        rank = (int)random_in(2, 4);
        groups = random_in(1, 4);
        random_dims(rank, dims);
        dims[1] = groups * random_in(1, 9);
        each[0] = dims[1];
        snprintf(test_case, sizeof(test_case), "seed %d rank %d", seed, rank);
        x = net_param(g, rank, dims);
        x = rank == 4 && random_chance(50) ? net_conv(g, x, dims[1], 3) : x;
        x = rank == 4 ? net_unary(g, "Clamp", 1, x, "min=-3;max=3") : x;
        for (int i = 0; i < 4; i++) {
            v[i] = net_random(g, VT_F32, 1, each, random_chance(20));
        }
        v[3] = net_unary(g, "Abs", 1, v[3], "");
        snprintf(attrs, sizeof(attrs), "num_groups=%d;epsilon=0.01", (int)groups);
        net_result(g, net_op(g, "GroupNormalization", 12, 3, (struct vt_port[]){x, v[0], v[1]}, attrs));
        net_result(g, net_op(g, "BatchNormInference", 5, 5, (struct vt_port[]){x, v[0], v[1], v[2], v[3]},
                             "epsilon=0.1"));
        net_result(g, net_op(g, "BatchNormInference", 1, 5, (struct vt_port[]){v[0], v[1], x, v[2], v[3]},
                             "epsilon=0.1"));
        if (rank > 2) {
            snprintf(attrs, sizeof(attrs), "alpha=0.3;beta=0.75;bias=1.2;size=%d", seed % 2 ? 5 : 3);
            net_result(g, net_binary(g, "LRN", 1, x, net_i64(g, 1), attrs));
        }
        check_graph(g, seed % 2 ? "Norm" : "LRN", seed % 3 ? 0 : 4);
    }
}

static void test_interpolate(void **state)
{
    static const char *const modes[] = {"nearest", "linear_onnx", "cubic", "linear"};
    static const char *const coords[] = {"half_pixel", "pytorch_half_pixel", "asymmetric",
                                         "tf_half_pixel_for_nn", "align_corners"};
    static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil",
                                         "simple"};

    (void)state;
    for (int seed = 1; seed <= 200; seed++) {
        struct vt_graph *g = net_create();
        char attrs[300];
        int64_t dims[4], sizes[2], first = seed <= 120 ? 2 : 1; /* 1: channels are the last axis */
        struct vt_port x;

        random_seed((uint64_t)seed);
        random_dims(4, dims);
        sizes[0] = random_in(1, 14);
        sizes[1] = random_in(1, 14);
        snprintf(attrs, sizeof(attrs),
                 "mode=%s;shape_calculation_mode=sizes;coordinate_transformation_mode=%s;nearest_mode=%s",
                 modes[random_in(0, 3)], coords[random_in(0, 4)], rounds[random_in(0, 4)]);
        snprintf(test_case, sizeof(test_case), "seed %d %dx%d to %dx%d %s", seed, (int)dims[first],
                 (int)dims[first + 1], (int)sizes[0], (int)sizes[1], attrs);
        x = source(g, 4, dims);
        net_result(g, net_op(g, "Interpolate", 11, 3,
                             (struct vt_port[]){x, net_i64s(g, 2, sizes),
                                                net_i64s(g, 2, (int64_t[]){first, first + 1})},
                             attrs));
        check_graph(g, "Interpolate", seed % 3 ? 0 : 4);
    }
}

/* ---- pictures: colours, both kinds of planes, bytes and reals */

static void test_color(void **state)
{
    static const char *const ops[] = {"NV12toRGB", "NV12toBGR", "I420toRGB", "I420toBGR"};

    (void)state;
    for (int seed = 1; seed <= 80; seed++) {
        struct vt_graph *g = net_create();
        int op = seed % 4, chroma = op < 2 ? 2 : 1, planes = seed & 4 ? 1 : op < 2 ? 2 : 3;
        const char *type = seed & 8 ? "u8" : "f32";
        struct vt_port in[3];
        char shape[80];
        int n, h, w;

        random_seed((uint64_t)seed);
        n = (int)random_in(1, 3);
        h = 2 * (int)random_in(1, 5);
        w = 2 * (int)random_in(1, 40);
        snprintf(test_case, sizeof(test_case), "seed %d, %s %s, %d planes, %d of %dx%d", seed, ops[op], type,
                 planes, n, w, h);
        for (int i = 0; i < planes; i++) {
            int part = i ? 2 : 1;

            snprintf(shape, sizeof(shape), "%d,%d,%d,%d", n, planes == 1 ? h / 2 * 3 : h / part, w / part,
                     i ? chroma : 1);
            in[i] = net_param_as(g, type, shape);
            if (strcmp(type, "f32") == 0) {
                in[i] = net_binary(g, "Multiply", 1, in[i], net_f32(g, 255), "");
            }
        }
        net_result(g, net_op(g, ops[op], 8, planes, in, ""));
        check_graph(g, ops[op], seed % 3 ? 0 : 4);
    }
}

/* What pre-processing puts in front of a convolution. */
static void test_pictures(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 60; seed++) {
        struct vt_graph *g = net_create();
        int64_t channels, order[2][4] = {{0, 3, 1, 2}, {0, 2, 3, 1}};
        char shape[80];
        struct vt_port x;

        random_seed((uint64_t)seed);
        channels = random_in(1, 5);
        snprintf(shape, sizeof(shape), "%d,%d,%d,%d", (int)random_in(1, 2), (int)random_in(1, 12),
                 (int)random_in(1, 30), (int)channels);
        snprintf(test_case, sizeof(test_case), "seed %d, %s", seed, shape);
        x = net_param_as(g, seed % 2 ? "u8" : "f32", shape);
        x = seed % 2 ? net_unary(g, "Convert", 1, x, "destination_type=f32") : x;
        if (seed % 3) {
            x = net_op(g, "Interpolate", 11, 3,
                       (struct vt_port[]){x, net_i64s(g, 2, (int64_t[]){random_in(1, 9), random_in(1, 40)}),
                                          net_i64s(g, 2, (int64_t[]){1, 2})},
                       "mode=linear;shape_calculation_mode=sizes");
        }
        x = net_binary(g, "Subtract", 1, x, net_random(g, VT_F32, 1, &channels, false), "");
        x = net_binary(g, "Divide", 1, x, net_f32(g, 3), "");
        x = net_binary(g, "Transpose", 1, x, net_i64s(g, 4, order[0]), "");
        if (seed % 5) {
            x = net_conv(g, x, 5, 3);
        } else {
            net_result(g, x);
        }
        net_result(g, seed % 4 ? x : net_binary(g, "Transpose", 1, x, net_i64s(g, 4, order[1]), ""));
        check_graph(g, NULL, seed % 3 ? 0 : 4);
    }
}

/* A picture through layers; `x` is f32 or `type`, in which case all computes in it. */
static struct vt_port layers_of(struct vt_graph *g, struct vt_port x, const char *type)
{
    static const int64_t w_dims[] = {10, 6, 3, 3}, m_dims[] = {9, 7};
    struct vt_tensor t;
    struct vt_port w[2], y;
    char to[64];

    snprintf(to, sizeof(to), "destination_type=%s", type ? type : "f32");
    for (int i = 0; i < 2; i++) { /* the same weights, stored as f16, whatever they are computed in */
        assert_true(vt_tensor_describe(&t, VT_F16, i ? 2 : 4, i ? m_dims : w_dims));
        t.data = malloc(t.bytes);
        random_seed((uint64_t)i + 5);
        fill_tensor(&t);
        w[i] = vt_port_of(vt_constant_create(g, "w", &t, NULL, ERR), 0);
        free(t.data);
        if (!type || strcmp(type, "f16") != 0) {
            w[i] = net_unary(g, "Convert", 1, w[i], to);
        }
    }
    y = net_op(g, "Convolution", 1, 2, (struct vt_port[]){x, w[0]},
               "strides=1,1;pads_begin=1,1;pads_end=1,1;dilations=1,1");
    y = net_unary(g, "Relu", 1, y, "");
    y = net_binary(g, "MatMul", 1, y, w[1], "");
    y = net_unary(g, "Softmax", 8, y, "axis=1");
    return net_binary(g, "ReduceMean", 1, y, net_i64(g, 2), "keep_dims=false");
}

/* Models of half floats run with the kernels of f32, and round at their ends alone. */
static void test_halves(void **state)
{
    static const char *const types[] = {"f16", "bf16"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct vt_graph *half = net_create(), *whole = net_create();
        struct vt_model *a, *b;
        struct vt_compiled *compiled;
        struct vt_request *r;
        struct vt_buffer *in[1];
        struct vt_port x = net_param_as(whole, types[i], "2,6,5,9");
        struct outputs have, want;
        char to[64];

        snprintf(test_case, sizeof(test_case), "%s", types[i]);
        snprintf(to, sizeof(to), "destination_type=%s", types[i]);
        net_result(half, layers_of(half, net_param_as(half, types[i], "2,6,5,9"), types[i]));
        x = layers_of(whole, net_unary(whole, "Convert", 1, x, "destination_type=f32"), NULL);
        net_result(whole, net_unary(whole, "Convert", 1, x, to));
        a = net_finish(half);
        b = net_finish(whole);
        random_seed(1);
        random_inputs(a, in);
        compiled = compile_for(a, "CPU", "PERF_COUNT=YES;INFERENCE_NUM_THREADS=1");
        r = request_of(compiled);
        bind_inputs(r, 1, in);
        assert_ok(vt_request_infer(r, ERR));
        collect(r, 1, &have);
        assert_fast(r, "");
        assert_int_equal(have.t[0].type, i ? VT_BF16 : VT_F16);
        run_once(b, "CPU", "INFERENCE_NUM_THREADS=1", 1, in, &want);
        assert_same_bits(&want, &have, "than with f32 inside");
        outputs_free(&have);
        outputs_free(&want);
        vt_request_destroy(r);
        drop_inputs(1, in);
        vt_compiled_unref(compiled);
        vt_model_unref(a);
        vt_model_unref(b);
    }
}

/* Masks of every broadcast form, sinks, fewer heads of keys, all ranks. */
static void test_attention(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 160; seed++) {
        struct vt_graph *g = net_create();
        int64_t q[5], k[5], v[5], mask[5], rows, keys, width, out;
        struct vt_port in[6];
        int rank, n = 3, mask_rank;
        bool causal;

        random_seed((uint64_t)seed);
        rank = (int)random_in(2, 5);
        rows = random_in(1, random_chance(30) ? 150 : 9);
        keys = random_in(1, random_chance(30) ? 150 : 9);
        width = random_in(1, 17);
        out = random_in(1, 17);
        causal = random_chance(40);
        for (int i = 0; i < rank; i++) {
            q[i] = random_in(1, 3);
            k[i] = v[i] = random_chance(30) ? 1 : q[i];
            mask[i] = random_chance(50) ? 1 : q[i];
        }
        q[rank - 2] = rows;
        k[rank - 2] = v[rank - 2] = keys;
        q[rank - 1] = k[rank - 1] = width;
        v[rank - 1] = out;
        mask[rank - 2] = random_chance(50) ? 1 : rows;
        mask[rank - 1] = random_chance(20) ? 1 : keys;
        snprintf(test_case, sizeof(test_case), "seed %d rank %d, %dx%d of %d, causal %d", seed, rank,
                 (int)rows, (int)keys, (int)width, causal);
        in[0] = net_param(g, rank, q);
        in[1] = net_param(g, rank, k);
        in[2] = net_param(g, rank, v);
        if (random_chance(70)) {
            if (causal) {
                mask[rank - 1] = random_in(1, 9); /* nobody looks at it */
            }
            mask_rank = (int)random_in(2, rank);
            in[n++] = random_chance(30) ? net_random(g, VT_F32, mask_rank, mask + rank - mask_rank, true)
                                        : net_param(g, mask_rank, mask + rank - mask_rank);
            if (random_chance(40)) {
                in[n++] = net_f32(g, 0.7f);
                if (random_chance(60)) { /* a sink */
                    mask[rank - 1] = 1;
                    in[n++] = random_chance(50) ? net_random(g, VT_F32, rank, mask, true)
                                                : net_param(g, rank, mask);
                }
            }
        }
        net_result(
            g, net_op(g, "ScaledDotProductAttention", 13, n, in, causal ? "causal=true" : "causal=false"));
        check_graph(g, "ScaledDotProductAttention", seed % 3 ? 0 : 4);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),          cmocka_unit_test(test_deconv),
        cmocka_unit_test(test_made_weights),  cmocka_unit_test(test_long_stride),
        cmocka_unit_test(test_winograd),      cmocka_unit_test(test_residual),
        cmocka_unit_test(test_winograd_late), cmocka_unit_test(test_conv_fast),
        cmocka_unit_test(test_matmul),        cmocka_unit_test(test_matmul_large),
        cmocka_unit_test(test_pool),          cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_reduce),        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_channel_norms), cmocka_unit_test(test_einsum),
        cmocka_unit_test(test_interpolate),   cmocka_unit_test(test_color),
        cmocka_unit_test(test_pictures),      cmocka_unit_test(test_attention),
        cmocka_unit_test(test_halves),
    };

    cap_isa(argc, argv);
    return cmocka_run_group_tests(tests, NULL, core_teardown);
}
