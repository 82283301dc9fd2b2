/* The steps of pre-processing as nodes. */
#include "preprocess_impl.h"

#include "element.h"
#include "shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"resize",         "mean",          "scale",
                                         "crop",           "pad",           "element type",
                                         "convert layout", "convert color", "reverse channels"};
static const char *const color_names[] = {"undefined",
                                          "NV12 (one plane)",
                                          "NV12 (two planes)",
                                          "I420 (one plane)",
                                          "I420 (three planes)",
                                          "RGB",
                                          "BGR",
                                          "GRAY",
                                          "RGBX",
                                          "BGRX"};

__attribute__((format(printf, 4, 5))) static int
refuse(const struct vt_prep_way *way, const struct vt_prep_step *step, int code, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return vt_fail(way->err, code, "pre-processing of input '%s', step %d (%s): %s", way->name, way->step,
                   kind_names[step->kind], text);
}

/* ---- building */

static int set_attrs(struct vt_node *node, const char *attrs, struct vt_error *err)
{
    char list[256], *rest = list;

    snprintf(list, sizeof(list), "%s", attrs);
    for (char *item; (item = strsep(&rest, ";")) && *item;) {
        char *value = strchr(item, '=');
        int status;

        *value++ = 0;
        status = vt_attr_set_text(node, item, value, err);
        if (status) {
            return status;
        }
    }
    return VT_OK;
}

int vt_prep_node(struct vt_prep_way *way, const char *op, int opset, int n_in, const struct vt_port *in,
                 const char *attrs, struct vt_port *out)
{
    char name[256];
    struct vt_node *node;
    int status;

    snprintf(name, sizeof(name), "%s/%s_%d", way->name, op, way->step);
    node = vt_node_build(way->graph, op, opset, name, n_in, in, way->err);
    if (!node) {
        return way->err && way->err->code ? way->err->code : VT_E_NOMEM;
    }
    status = set_attrs(node, attrs, way->err);
    status = status ? status : vt_node_infer(node, way->err);
    *out = vt_port_of(node, 0);
    return status;
}

static const struct vt_value *value_of(struct vt_port port)
{
    return &vt_port_output(port)->v;
}

/* A constant of any type and shape. */
static int constant(struct vt_prep_way *way, enum vt_type type, int rank, const int64_t *dims,
                    const double *values, struct vt_port *out)
{
    struct vt_tensor t;
    struct vt_node *node;
    int status;

    if (!vt_tensor_describe(&t, type, rank, dims)) {
        return vt_fail(way->err, VT_E_INTERNAL, "a constant cannot be described");
    }
    status = vt_tensor_alloc(&t, way->err);
    if (status) {
        return status;
    }
    for (int64_t i = 0; i < vt_tensor_count(&t); i++) {
        vt_set_f64(&t, i, values[i]);
    }
    node = vt_constant_create(way->graph, "preprocess/constant", &t, NULL, way->err);
    vt_tensor_free(&t);
    *out = vt_port_of(node, 0);
    return node ? VT_OK : VT_E_NOMEM;
}

static int integers(struct vt_prep_way *way, int64_t n, const int64_t *values, struct vt_port *out)
{
    struct vt_node *node = vt_constant_i64s(way->graph, "preprocess/constant", 1, n, values, way->err);

    *out = vt_port_of(node, 0);
    return node ? VT_OK : VT_E_NOMEM;
}

/* ---- asking */

static int one_plane(const struct vt_prep_way *way, const struct vt_prep_step *step)
{
    return way->n_planes == 1 ? VT_OK
                              : refuse(way, step, VT_E_INVALID,
                                       "the picture has %d planes; convert its colour first", way->n_planes);
}

