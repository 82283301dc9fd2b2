/* From descriptions to a new model. */
#include "preprocess_impl.h"

#include "host_build.h"
#include "shape.h"

#include <stdlib.h>
#include <string.h>

#define SHAPE_TEXT 512

__attribute__((format(printf, 3, 4))) static int refuse(const struct vt_prep_way *way, int code,
                                                        const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return vt_fail(way->err, code, "pre-processing of input '%s': %s", way->name, text);
}

/* ---- layouts */

static int parse_optional(const char *text, struct vt_layout *layout, struct vt_error *err)
{
    *layout = (struct vt_layout){.ellipsis = -1};
    return text ? vt_layout_parse(text, layout, err) : VT_OK;
}

static const char *noted_layout(const struct vt_node *node)
{
    const struct vt_rt_info *item = vt_node_rt_info(node, "layout");

    return item ? item->value : NULL;
}

/* What the model expects: as said, as its file says, or as the last conversion of the layout makes it. */
static int target_layout(const struct vt_prep_input *in, const struct vt_node *param,
                         struct vt_layout *target, struct vt_error *err)
{
    const char *text = vt_layout_is_set(&in->model_layout) ? in->model_layout.text : noted_layout(param);

    for (int i = in->n_steps - 1; i >= 0 && !text; i--) {
        text = in->steps[i].kind == VT_PREP_LAYOUT ? in->steps[i].layout.text : NULL;
    }
    return parse_optional(text, target, err);
}

/* What comes in: as said, channels last where it is a picture of a known format, or as the model expects. */
static int given_layout(const struct vt_prep_input *in, const struct vt_layout *target,
                        struct vt_layout *given, struct vt_error *err)
{
    const char *text = vt_layout_is_set(&in->layout) ? in->layout.text
                       : in->color != VT_COLOR_NONE  ? "NHWC"
                                                     : target->text;

    return parse_optional(text, given, err);
}

/* ---- shapes */

/* The model's shape with its axes as the tensor has them. */
static int turn_shape(const struct vt_prep_way *way, struct vt_pshape *shape)
{
    int64_t order[VT_MAX_RANK];
    struct vt_pshape model = way->shape;
    struct vt_layout more;
    int added, status;

    *shape = model;
    if (!vt_layout_is_set(&way->layout) || !vt_layout_is_set(way->target) || model.rank < 0 ||
        strcmp(way->layout.text, way->target->text) == 0) {
        return VT_OK;
    }
    status = vt_layout_extend(&way->layout, way->target, &more, &added, way->err);
    status = status ? status : vt_layout_order(&more, way->target, model.rank, order, way->err);
    vt_layout_finish(&more);
    if (status) {
        vt_context(way->err, "pre-processing of input '%s': ", way->name);
        return status;
    }
    /* Axes in front that the tensor lacks. */
    for (int j = 0; j < model.rank; j++) {
        if (order[j] >= added) {
            shape->dims[order[j] - added] = model.dims[j];
        } else if (!vt_dim_can_be(model.dims[j], 1)) {
            return refuse(way, VT_E_SHAPE,
                          "the tensor's layout %s lacks an axis of %s that has %lld elements",
                          way->layout.text, way->target->text, (long long)model.dims[j].min);
        }
    }
    shape->rank = model.rank - added;
    return VT_OK;
}

static int spatial_axes(const struct vt_prep_way *way, int rank, int *h, int *w)
{
    *h = rank < 0 ? -1 : vt_layout_find(&way->layout, "H", rank);
    *w = rank < 0 ? -1 : vt_layout_find(&way->layout, "W", rank);
    if (*h < 0 || *w < 0) {
        return refuse(way, VT_E_INVALID,
                      "height and width have no place: the layout of the tensor is %s, its rank %d; set a "
                      "layout with H and W",
                      vt_layout_is_set(&way->layout) ? way->layout.text : "not set", rank);
    }
    return VT_OK;
}

