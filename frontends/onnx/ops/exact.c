#include "exact.h"

#define EXACT (1 << 24) /* up to here f32 has every whole number */

static int byte_at(const struct vt_tensor *t, int64_t i)
{
    return t->type == VT_I8 ? ((const int8_t *)t->data)[i] : ((const uint8_t *)t->data)[i];
}

static bool is_bytes(const struct vt_tensor *t)
{
    return t && (t->type == VT_I8 || t->type == VT_U8);
}

/* The largest sum of |t - zero| over `inner` elements that lie `step` apart, of `outer` such lines that begin
 * `next` apart. */
static int64_t largest(const struct vt_tensor *t, int zero, int64_t outer, int64_t next, int64_t inner,
                       int64_t step)
{
    int64_t most = 0;

    for (int64_t o = 0; o < outer; o++) {
        int64_t sum = 0;

        for (int64_t i = 0; i < inner; i++) {
            int v = byte_at(t, o * next + i * step) - zero;

            sum += v < 0 ? -v : v;
        }
        most = sum > most ? sum : most;
    }
    return most;
}

int64_t onnx_largest_sum(struct onnx_node *n, struct onnx_value weights, int zero_input, bool rows,
                         int64_t terms)
{
    const struct vt_tensor *t = onnx_tensor_of(n, weights),
                           *z = onnx_tensor_of(n, onnx_in_opt(n, zero_input));
    bool one = is_bytes(z) && vt_tensor_count(z) == 1;
    int64_t count;

    if (!is_bytes(t) || (onnx_has_in(n, zero_input) && !one) || (rows ? t->rank < 2 : t->rank != 2)) {
        return terms < 0 || terms > INT32_MAX ? -1 : terms * 255;
    }
    count = vt_tensor_count(t);
    if (count == 0) {
        return 0;
    }
    return rows ? largest(t, one ? byte_at(z, 0) : 0, t->dims[0], count / t->dims[0], count / t->dims[0], 1)
                : largest(t, one ? byte_at(z, 0) : 0, t->dims[1], 1, t->dims[0], t->dims[1]);
}

enum onnx_exactly onnx_exactly(int64_t largest_sum)
{
    if (largest_sum >= 0 && largest_sum <= EXACT / 255) {
        return ONNX_AT_ONCE;
    }
    return largest_sum >= 0 && largest_sum <= EXACT / 16 ? ONNX_HALVES : ONNX_AS_I32;
}

void onnx_split_digits(struct onnx_node *n, struct onnx_value v, struct onnx_value *high,
                       struct onnx_value *low)
{
    struct onnx_value sixteen = onnx_number(n, VT_F32, 16);

    *high = onnx_unary(n, "Floor", 1, onnx_div(n, v, sixteen));
    *low = onnx_sub(n, v, onnx_mul(n, *high, sixteen));
}
