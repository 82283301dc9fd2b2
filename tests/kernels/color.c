/* Colour conversion of one level (argument), against the formulas written out once more; all bits are equal.
 */
#include "color.h"

#include "light.h"

static const struct cpu_color_rgb *kernel;

struct call {
    struct cpu_color p;
    const void *y, *u, *v;
    void *dst;
    bool bytes;
};

static void run(const void *context, int64_t begin, int64_t end)
{
    const struct call *c = context;
    void *scratch = light_buffer(5, cpu_color_scratch(&c->p), 1, 1);

    if (c->bytes) {
        kernel->u8(&c->p, c->y, c->u, c->v, c->dst, scratch, begin, end);
    } else {
        kernel->f32(&c->p, c->y, c->u, c->v, c->dst, scratch, begin, end);
    }
}

static float element(const struct call *c, const void *data, int64_t at)
{
    return c->bytes ? (float)((const uint8_t *)data)[at] : ((const float *)data)[at];
}

static void check_pixel(const struct call *c, int64_t image, int64_t row, int64_t x)
{
    const struct cpu_color *p = &c->p;
    int64_t k = row / 2 * (p->width / 2) * p->chroma_step + x / 2 * p->chroma_step;
    float y = element(c, c->y, image * p->y_picture + row * p->width + x) - 16;
    float u = element(c, c->u, image * p->u_picture + k) - 128;
    float v = element(c, c->v, image * p->v_picture + k) - 128;
    float rgb[3] = {1.164f * y + 1.596f * v, 1.164f * y - 0.391f * u - 0.813f * v, 1.164f * y + 2.018f * u};
    int64_t at = ((image * p->height + row) * p->width + x) * 3;

    for (int i = 0; i < 3; i++) {
        float want = rgb[p->blue_first ? 2 - i : i];

        want = want < 0 ? 0 : want > 255 ? 255 : want;
        CHECK(element(c, c->dst, at + i) == (c->bytes ? rintf(want) : want));
    }
}

static void *plane(int slot, bool bytes, int64_t count)
{
    void *data = light_buffer(slot, count, bytes ? 1 : sizeof(float), slot % 2);

    for (int64_t i = 0; i < count; i++) {
        uint32_t value = random_bits() % 256;

        if (bytes) {
            ((uint8_t *)data)[i] = (uint8_t)value;
        } else {
            ((float *)data)[i] = (float)value + 0.25f;
        }
    }
    return data;
}

static void check(int64_t images, int64_t height, int64_t width, bool bytes, int form)
{
    struct call c = {.bytes = bytes};
    int64_t luma = height * width, size = bytes ? 1 : (int64_t)sizeof(float);
    int64_t step = form % 2 ? 2 : 1;

    c.p = (struct cpu_color){.width = width,
                             .height = height,
                             .chroma_step = step,
                             .y_picture = luma,
                             .u_picture = luma / 4 * step,
                             .blue_first = form & 2};
    if (form & 4) { /* all in one */
        c.p.y_picture = c.p.u_picture = luma / 2 * 3;
        c.y = plane(0, bytes, images * luma / 2 * 3);
        c.u = (const char *)c.y + luma * size;
        c.v = (const char *)c.u + (step == 2 ? 1 : luma / 4) * size;
    } else {
        c.y = plane(0, bytes, images * luma);
        c.u = plane(1, bytes, images * luma / 4 * step);
        c.v = step == 2 ? (const char *)c.u + size : plane(2, bytes, images * luma / 4);
    }
    c.p.v_picture = c.p.u_picture;
    c.dst = light_buffer(3, images * luma * 3, (size_t)size, form % 2);
    light_run(run, &c, images * height / 2, c.dst, (size_t)(images * luma * 3 * size));
    for (int64_t image = 0; image < images; image++) {
        for (int64_t i = 0; i < luma; i++) {
            check_pixel(&c, image, i / width, i % width);
        }
    }
}

int main(int argc, char **argv)
{
    kernel = cpu_kernel_exact("color_rgb", isa_of_arguments(argc, argv));
    CHECK(kernel);
    for (int64_t width = 2; width <= 72; width += 2) {
        for (int form = 0; form < 8; form++) {
            check(1 + width / 2 % 3, 2 + width % 8, width, form & 1, form);
            check(2, 4, width, !(form & 1), form);
        }
    }
    check(1, 64, 640, true, 5);
    return 0;
}