/* The axis called `letter` of the only plane. */
static int axis_of(const struct vt_prep_way *way, const struct vt_prep_step *step, const char *letter,
                   int *axis)
{
    int rank = value_of(way->planes[0])->shape.rank;

    if (!vt_layout_is_set(&way->layout)) {
        return refuse(way, step, VT_E_INVALID, "it needs to know axis %s; set the layout of the tensor",
                      letter);
    }
    if (rank < 0) {
        return refuse(way, step, VT_E_INVALID, "the rank of the tensor is not known");
    }
    *axis = vt_layout_find(&way->layout, letter, rank);
    return *axis >= 0
               ? VT_OK
               : refuse(way, step, VT_E_INVALID, "the layout %s has no axis %s for a tensor of %d axes",
                        way->layout.text, letter, rank);
}

/* ---- numbers */

static int arithmetic(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    const struct vt_value *v = value_of(way->planes[0]);
    int64_t dims[VT_MAX_RANK];
    double values[1024];
    struct vt_port operands[2] = {way->planes[0]};
    int axis = 0, rank = step->n > 1 ? v->shape.rank : 0, status = one_plane(way, step);

    if (status == VT_OK && !vt_is_float(v->type)) {
        status = refuse(way, step, VT_E_TYPE, "the elements are %s; convert them to a float type first",
                        vt_type_info(v->type)->name);
    }
    if (status == VT_OK && step->n > 1) {
        status = axis_of(way, step, "C", &axis);
    }
    if (status == VT_OK && step->n > 1 && !vt_dim_can_be(v->shape.dims[axis], step->n)) {
        status = refuse(way, step, VT_E_SHAPE, "%d values for %lld channels", step->n,
                        (long long)v->shape.dims[axis].min);
    }
    if (status == VT_OK && step->n > 1024) {
        status = refuse(way, step, VT_E_RANGE, "%d values are above the limit of 1024", step->n);
    }
    if (status) {
        return status;
    }
    for (int i = 0; i < rank; i++) {
        dims[i] = i == axis ? step->n : 1;
    }
    for (int i = 0; i < step->n; i++) {
        values[i] = (double)step->values[i];
    }
    status = constant(way, v->type, rank, dims, values, &operands[1]);
    return status ? status
                  : vt_prep_node(way, step->kind == VT_PREP_MEAN ? "Subtract" : "Divide", 1, 2, operands, "",
                                 &way->planes[0]);
}

/* Each plane by itself. */
static int convert_type(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    enum vt_type type = step->type == VT_DYNAMIC ? way->type : step->type;
    char attrs[64];
    int status = VT_OK;

    snprintf(attrs, sizeof(attrs), "destination_type=%s", vt_type_info(type)->name);
    for (int i = 0; i < way->n_planes && status == VT_OK; i++) {
        if (type != value_of(way->planes[i])->type && type != VT_DYNAMIC) {
            status = vt_prep_node(way, "Convert", 1, 1, &way->planes[i], attrs, &way->planes[i]);
        }
    }
    return status;
}

/* ---- geometry */

static int resize(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    static const char *const modes[] = {"linear", "cubic", "nearest"};
    static const char *const letters[] = {"H", "W"};
    int64_t axes[2], sizes[2];
    struct vt_port in[4] = {way->planes[0]};
    const double ones[] = {1, 1};
    char attrs[160];
    int status = one_plane(way, step);

    for (int i = 0; i < 2 && status == VT_OK; i++) {
        const struct vt_layout *target = vt_layout_is_set(way->target) ? way->target : &way->layout;
        int axis = 0, wanted = way->shape.rank < 0 ? -1 : vt_layout_find(target, letters[i], way->shape.rank);

        status = axis_of(way, step, letters[i], &axis);
        if (status == VT_OK && (wanted < 0 || !vt_dim_is_static(way->shape.dims[wanted]))) {
            status = refuse(
                way, step, VT_E_SHAPE,
                "the model's input has no fixed %s to resize to; set the layout of the model, or reshape it",
                i ? "width" : "height");
        }
        axes[i] = axis;
        sizes[i] = status ? 0 : way->shape.dims[wanted].min;
    }
    status = status ? status : integers(way, 2, sizes, &in[1]);
    status = status ? status : constant(way, VT_F32, 1, (const int64_t[]){2}, ones, &in[2]);
    status = status ? status : integers(way, 2, axes, &in[3]);
    if (status) {
        return status;
    }
    snprintf(attrs, sizeof(attrs), "mode=%s;shape_calculation_mode=sizes", modes[step->mode]);
    return vt_prep_node(way, "Interpolate", 4, 4, in, attrs, &way->planes[0]);
}