static int given_shape(const struct vt_prep_way *way, const struct vt_prep_input *in, struct vt_pshape *shape)
{
    int h, w, status;

    if (in->has_shape) {
        *shape = in->shape;
        return VT_OK;
    }
    status = turn_shape(way, shape);
    if (status == VT_OK && in->has_size) {
        status = spatial_axes(way, shape->rank, &h, &w);
        if (status == VT_OK) {
            shape->dims[h] = vt_dim_fixed(in->height);
            shape->dims[w] = vt_dim_fixed(in->width);
        }
    }
    return status;
}

static struct vt_dim scaled(struct vt_dim d, int64_t times, int64_t by)
{
    return vt_dim_div(vt_dim_mul(d, vt_dim_fixed(times)), by);
}

/* The shape of one plane of a picture whose full shape is `shape`. */
static int plane_shape(const struct vt_prep_way *way, int plane, struct vt_pshape *shape)
{
    int c, h, w, status;

    if (way->color == VT_COLOR_NONE) {
        return VT_OK;
    }
    status = spatial_axes(way, shape->rank, &h, &w);
    c = status ? -1 : vt_layout_find(&way->layout, "C", shape->rank);
    if (status == VT_OK && c < 0) {
        status =
            refuse(way, VT_E_INVALID, "a colour format needs a layout with C, it is %s", way->layout.text);
    }
    if (status) {
        return status;
    }
    switch (way->color) {
    case VT_COLOR_NV12_ONE:
    case VT_COLOR_I420_ONE:
        shape->dims[c] = vt_dim_fixed(1);
        shape->dims[h] = scaled(shape->dims[h], 3, 2);
        break;
    case VT_COLOR_NV12_TWO:
    case VT_COLOR_I420_THREE:
        shape->dims[c] = vt_dim_fixed(plane && way->color == VT_COLOR_NV12_TWO ? 2 : 1);
        shape->dims[h] = plane ? scaled(shape->dims[h], 1, 2) : shape->dims[h];
        shape->dims[w] = plane ? scaled(shape->dims[w], 1, 2) : shape->dims[w];
        break;
    case VT_COLOR_RGBX:
    case VT_COLOR_BGRX: shape->dims[c] = vt_dim_fixed(4); break;
    case VT_COLOR_GRAY: shape->dims[c] = vt_dim_fixed(1); break;
    default: shape->dims[c] = vt_dim_fixed(3); break;
    }
    return VT_OK;
}

/* ---- parameters */

/* The graph may have been made for some extents of the parameter (`keeps`). Where the tensor is another one
 * than the model's, which of its extents lead to those is not known: all of them stay. */
static struct vt_pshape kept_shape(const struct vt_prep_way *way, const struct vt_pshape *kept,
                                   const struct vt_pshape *shape)
{
    struct vt_pshape now = *shape;
    bool some = false, same = way->n_planes == 1 && shape->rank == way->shape.rank;

    for (int i = 0; i < kept->rank; i++) {
        some |= vt_dim_is_static(kept->dims[i]);
    }
    for (int i = 0; i < shape->rank; i++) {
        same = same && shape->dims[i].min == way->shape.dims[i].min &&
               shape->dims[i].max == way->shape.dims[i].max;
        now.dims[i] = some && vt_dim_is_static(shape->dims[i]) ? shape->dims[i] : vt_dim_any();
    }
    if (vt_layout_is_set(&way->layout) && vt_layout_is_set(way->target)) {
        same = same && strcmp(way->layout.text, way->target->text) == 0;
    }
    return same || kept->rank < 0 ? *kept : now;
}

static int set_parameter(struct vt_prep_way *way, struct vt_node *param, enum vt_type type,
                         const struct vt_pshape *shape, const struct vt_pshape *keeps)
{
    int status = vt_attr_set_i64(param, "element_type", (int64_t)type);

    status = status ? status : vt_attr_set_shape(param, "shape", shape);
    if (keeps) {
        struct vt_pshape kept = kept_shape(way, keeps, shape);

        status = status ? status : vt_attr_set_shape(param, "keeps", &kept);
    }
    status = status ? vt_fail(way->err, status, "out of memory") : vt_node_infer(param, way->err);
    if (status == VT_OK && vt_layout_is_set(&way->layout)) {
        status = vt_node_set_rt_info(param, "layout", way->layout.text, way->err);
    }
    return status;
}

