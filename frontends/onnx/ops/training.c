/* One step of gradient descent (ai.onnx.preview.training). Inputs are the rate, the number of the step, and
 * then all tensors, all gradients and all that is kept between steps, kind after kind. */
#include "extents.h"

#include <string.h>

#define FIRST 2 /* input that is the first tensor */

struct step {
    int tensors;
    struct onnx_value rate, count;
};

static int read_step(struct onnx_node *n, int kinds, struct step *s)
{
    int listed = onnx_n_in(n) - FIRST;

    s->rate = onnx_in(n, 0);
    s->count = onnx_convert_like(n, onnx_in(n, 1), s->rate);
    s->tensors = listed / kinds;
    if (listed < kinds || listed % kinds) {
        return onnx_fail(n, VT_E_FORMAT, "%d tensors are no multiple of %d", listed, kinds);
    }
    return onnx_status(n);
}

static struct onnx_value input(struct onnx_node *n, const struct step *s, int kind, int i)
{
    return onnx_in(n, FIRST + kind * s->tensors + i);
}

static struct onnx_value times(struct onnx_node *n, struct onnx_value v, double factor)
{
    return factor == 1 ? v : onnx_mul(n, v, onnx_number_like(n, v, factor));
}

static struct onnx_value plus(struct onnx_node *n, struct onnx_value v, double number)
{
    return onnx_add(n, v, onnx_number_like(n, v, number));
}

/* The gradient with that of the L2 norm of the tensor. */
static struct onnx_value regularized(struct onnx_node *n, const struct step *s, int i)
{
    float norm = onnx_attr_f(n, "norm_coefficient", 0);
    struct onnx_value g = input(n, s, 1, i);

    return norm == 0 ? g : onnx_add(n, times(n, input(n, s, 0, i), (double)norm), g);
}

/* yes where the number of the step is above 0 */
static struct onnx_value later(struct onnx_node *n, const struct step *s, struct onnx_value yes,
                               struct onnx_value no)
{
    struct onnx_value condition = onnx_binary(n, "Greater", 1, s->count, onnx_number_like(n, s->count, 0));

    return onnx_op(n, "Select", 1, ONNX_IN(condition, yes, no), NULL);
}

static struct onnx_value rooted(struct onnx_node *n, struct onnx_value v, double epsilon)
{
    return plus(n, onnx_unary(n, "Sqrt", 1, v), epsilon);
}

int onnx_adagrad(struct onnx_node *n)
{
    double decay = (double)onnx_attr_f(n, "decay_factor", 0),
           epsilon = (double)onnx_attr_f(n, "epsilon", 1e-6f);
    struct onnx_value rate, g, h;
    struct step s;

    if (read_step(n, 3, &s)) {
        return onnx_status(n);
    }
    rate = onnx_div(n, s.rate, plus(n, times(n, s.count, decay), 1));
    for (int i = 0; i < s.tensors; i++) {
        struct onnx_value x = input(n, &s, 0, i);

        g = regularized(n, &s, i);
        h = onnx_add(n, input(n, &s, 2, i), onnx_mul(n, g, g));
        g = onnx_div(n, onnx_mul(n, onnx_convert_like(n, rate, x), g), rooted(n, h, epsilon));
        onnx_out(n, i, onnx_sub(n, x, g));
        onnx_out(n, s.tensors + i, h);
    }
    return onnx_status(n);
}

/* rate sqrt(1 - beta^T) / (1 - alpha^T) after the first step */
static struct onnx_value adam_rate(struct onnx_node *n, const struct step *s, double alpha, double beta)
{
    struct onnx_value a = onnx_number_like(n, s->rate, alpha), b = onnx_number_like(n, s->rate, beta), rate;
    struct onnx_value one = onnx_number_like(n, s->rate, 1), t;

    t = onnx_op(
        n, "Select", 1,
        ONNX_IN(onnx_binary(n, "Greater", 1, s->count, onnx_number_like(n, s->count, 0)), s->count, one),
        NULL);
    rate = onnx_unary(n, "Sqrt", 1, onnx_sub(n, one, onnx_binary(n, "Power", 1, b, t)));
    rate = onnx_div(n, onnx_mul(n, s->rate, rate), onnx_sub(n, one, onnx_binary(n, "Power", 1, a, t)));
    return later(n, s, rate, s->rate);
}

int onnx_adam(struct onnx_node *n)
{
    double alpha = (double)onnx_attr_f(n, "alpha", 0.9f), beta = (double)onnx_attr_f(n, "beta", 0.999f);
    double epsilon = (double)onnx_attr_f(n, "epsilon", 1e-6f);
    double post = (double)onnx_attr_f(n, "norm_coefficient_post", 0);
    struct onnx_value rate, g, v, h;
    struct step s;

    if (read_step(n, 4, &s)) {
        return onnx_status(n);
    }
    rate = adam_rate(n, &s, alpha, beta);
    for (int i = 0; i < s.tensors; i++) {
        struct onnx_value x = input(n, &s, 0, i);

        g = regularized(n, &s, i);
        v = onnx_add(n, times(n, input(n, &s, 2, i), alpha), times(n, g, 1 - alpha));
        h = onnx_add(n, times(n, input(n, &s, 3, i), beta), times(n, onnx_mul(n, g, g), 1 - beta));
        g = onnx_div(n, onnx_mul(n, onnx_convert_like(n, rate, x), v), rooted(n, h, epsilon));
        onnx_out(n, i, times(n, onnx_sub(n, x, g), 1 - post));
        onnx_out(n, s.tensors + i, v);
        onnx_out(n, 2 * s.tensors + i, h);
    }
    return onnx_status(n);
}

int onnx_momentum(struct onnx_node *n)
{
    double alpha = (double)onnx_attr_f(n, "alpha", 0), beta = (double)onnx_attr_f(n, "beta", 0);
    const char *mode = onnx_attr_s(n, "mode", "");
    struct onnx_value factor, g, v;
    struct step s;

    if (read_step(n, 3, &s)) {
        return onnx_status(n);
    }
    if (strcmp(mode, "nesterov") != 0 && strcmp(mode, "standard") != 0) {
        return onnx_fail(n, VT_E_INVALID, "attribute mode: there is no \"%s\"", mode);
    }
    factor = later(n, &s, onnx_number_like(n, s.rate, beta), onnx_number_like(n, s.rate, 1));
    for (int i = 0; i < s.tensors; i++) {
        struct onnx_value x = input(n, &s, 0, i);

        g = regularized(n, &s, i);
        v = onnx_add(n, times(n, input(n, &s, 2, i), alpha), onnx_mul(n, onnx_convert_like(n, factor, x), g));
        g = mode[0] == 'n' ? onnx_add(n, g, times(n, v, alpha)) : v;
        onnx_out(n, i, onnx_sub(n, x, onnx_mul(n, onnx_convert_like(n, s.rate, x), g)));
        onnx_out(n, s.tensors + i, v);
    }
    return onnx_status(n);
}