/* A number for each axis, or for the first ones where that is `enough`. */
static int check_list(const struct vt_prep_way *way, const struct vt_prep_step *step, bool enough)
{
    int rank = value_of(way->planes[0])->shape.rank;

    return rank < 0 || rank == step->n || (enough && step->n < rank)
               ? one_plane(way, step)
               : refuse(way, step, VT_E_SHAPE, "%d numbers for %d axes", step->n, rank);
}

static int crop(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    int64_t ones[VT_MAX_RANK];
    struct vt_port in[4] = {way->planes[0]};
    int status = check_list(way, step, true);

    for (int i = 0; i < step->n && i < VT_MAX_RANK; i++) {
        ones[i] = 1;
    }
    if (status || step->n == 0) {
        return status;
    }
    status = integers(way, step->n, step->begin, &in[1]);
    status = status ? status : integers(way, step->n, step->end, &in[2]);
    status = status ? status : integers(way, step->n, ones, &in[3]);
    return status ? status : vt_prep_node(way, "Slice", 8, 4, in, "", &way->planes[0]);
}

static int pad(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    static const char *const modes[] = {"pad_mode=constant", "pad_mode=edge", "pad_mode=reflect",
                                        "pad_mode=symmetric"};
    struct vt_port in[4] = {way->planes[0]};
    double value = (double)step->value;
    int status = check_list(way, step, false);

    status = status ? status : integers(way, step->n, step->begin, &in[1]);
    status = status ? status : integers(way, step->n, step->end, &in[2]);
    status = status ? status : constant(way, value_of(way->planes[0])->type, 0, NULL, &value, &in[3]);
    return status ? status : vt_prep_node(way, "Pad", 12, 4, in, modes[step->mode], &way->planes[0]);
}

/* Axes that the target has and the tensor lacks come in front of it, with one element each. */
static int add_axes(struct vt_prep_way *way, const struct vt_layout *to, int *rank)
{
    struct vt_layout more;
    int64_t where[VT_MAX_RANK];
    struct vt_port in[2] = {way->planes[0]};
    int n, status = vt_layout_extend(&way->layout, to, &more, &n, way->err);

    for (int i = 0; i < n; i++) {
        where[i] = i;
    }
    if (status == VT_OK && n) {
        status = integers(way, n, where, &in[1]);
        status = status ? status : vt_prep_node(way, "Unsqueeze", 1, 2, in, "", &way->planes[0]);
        *rank += n;
    }
    if (status == VT_OK) {
        vt_layout_finish(&way->layout);
        way->layout = more;
    }
    return status;
}

static int convert_layout(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    const struct vt_layout *to = vt_layout_is_set(&step->layout) ? &step->layout : way->target;
    int64_t order[VT_MAX_RANK];
    int rank = value_of(way->planes[0])->shape.rank, status = one_plane(way, step);
    struct vt_port in[2] = {way->planes[0]};
    bool moves = false;

    if (status || !vt_layout_is_set(to)) {
        return status;
    }
    if (!vt_layout_is_set(&way->layout)) {
        return refuse(way, step, VT_E_INVALID, "the layout of the tensor is not known; set it");
    }
    if (strcmp(way->layout.text, to->text) == 0) {
        return VT_OK;
    }
    if (rank < 0) {
        return refuse(way, step, VT_E_INVALID, "the rank of the tensor is not known");
    }
    status = add_axes(way, to, &rank);
    in[0] = way->planes[0];
    status = status ? status : vt_layout_order(&way->layout, to, rank, order, way->err);
    if (status) {
        vt_context(way->err, "pre-processing of input '%s', step %d (%s): ", way->name, way->step,
                   kind_names[step->kind]);
        return status;
    }
    for (int i = 0; i < rank; i++) {
        moves |= order[i] != i;
    }
    if (moves) {
        status = integers(way, rank, order, &in[1]);
        status = status ? status : vt_prep_node(way, "Transpose", 1, 2, in, "", &way->planes[0]);
    }
    if (status == VT_OK) {
        vt_layout_finish(&way->layout);
        status = vt_layout_copy(to, &way->layout, way->err);
    }
    return status;
}