/* Names of the planes: those of the input with the plane's own behind; without one there are none. */
static int name_plane(struct vt_prep_way *way, struct vt_node *param, const char *const *names, int n_names,
                      const char *plane)
{
    param->out[0].n_names = 0;
    for (int i = 0; i < n_names && plane; i++) {
        char *name = vt_arena_printf(&way->graph->arena, "%s/%s", names[i], plane);

        if (!name || vt_output_add_name(way->graph, &param->out[0], name)) {
            return vt_fail(way->err, VT_E_NOMEM, "out of memory");
        }
    }
    if (plane) {
        param->name = vt_arena_printf(&way->graph->arena, "%s/%s", way->name, plane);
    }
    return param->name ? VT_OK : vt_fail(way->err, VT_E_NOMEM, "out of memory");
}

/* The last parameter takes place `to`. */
static void place_parameter(struct vt_graph *graph, int to)
{
    struct vt_node *last = graph->params[graph->n_params - 1];

    for (int i = graph->n_params - 1; i > to; i--) {
        graph->params[i] = graph->params[i - 1];
    }
    graph->params[to] = last;
}

static int make_parameters(struct vt_prep_way *way, const struct vt_prep_input *in, int index)
{
    struct vt_node *first = way->graph->params[index];
    enum vt_type type = in->type == VT_DYNAMIC ? way->type : in->type;
    const struct vt_pshape *keeps = vt_attr_shape(first, "keeps");
    int n_names = first->out[0].n_names, status = VT_OK;
    const char **names = calloc((size_t)n_names + 1, sizeof(*names));
    struct vt_pshape whole;

    if (!names) {
        return vt_fail(way->err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < n_names; i++) {
        names[i] = first->out[0].names[i];
    }
    status = given_shape(way, in, &whole);
    for (int k = 0; k < way->n_planes && status == VT_OK; k++) {
        struct vt_pshape shape = whole;
        struct vt_node *param = first;

        if (k) {
            param = vt_node_build(way->graph, "Parameter", 1, way->name, 0, NULL, way->err);
            status = param ? VT_OK : VT_E_NOMEM;
            if (param) {
                place_parameter(way->graph, index + k);
            }
        }
        status = status ? status : plane_shape(way, k, &shape);
        status = status ? status : set_parameter(way, param, type, &shape, keeps);
        if (status == VT_OK && way->n_planes > 1) {
            status = name_plane(way, param, names, n_names, in->planes[k]);
        }
        way->planes[k] = vt_port_of(param, 0);
    }
    free(names);
    return status;
}

/* ---- one input */

static int run_steps(struct vt_prep_way *way, const struct vt_prep_input *in)
{
    struct vt_prep_step type = {.kind = VT_PREP_TYPE}, layout = {.kind = VT_PREP_LAYOUT};
    int status = VT_OK;

    for (int i = 0; i < in->n_steps && status == VT_OK; i++) {
        status = vt_prep_apply(way, &in->steps[i]);
    }
    if (status == VT_OK && way->n_planes > 1) {
        status =
            refuse(way, VT_E_INVALID, "the picture still has %d planes; add a step that converts its colour",
                   way->n_planes);
    }
    /* What the model needs and nobody asked for. */
    status = status ? status : vt_prep_apply(way, &type);
    return status ? status : vt_prep_apply(way, &layout);
}

static int check_result(const struct vt_prep_way *way)
{
    const struct vt_pshape *got = &vt_port_output(way->planes[0])->v.shape;
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    struct vt_pshape both;

    return vt_pshape_meet(got, &way->shape, &both)
               ? VT_OK
               : refuse(way, VT_E_SHAPE, "what the steps give has the shape %s, the model expects %s",
                        vt_pshape_text(got, a, sizeof(a)), vt_pshape_text(&way->shape, b, sizeof(b)));
}

/* Everything that read the parameter before reads `now`. */
static int move_uses(struct vt_node *param, const struct vt_use *uses, int n, struct vt_port now,
                     struct vt_error *err)
{
    for (int i = 0; i < n && now.node != param; i++) {
        if (vt_node_set_input(uses[i].node, uses[i].input, now)) {
            return vt_fail(err, VT_E_NOMEM, "out of memory");
        }
    }
    return VT_OK;
}

static bool is_untouched(const struct vt_prep_input *in)
{
    return in->type == VT_DYNAMIC && !vt_layout_is_set(&in->layout) && in->color == VT_COLOR_NONE &&
           !in->has_size && !in->has_shape && !vt_layout_is_set(&in->model_layout) && in->n_steps == 0;
}

/* Input `index`, which may have become one further back by the planes of those before it. */
static int build_input(struct vt_graph *graph, const struct vt_prep_input *in, int index, int *n_planes,
                       struct vt_error *err)
{
    struct vt_node *param = graph->params[index];
    int n_uses = param->out[0].n_uses, status;
    struct vt_use *uses = malloc(((size_t)n_uses + 1) * sizeof(*uses));
    struct vt_layout target = {.ellipsis = -1};
    struct vt_prep_way way = {.graph = graph,
                              .name = param->out[0].n_names ? param->out[0].names[0] : param->name,
                              .n_planes = vt_color_planes(in->color),
                              .color = in->color,
                              .layout = {.ellipsis = -1},
                              .target = &target,
                              .shape = param->out[0].v.shape,
                              .type = param->out[0].v.type,
                              .err = err};

    *n_planes = 1;
    if (!uses) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    memcpy(uses, param->out[0].uses, (size_t)n_uses * sizeof(*uses));
    status = is_untouched(in) ? 1 : target_layout(in, param, &target, err);
    status = status ? status : given_layout(in, &target, &way.layout, err);
    status = status ? status : make_parameters(&way, in, index);
    if (status == VT_OK) {
        *n_planes = way.n_planes;
        status = run_steps(&way, in);
    }
    status = status ? status : check_result(&way);
    status = status ? status : move_uses(param, uses, n_uses, way.planes[0], err);
    vt_layout_finish(&target);
    vt_layout_finish(&way.layout);
    free(uses);
    return status == 1 ? VT_OK : status;
}

/* ---- one output */

static int build_output(struct vt_graph *graph, const struct vt_prep_output *out, int index,
                        struct vt_error *err)
{
    struct vt_node *result = graph->results[index];
    struct vt_output *src = vt_port_output(result->in[0]);
    struct vt_prep_way way = {
        .graph = graph, .name = src->n_names ? src->names[0] : result->name, .err = err};
    struct vt_port now;
    char attrs[64];
    int status;

    if (out->type == VT_DYNAMIC || out->type == src->v.type) {
        return VT_OK;
    }
    snprintf(attrs, sizeof(attrs), "destination_type=%s", vt_type_info(out->type)->name);
    status = vt_prep_node(&way, "Convert", 1, 1, &result->in[0], attrs, &now);
    /* The names are those of the output, which is another tensor now. */
    for (int i = 0; i < src->n_names && status == VT_OK; i++) {
        status = vt_output_add_name(graph, vt_port_output(now), src->names[i]);
    }
    src->n_names = status ? src->n_names : 0;
    status = status ? status : vt_node_set_input(result, 0, now);
    return status ? vt_fail(err, status, "out of memory for output %d", index) : VT_OK;
}

int vt_preprocess_build(const struct vt_preprocess *preprocess, struct vt_model **model, struct vt_error *err)
{
    struct vt_model *made = NULL;
    int at = 0, planes, status = vt_model_clone(preprocess->model, &made, err);

    for (int i = 0; i < preprocess->model->n_io[VT_INPUT] && status == VT_OK; i++) {
        status = build_input(made->graph, &preprocess->in[i], at, &planes, err);
        at += planes;
    }
    for (int i = 0; i < preprocess->model->n_io[VT_OUTPUT] && status == VT_OK; i++) {
        status = build_output(made->graph, &preprocess->out[i], i, err);
    }
    status = status ? status : vt_model_refresh(made, err);
    if (status) {
        vt_model_unref(made);
        return status;
    }
    *model = made;
    return VT_OK;
}
