/* Which constants are compressed to f16, after what OpenVINO 2026.4 was seen to do. */
#include "save_impl.h"

#include "vt/half.h"

#include <math.h>

#define F16_MAX          65504.0
#define F16_SMALLEST     0x1p-24
#define MAX_MOVE         1.0  /* of any element */
#define MAX_SHARE        0.75 /* of elements that may not fit */
#define MAX_ERROR        1e-3 /* relative, of an element that fits */
#define MAX_ERROR_SCALAR 1e-4 /* factors that everything behind them is multiplied with */

/* ---- models */

static bool is_constant(const struct vt_node *node)
{
    return node && vt_node_is(node, "Constant");
}

static bool is_low_type(enum vt_type type)
{
    return type == VT_I4 || type == VT_I8 || type == VT_U4 || type == VT_U8 || type == VT_NF4 ||
           type == VT_F8E4M3 || type == VT_F8E5M2;
}

/* Convert of a constant of few bits, perhaps less a zero point. */
static bool is_quantized(const struct vt_node *node)
{
    const struct vt_node *weights;

    if (node && vt_node_is(node, "Subtract")) {
        node = vt_node_src(node, 0);
    }
    weights = node && vt_node_is(node, "Convert") ? vt_node_src(node, 0) : NULL;
    return is_constant(weights) && is_low_type(weights->constant.type);
}

static bool dequantizes(const struct vt_node *node)
{
    const struct vt_node *a, *b;

    if (vt_node_is(node, "FakeQuantize") || vt_node_is(node, "FakeConvert")) {
        return true;
    }
    if (!vt_node_is(node, "Multiply")) {
        return false;
    }
    a = vt_node_src(node, 0);
    b = vt_node_src(node, 1);
    return (is_quantized(a) && is_constant(b)) || (is_quantized(b) && is_constant(a));
}

bool vt_save_f16_wanted(const struct vt_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const struct vt_node *node = graph->nodes[i];

        if (dequantizes(node)) {
            return false;
        }
        for (int b = 0; b < node->n_bodies; b++) {
            if (!vt_save_f16_wanted(node->bodies[b].graph)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- shapes: what is computed with into a shape must be exact */

/* Whether an input says where or how large, not what. */
static bool is_shape_input(const struct vt_node *node, int input)
{
    static const struct {
        const char *op;
        int first, last;
    } rows[] = {{"Broadcast", 1, 2},     {"Interpolate", 1, 3}, {"OneHot", 1, 1}, {"Pad", 1, 2},
                {"RandomUniform", 0, 0}, {"Reshape", 1, 1},     {"Slice", 1, 4},  {"StridedSlice", 1, 3},
                {"Tile", 1, 1},          {"TopK", 1, 1}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (input >= rows[i].first && input <= rows[i].last && vt_node_is(node, rows[i].op)) {
            return true;
        }
    }
    return false;
}

/* From the consumers to what they read: the nodes come in topological order. What a shape is taken from is a
 * tensor as any other. */
void vt_save_f16_mark_exact(const struct vt_graph *graph, bool *exact)
{
    for (int i = graph->n_nodes - 1; i >= 0; i--) {
        const struct vt_node *node = graph->nodes[i];

        for (int k = 0; k < node->n_in; k++) {
            const struct vt_node *src = vt_node_src(node, k);

            if (src && (is_shape_input(node, k) || (exact[i] && !vt_node_is(node, "ShapeOf")))) {
                exact[src->index] = true;
            }
        }
    }
}

/* ---- constants. Loops without branches over parts of f32, which compilers turn into vectors: models have
 * 10^8 elements and more. */

#define PART            1024
#define SMALLEST_NORMAL 0x38800000u /* bits of 2^-14 as f32 */

/* The f16 value nearest to `a`, 0 <= a <= 65504, ties to even. Below 2^-14 the steps are 2^-24, which are
 * those of f32 from 0.5 to 1. */
static inline float to_grid(float a)
{
    uint32_t bits = vt_f32_bits(a), rounded = (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu;
    float small = (a + 0.5f) - 0.5f;

    return bits < SMALLEST_NORMAL ? small : vt_bits_f32(rounded);
}

/* Elements that do not fit are added to `misfits`; whether one moves too far. NaN fits. */
static bool judge(const float *src, int n, double limit, int64_t *misfits)
{
    int bad = 0, far = 0;

    for (int i = 0; i < n; i++) {
        float a = fabsf(src[i]), moved = fabsf(to_grid(a) - a);
        int out = (a < (float)F16_SMALLEST && a != 0) | (a > (float)F16_MAX);

        bad += out | ((double)moved > (double)a * limit);
        far |= !out & (moved > (float)MAX_MOVE);
    }
    *misfits += bad;
    return far;
}

static void narrow(const float *src, int n, uint16_t *dst)
{
    for (int i = 0; i < n; i++) {
        uint32_t all = vt_f32_bits(src[i]), sign = all >> 16 & 0x8000u, mag = all & 0x7fffffffu, bits, h;
        float a = vt_bits_f32(mag) > (float)F16_MAX ? (float)F16_MAX : vt_bits_f32(mag); /* NaN stays */

        bits = vt_f32_bits(a);
        h = bits < SMALLEST_NORMAL ? vt_f32_bits(a + 0.5f) - 0x3f000000u
                                   : ((bits + 0xfff + (bits >> 13 & 1)) >> 13) - (112u << 10);
        dst[i] = (uint16_t)(sign | (mag > 0x7f800000u ? 0x7e00u | (mag >> 13 & 0x1ffu) : h));
    }
}

/* Elements first .. first + n - 1 as f32. Constants need not be aligned. What f64 has beyond f32 is beyond
 * f16: the smallest f32 stands for what would vanish. */
static void load(const struct vt_tensor *t, int64_t first, int n, float *dst)
{
    if (t->type == VT_F32) {
        memcpy(dst, (const char *)t->data + first * (int64_t)sizeof(*dst), (size_t)n * sizeof(*dst));
        return;
    }
    for (int i = 0; i < n; i++) {
        double d;

        memcpy(&d, (const char *)t->data + (first + i) * (int64_t)sizeof(d), sizeof(d));
        dst[i] = d != 0 && fabs(d) < 0x1p-126 ? 0x1p-126f : (float)d;
    }
}

bool vt_save_f16_fits(const struct vt_tensor *t)
{
    int64_t n = t->type == VT_F32 || t->type == VT_F64 ? vt_tensor_count(t) : 0, misfits = 0;
    double limit = n == 1 ? MAX_ERROR_SCALAR : MAX_ERROR;
    float part[PART];

    for (int64_t i = 0; i < n; i += PART) {
        int k = n - i < PART ? (int)(n - i) : PART;

        load(t, i, k, part);
        if (judge(part, k, limit, &misfits)) {
            return false;
        }
    }
    return n && (double)misfits < MAX_SHARE * (double)n;
}

void vt_save_f16_convert(const struct vt_tensor *t, int64_t first, int n, uint16_t *dst)
{
    float part[PART];

    for (int i = 0; i < n; i += PART) {
        int k = n - i < PART ? n - i : PART;

        load(t, first + i, k, part);
        narrow(part, k, dst + i);
    }
}