/* ---- channels */

static int reverse(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    int64_t indices[256];
    struct vt_port in[3] = {way->planes[0]};
    struct vt_node *axis_node;
    struct vt_dim channels;
    int64_t where;
    int axis = 0, status = one_plane(way, step);

    status = status ? status : axis_of(way, step, "C", &axis);
    if (status) {
        return status;
    }
    channels = value_of(way->planes[0])->shape.dims[axis];
    if (!vt_dim_is_static(channels) || channels.min > 256) {
        return refuse(way, step, VT_E_SHAPE, "the number of channels is not known, or above 256");
    }
    for (int64_t i = 0; i < channels.min; i++) {
        indices[i] = channels.min - 1 - i;
    }
    where = axis;
    status = integers(way, channels.min, indices, &in[1]);
    axis_node = status ? NULL : vt_constant_i64s(way->graph, "preprocess/constant", 0, 1, &where, way->err);
    in[2] = vt_port_of(axis_node, 0);
    status = status ? status : axis_node ? VT_OK : VT_E_NOMEM;
    return status ? status : vt_prep_node(way, "Gather", 8, 3, in, "", &way->planes[0]);
}

/* The first `n` elements along an axis. */
static int take_first(struct vt_prep_way *way, int axis, int64_t n)
{
    struct vt_port in[5] = {way->planes[0]};
    const int64_t values[4] = {0, n, 1, axis}; /* begin, end, step */
    int status = VT_OK;

    for (int i = 0; i < 4 && status == VT_OK; i++) {
        status = integers(way, 1, &values[i], &in[i + 1]);
    }
    return status ? status : vt_prep_node(way, "Slice", 8, 5, in, "", &way->planes[0]);
}

static int drop_fourth(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    int axis = 0, status = axis_of(way, step, "C", &axis);

    return status ? status : take_first(way, axis, 3);
}

/* The weighted sum of red, green and blue (ITU-R BT.601); integers are rounded, half to even. */
static int to_gray(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    static const double weights[2][3] = {{0.299, 0.587, 0.114}, {0.114, 0.587, 0.299}};
    const struct vt_value *v = value_of(way->planes[0]);
    enum vt_type type = v->type, sum = vt_is_float(type) ? type : VT_F32;
    struct vt_prep_step to_sum = {.kind = VT_PREP_TYPE, .type = sum},
                        back = {.kind = VT_PREP_TYPE, .type = type};
    int64_t dims[VT_MAX_RANK], where;
    struct vt_port in[2];
    int axis = 0, rank = v->shape.rank, status = axis_of(way, step, "C", &axis);

    status = status ? status : convert_type(way, &to_sum);
    if (status) {
        return status;
    }
    for (int i = 0; i < rank; i++) {
        dims[i] = i == axis ? 3 : 1;
    }
    where = axis;
    in[0] = way->planes[0];
    status = constant(way, sum, rank, dims, weights[way->color == VT_COLOR_BGR], &in[1]);
    status = status ? status : vt_prep_node(way, "Multiply", 1, 2, in, "", &in[0]);
    status = status ? status : integers(way, 1, &where, &in[1]);
    status = status ? status : vt_prep_node(way, "ReduceSum", 1, 2, in, "keep_dims=true", &way->planes[0]);
    if (status || type == sum) {
        return status;
    }
    status = vt_prep_node(way, "Round", 5, 1, way->planes, "mode=half_to_even", &way->planes[0]);
    return status ? status : convert_type(way, &back);
}

