/* Overlaps of boxes at one level (argument) against the formula, pair by pair and to the last bit. */
#include "boxes.h"

#include "light.h"

static const struct cpu_boxes_f32 *kernel;

#define MOST 70

static float value(int odd)
{
    static const float strange[] = {NAN, INFINITY, -INFINITY, -0.0f, 1e30f};

    return random_in(0, 100) < odd ? strange[random_in(0, 5)] : (float)random_in(0, 20) / 4;
}

/* A box with its area, or now and then with an area that has nothing to do with it. */
static void random_box(float *box, int odd)
{
    for (int k = 0; k < 4; k++) {
        box[k] = value(odd) + (k < 2 ? 0 : (float)random_in(0, 3));
    }
    box[CPU_BOX_AREA] = (box[2] - box[0]) * (box[3] - box[1]);
    if (random_in(0, 100) < odd) {
        box[CPU_BOX_AREA] = value(odd);
    }
}

static float slow(const struct cpu_overlap *rule, const float *a, const float *b)
{
    float x = fminf(a[2], b[2]) - fmaxf(a[0], b[0]) + rule->pixel;
    float y = fminf(a[3], b[3]) - fmaxf(a[1], b[1]) + rule->pixel;
    float common = fmaxf(x, 0) * fmaxf(y, 0);

    if (rule->by_area ? a[4] <= 0 || b[4] <= 0 : !(common > 0)) {
        return 0;
    }
    return common / (a[4] + b[4] - common);
}

static bool apart(const float *a, const float *b)
{
    return a[0] > b[2] || a[2] < b[0] || a[1] > b[3] || a[3] < b[1];
}

static int same(float a, float b)
{
    return isnan(a) ? isnan(b) : a == b;
}

static void check_boxes(const struct cpu_overlap *rule, int64_t n, int odd)
{
    static const float thresholds[] = {-0.5f, 0, 0.01f, 0.25f, 0.5f, 1, 2, INFINITY, NAN};
    int64_t room = n + random_in(0, 9), begin = random_in(0, n + 1);
    float *columns = light_buffer(0, CPU_BOX_COLUMNS * room, sizeof(float), 1);
    float *dst = light_buffer(1, n - begin, sizeof(float), 1), most = 0;
    float all[MOST][CPU_BOX_COLUMNS], box[CPU_BOX_COLUMNS], got;

    random_box(box, odd);
    for (int64_t i = 0; i < n; i++) {
        random_box(all[i], odd);
        for (int k = 0; k < CPU_BOX_COLUMNS; k++) {
            columns[k * room + i] = all[i][k];
        }
    }
    got = kernel->overlaps(rule, columns, room, begin, n, box, dst);
    for (int64_t i = begin; i < n; i++) {
        float o = rule->apart && apart(all[i], box) ? 0 : slow(rule, all[i], box);

        CHECK(same(dst[i - begin], o));
        most = fmaxf(most, o);
    }
    CHECK(same(got, most));
    for (size_t t = 0; t < sizeof(thresholds) / sizeof(*thresholds) + (size_t)(n > 0); t++) {
        /* The last one is an overlap that occurs. */
        float threshold =
            t < sizeof(thresholds) / sizeof(*thresholds) ? thresholds[t] : slow(rule, all[n / 2], box);
        bool want = false;

        for (int64_t i = begin; i < n; i++) {
            float o = slow(rule, all[i], box);

            want = want || (rule->or_equal ? o >= threshold : o > threshold);
        }
        CHECK(kernel->hits(rule, columns, room, begin, n, box, threshold) == want);
    }
}

static void check_decay(int64_t n)
{
    float *o = light_buffer(0, n, sizeof(float), 1), *most = light_buffer(1, n, sizeof(float), 1);
    float least = 1, least_log = 0, x[MOST];

    for (int64_t i = 0; i < n; i++) {
        o[i] = random_in(0, 20) == 0 ? 1 : (float)random_in(0, 100) / 100;
        most[i] = random_in(0, 20) == 0 ? 1 : (float)random_in(0, 100) / 100;
        least = fminf(least, (1 - o[i]) / (1 - most[i]));
        x[i] = (most[i] * most[i] - o[i] * o[i]) * 1.7f;
        least_log = fminf(least_log, x[i]);
    }
    CHECK(same(kernel->decay(o, most, n), least));
    CHECK(same(kernel->decay_log(o, most, n, 1.7f), least_log));
    for (int64_t i = 0; i < n; i++) {
        CHECK(same(o[i], x[i]));
    }
}

static void check_above(int64_t n, bool or_equal)
{
    float *scores = light_buffer(0, n, sizeof(float), 1);
    uint32_t *numbers = light_buffer(1, n, sizeof(uint32_t), 1);
    int64_t found, at = 0;

    for (int64_t i = 0; i < n; i++) {
        scores[i] = value(10);
    }
    found = kernel->above(scores, n, 2, or_equal, numbers);
    for (int64_t i = 0; i < n; i++) {
        if (or_equal ? scores[i] >= 2 : scores[i] > 2) {
            CHECK(at < found && numbers[at] == (uint32_t)i);
            at++;
        }
    }
    CHECK(at == found);
}

int main(int argc, char **argv)
{
    kernel = cpu_kernel_exact("boxes_f32", isa_of_arguments(argc, argv));
    CHECK(kernel);
    for (int64_t n = 0; n < MOST; n++) {
        for (int i = 0; i < 32; i++) {
            struct cpu_overlap rule = {i % 2 ? 1 : 0, i & 2, i & 4, i & 8};

            check_boxes(&rule, n, i & 16 ? 8 : 0);
        }
        check_decay(n);
        check_above(n, n % 2);
    }
    return 0;
}
