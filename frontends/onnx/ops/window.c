#include "window.h"

#include <stdio.h>
#include <string.h>

static int count_axes(struct onnx_node *n)
{
    static const char *const names[] = {"kernel_shape", "strides", "dilations", "pads"};
    int count = 0;

    for (int i = 0; i < 4; i++) {
        onnx_attr_is(n, names[i], &count);
        if (count > 0) {
            return i == 3 ? count / 2 : count;
        }
    }
    return -1;
}

static int copy_list(struct onnx_node *n, const char *name, const int64_t *v, int spatial, int64_t least,
                     int64_t *list)
{
    for (int i = 0; i < spatial; i++) {
        if (v[i] < least || v[i] > INT32_MAX) {
            return onnx_fail(n, VT_E_INVALID, "attribute %s: %lld is out of range", name, (long long)v[i]);
        }
        list[i] = v[i];
    }
    return onnx_status(n);
}

int onnx_spatial_list(struct onnx_node *n, const char *name, int spatial, int64_t def, int64_t *list)
{
    int count = 0;
    const int64_t *v = onnx_attr_is(n, name, &count);

    for (int i = 0; i < spatial; i++) {
        list[i] = def;
    }
    if (!v || count == 0) {
        return onnx_status(n);
    }
    if (count != spatial) {
        return onnx_fail(n, VT_E_INVALID, "attribute %s has %d numbers for %d spatial axes", name, count,
                         spatial);
    }
    return copy_list(n, name, v, spatial, def ? 1 : 0, list);
}

static int read_pads(struct onnx_node *n, struct onnx_window *w)
{
    int count = 0;
    const int64_t *v = onnx_attr_is(n, "pads", &count);

    if (!v || count == 0) {
        return onnx_status(n);
    }
    if (count != 2 * w->spatial) {
        return onnx_fail(n, VT_E_INVALID, "attribute pads has %d numbers for %d spatial axes", count,
                         w->spatial);
    }
    copy_list(n, "pads", v, w->spatial, -INT32_MAX, w->begin);
    return copy_list(n, "pads", v + w->spatial, w->spatial, -INT32_MAX, w->end);
}

int onnx_window_read(struct onnx_node *n, int spatial, struct onnx_window *w)
{
    static const char *const words[][2] = {{"NOTSET", "explicit"},
                                           {"SAME_UPPER", "same_upper"},
                                           {"SAME_LOWER", "same_lower"},
                                           {"VALID", "valid"}};
    const char *text = onnx_attr_s(n, "auto_pad", "NOTSET");

    *w = (struct onnx_window){.spatial = spatial < 0 ? count_axes(n) : spatial, .auto_pad = NULL};
    if (onnx_status(n)) {
        return onnx_status(n);
    }
    if (w->spatial < 1 || w->spatial > ONNX_MAX_SPATIAL) {
        return w->spatial < 0
                   ? onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: input 0 whose rank is not known")
                   : onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: %d spatial axes, only 1 to 3",
                               w->spatial);
    }
    for (int i = 0; i < 4; i++) {
        if (text && (strcmp(text, words[i][0]) == 0 || (i == 0 && !*text))) {
            w->auto_pad = words[i][1];
        }
    }
    if (!w->auto_pad) {
        return onnx_fail(n, VT_E_INVALID, "attribute auto_pad: there is no \"%s\"", text ? text : "");
    }
    onnx_spatial_list(n, "strides", w->spatial, 1, w->stride);
    onnx_spatial_list(n, "dilations", w->spatial, 1, w->dilation);
    return strcmp(w->auto_pad, "explicit") == 0 ? read_pads(n, w) : onnx_status(n);
}

const char *onnx_window_attrs(struct onnx_node *n, const struct onnx_window *w, bool dilations)
{
    size_t bytes = 512;
    char *text = onnx_alloc(n, bytes);

    if (!text || onnx_status(n)) {
        return "";
    }
    snprintf(text, bytes, "strides=%s;pads_begin=%s;pads_end=%s;auto_pad=%s%s%s",
             onnx_list(n, w->stride, w->spatial), onnx_list(n, w->begin, w->spatial),
             onnx_list(n, w->end, w->spatial), w->auto_pad, dilations ? ";dilations=" : "",
             dilations ? onnx_list(n, w->dilation, w->spatial) : "");
    return text;
}
