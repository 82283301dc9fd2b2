/* Overlaps of one box with many. All levels round alike: no product is fused with a sum. */
#include "boxes.h"
#include "simd.h"

#define L SIMD_LANES

/* One box in all lanes, none of its corners NaN. */
struct spread {
    vf v[CPU_BOX_COLUMNS];
};

static struct spread spread(const float *box)
{
    struct spread s;

    for (int k = 0; k < CPU_BOX_COLUMNS; k++) {
        s.v[k] = vf_set1(box[k]);
    }
    return s;
}

/* What n boxes have in common with the box, and the areas of both without it. The minima give the box where
 * the other is NaN. */
SIMD_INLINE vf common_of(vf pixel, const float *at, int64_t room, const struct spread *s, int n, vf *rest)
{
    vf x = vf_sub(vf_min(vf_load_n(at + CPU_BOX_X2 * room, n), s->v[CPU_BOX_X2]),
                  vf_max(vf_load_n(at + CPU_BOX_X1 * room, n), s->v[CPU_BOX_X1]));
    vf y = vf_sub(vf_min(vf_load_n(at + CPU_BOX_Y2 * room, n), s->v[CPU_BOX_Y2]),
                  vf_max(vf_load_n(at + CPU_BOX_Y1 * room, n), s->v[CPU_BOX_Y1]));
    vf common = vf_mul(vf_max(vf_add(x, pixel), vf_zero()), vf_max(vf_add(y, pixel), vf_zero()));

    *rest = vf_sub(vf_add(s->v[CPU_BOX_AREA], vf_load_n(at + CPU_BOX_AREA * room, n)), common);
    return common;
}

SIMD_INLINE vf ratio_of(const struct cpu_overlap *rule, const float *at, int64_t room, int n, vf common,
                        vf rest)
{
    vf o = vf_div(common, rest);

    if (rule->by_area) {
        return vf_select(vf_le(vf_load_n(at + CPU_BOX_AREA * room, n), vf_zero()), vf_zero(), o);
    }
    return vf_select(vf_gt(common, vf_zero()), o, vf_zero());
}

/* The same for a single pair, whatever is NaN. */
static float single(const struct cpu_overlap *rule, const float *at, int64_t room, const float *box)
{
    float x = fminf(at[CPU_BOX_X2 * room], box[CPU_BOX_X2]) - fmaxf(at[CPU_BOX_X1 * room], box[CPU_BOX_X1]);
    float y = fminf(at[CPU_BOX_Y2 * room], box[CPU_BOX_Y2]) - fmaxf(at[CPU_BOX_Y1 * room], box[CPU_BOX_Y1]);
    float common = fmaxf(x + rule->pixel, 0) * fmaxf(y + rule->pixel, 0);
    float a = box[CPU_BOX_AREA], b = at[CPU_BOX_AREA * room];

    if (rule->by_area ? a <= 0 || b <= 0 : !(common > 0)) {
        return 0;
    }
    return common / (a + b - common);
}

static bool strange(const float *box)
{
    return isnan(box[CPU_BOX_X1]) || isnan(box[CPU_BOX_Y1]) || isnan(box[CPU_BOX_X2]) ||
           isnan(box[CPU_BOX_Y2]);
}

/* Division tells in the end, but only where the product with slightly less than the threshold does not rule
 * out a hit: rounding never turns an order round, so what passes the division passes that. */
SIMD_INLINE bool some_hit(const struct cpu_overlap *rule, const float *at, int64_t room,
                          const struct spread *s, int n, vf threshold, vf less, bool all)
{
    vf rest, common = common_of(vf_set1(rule->pixel), at, room, s, n, &rest), o;
    vm hit = vf_ge(common, vf_mul(less, rest));

    hit = n < L ? vm_and(hit, vm_first(n)) : hit;
    if (!all && !vm_any(hit)) {
        return false;
    }
    o = ratio_of(rule, at, room, n, common, rest);
    hit = rule->or_equal ? vf_ge(o, threshold) : vf_gt(o, threshold);
    return vm_any(n < L ? vm_and(hit, vm_first(n)) : hit);
}

static bool hits(const struct cpu_overlap *rule, const float *columns, int64_t room, int64_t begin,
                 int64_t end, const float *box, float threshold)
{
    struct spread s;
    vf limit = vf_set1(threshold), less = vf_set1(threshold * 0.9999F);
    bool all = isinf(threshold) || (rule->or_equal ? !(threshold > 0) : !(threshold >= 0));

    if (rule->by_area && box[CPU_BOX_AREA] <= 0) {
        return begin < end && (rule->or_equal ? 0 >= threshold : 0 > threshold);
    }
    if (strange(box)) {
        for (int64_t i = begin; i < end; i++) {
            float o = single(rule, columns + i, room, box);

            if (rule->or_equal ? o >= threshold : o > threshold) {
                return true;
            }
        }
        return false;
    }
    s = spread(box);
    for (; begin + L <= end; begin += L) {
        if (some_hit(rule, columns + begin, room, &s, L, limit, less, all)) {
            return true;
        }
    }
    return begin < end && some_hit(rule, columns + begin, room, &s, (int)(end - begin), limit, less, all);
}