/* The luma of NV12: its own plane, or two thirds of the rows. */
static int luma(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    const struct vt_pshape *shape = &value_of(way->planes[0])->shape;
    int axis = 0, status;

    if (way->color == VT_COLOR_NV12_TWO) {
        way->n_planes = 1;
        return VT_OK;
    }
    status = axis_of(way, step, "H", &axis);
    if (status == VT_OK && !vt_dim_is_static(shape->dims[axis])) {
        status = refuse(way, step, VT_E_SHAPE, "the height of the picture is not known");
    }
    return status ? status : take_first(way, axis, shape->dims[axis].min / 3 * 2);
}

static bool is_yuv(enum vt_color color)
{
    return color >= VT_COLOR_NV12_ONE && color <= VT_COLOR_I420_THREE;
}

static bool is_blue_first(enum vt_color color)
{
    return color == VT_COLOR_BGR || color == VT_COLOR_BGRX;
}

static int from_yuv(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    bool nv12 = way->color == VT_COLOR_NV12_ONE || way->color == VT_COLOR_NV12_TWO,
         blue = step->color == VT_COLOR_BGR;
    int rank = value_of(way->planes[0])->shape.rank, axis = 0, status = axis_of(way, step, "C", &axis);

    if (status == VT_OK && axis != rank - 1) {
        status = refuse(way, step, VT_E_INVALID, "the layout must have the channels last (NHWC), it is %s",
                        way->layout.text);
    }
    status = status ? status
                    : vt_prep_node(
                          way, nv12 ? (blue ? "NV12toBGR" : "NV12toRGB") : (blue ? "I420toBGR" : "I420toRGB"),
                          8, way->n_planes, way->planes, "", &way->planes[0]);
    way->n_planes = 1;
    return status;
}

static int convert_color(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    enum vt_color from = way->color, to = step->color;
    bool rgb = to == VT_COLOR_RGB || to == VT_COLOR_BGR, three = from == VT_COLOR_RGB || from == VT_COLOR_BGR;
    bool four = from == VT_COLOR_RGBX || from == VT_COLOR_BGRX;
    int status = VT_OK;

    if (from == to && from != VT_COLOR_NONE) {
        return VT_OK;
    }
    if (rgb && is_yuv(from)) {
        status = from_yuv(way, step);
    } else if (rgb && (three || four)) {
        status = four ? drop_fourth(way, step) : VT_OK;
        if (status == VT_OK && is_blue_first(from) != is_blue_first(to)) {
            status = reverse(way, step);
        }
    } else if (to == VT_COLOR_GRAY && (from == VT_COLOR_NV12_ONE || from == VT_COLOR_NV12_TWO)) {
        status = luma(way, step);
    } else if (to == VT_COLOR_GRAY && three) {
        status = to_gray(way, step);
    } else {
        status = refuse(way, step, VT_E_INVALID,
                        "%s cannot become %s; possible are NV12, I420, RGBX and BGRX to RGB or BGR, RGB and "
                        "BGR to each other and to GRAY%s",
                        color_names[from], color_names[to],
                        from == VT_COLOR_NONE ? "; set the colour format of the tensor" : "");
    }
    way->color = to;
    return status;
}

int vt_prep_apply(struct vt_prep_way *way, const struct vt_prep_step *step)
{
    way->step++;
    switch (step->kind) {
    case VT_PREP_RESIZE: return resize(way, step);
    case VT_PREP_MEAN:
    case VT_PREP_SCALE: return arithmetic(way, step);
    case VT_PREP_CROP: return crop(way, step);
    case VT_PREP_PAD: return pad(way, step);
    case VT_PREP_TYPE: return convert_type(way, step);
    case VT_PREP_LAYOUT: return convert_layout(way, step);
    case VT_PREP_COLOR: return convert_color(way, step);
    case VT_PREP_REVERSE: return reverse(way, step);
    }
    return VT_E_INTERNAL;
}