static bool are_apart(const float *at, int64_t room, const float *box)
{
    return at[CPU_BOX_X1 * room] > box[CPU_BOX_X2] || at[CPU_BOX_X2 * room] < box[CPU_BOX_X1] ||
           at[CPU_BOX_Y1 * room] > box[CPU_BOX_Y2] || at[CPU_BOX_Y2 * room] < box[CPU_BOX_Y1];
}

static float overlaps_slow(const struct cpu_overlap *rule, const float *columns, int64_t room, int64_t begin,
                           int64_t end, const float *box, float *dst)
{
    float most = 0;

    for (int64_t i = begin; i < end; i++) {
        float o = rule->apart && are_apart(columns + i, room, box) ? 0 : single(rule, columns + i, room, box);

        dst[i - begin] = o;
        most = fmaxf(most, o);
    }
    return most;
}

static float overlaps(const struct cpu_overlap *rule, const float *columns, int64_t room, int64_t begin,
                      int64_t end, const float *box, float *dst)
{
    struct spread s;
    vf most = vf_zero(), pixel = vf_set1(rule->pixel);

    if (strange(box) || (rule->by_area && box[CPU_BOX_AREA] <= 0)) {
        return overlaps_slow(rule, columns, room, begin, end, box, dst);
    }
    s = spread(box);
    for (int64_t i = begin; i < end; i += L) {
        int n = end - i < L ? (int)(end - i) : L;
        const float *at = columns + i;
        vf rest, common = common_of(pixel, at, room, &s, n, &rest), o;

        o = ratio_of(rule, at, room, n, common, rest);
        if (rule->apart) {
            vm x = vm_or(vf_gt(vf_load_n(at + CPU_BOX_X1 * room, n), s.v[CPU_BOX_X2]),
                         vf_lt(vf_load_n(at + CPU_BOX_X2 * room, n), s.v[CPU_BOX_X1]));
            vm y = vm_or(vf_gt(vf_load_n(at + CPU_BOX_Y1 * room, n), s.v[CPU_BOX_Y2]),
                         vf_lt(vf_load_n(at + CPU_BOX_Y2 * room, n), s.v[CPU_BOX_Y1]));

            o = vf_select(vm_or(x, y), vf_zero(), o);
        }
        vf_store_n(dst + (i - begin), o, n);
        most = vf_max(n < L ? vf_select(vm_first(n), o, vf_zero()) : o, most);
    }
    return vf_hmax(most);
}

static float decay(const float *o, const float *most, int64_t n)
{
    vf one = vf_set1(1), least = one;

    for (int64_t i = 0; i < n; i += L) {
        int take = n - i < L ? (int)(n - i) : L;
        vf factor = vf_div(vf_sub(one, vf_load_n(o + i, take)), vf_sub(one, vf_load_n(most + i, take)));

        least = vf_min(factor, least); /* lanes behind the end are 1 */
    }
    return vf_hmin(least);
}

static float decay_log(float *o, const float *most, int64_t n, float sigma)
{
    vf scale = vf_set1(sigma), least = vf_zero();

    for (int64_t i = 0; i < n; i += L) {
        int take = n - i < L ? (int)(n - i) : L;
        vf a = vf_load_n(most + i, take), b = vf_load_n(o + i, take);
        vf x = vf_mul(vf_sub(vf_mul(a, a), vf_mul(b, b)), scale);

        vf_store_n(o + i, x, take);
        least = vf_min(take < L ? vf_select(vm_first(take), x, vf_zero()) : x, least);
    }
    return vf_hmin(least);
}

static int64_t above(const float *scores, int64_t n, float threshold, bool or_equal, uint32_t *numbers)
{
    vf limit = vf_set1(threshold);
    int64_t found = 0;

    for (int64_t i = 0; i < n; i += L) {
        int take = n - i < L ? (int)(n - i) : L;
        vf v = vf_load_n(scores + i, take);
        unsigned bits = vm_bits(or_equal ? vf_ge(v, limit) : vf_gt(v, limit)) & ((1u << take) - 1);

        for (; bits; bits &= bits - 1) {
            numbers[found++] = (uint32_t)i + (uint32_t)__builtin_ctz(bits);
        }
    }
    return found;
}

const struct cpu_boxes_f32 CPU_NAME(boxes_f32) = {
    .name = CPU_NAME_TEXT(boxes_f32),
    .isa = CPU_ISA_ID,
    .hits = hits,
    .overlaps = overlaps,
    .decay = decay,
    .decay_log = decay_log,
    .above = above,
};
