/* Attributes as the texts that IR files use: those that were given; the others have their defaults there too.
 */
#include "save_impl.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The shortest text that gives the number back. Readers take no infinities: the largest number stands for
 * them, which means the same to the operations that have them, as limits. The point is one in all locales. */
static void write_f64(struct vt_xml *x, double value)
{
    char text[40];

    if (isinf(value)) {
        value = value < 0 ? -DBL_MAX : DBL_MAX;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    for (char *p = text; *p; p++) {
        if (!strchr("0123456789+-enaif", *p)) {
            *p = '.';
        }
    }
    vt_xml_attr_piece(x, text, strlen(text));
}

static void write_i64(struct vt_xml *x, int64_t value)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%lld", (long long)value);

    vt_xml_attr_piece(x, text, (size_t)n);
}

static void write_dim(struct vt_xml *x, struct vt_dim d)
{
    if (d.min == 0 && d.max < 0) {
        vt_xml_attr_piece(x, "?", 1);
        return;
    }
    if (d.min || d.min == d.max) {
        write_i64(x, d.min);
    }
    if (d.min != d.max) {
        vt_xml_attr_piece(x, "..", 2);
        if (d.max >= 0) {
            write_i64(x, d.max);
        }
    }
}

static void write_shape(struct vt_xml *x, const struct vt_pshape *shape)
{
    if (!shape || shape->rank < 0) {
        vt_xml_attr_piece(x, "...", 3);
        return;
    }
    for (int i = 0; i < shape->rank; i++) {
        if (i) {
            vt_xml_attr_piece(x, ",", 1);
        }
        write_dim(x, shape->dims[i]);
    }
}

static void write_value(struct vt_xml *x, enum vt_attr_type type, const union vt_attr_value *v)
{
    const char *text = "";

    switch (type) {
    case VT_ATTR_I64: write_i64(x, v->i); return;
    case VT_ATTR_F64: write_f64(x, v->f); return;
    case VT_ATTR_BOOL: text = v->i ? "true" : "false"; break;
    case VT_ATTR_STR: text = v->s ? v->s : ""; break;
    case VT_ATTR_TYPE: text = vt_type_info((enum vt_type)v->i)->name; break;
    case VT_ATTR_SHAPE: write_shape(x, v->shape); return;
    case VT_ATTR_I64S:
        for (int64_t i = 0; i < v->i64s.n; i++) {
            vt_xml_attr_piece(x, ", ", i ? 2 : 0);
            write_i64(x, v->i64s.v[i]);
        }
        return;
    case VT_ATTR_F64S:
        for (int64_t i = 0; i < v->f64s.n; i++) {
            vt_xml_attr_piece(x, ", ", i ? 2 : 0);
            write_f64(x, v->f64s.v[i]);
        }
        return;
    }
    vt_xml_attr_piece(x, text, strlen(text));
}

/* Attributes of an unknown operation are all given; those with a point in front are the runtime's own. A
 * Parameter must say that nothing is known of its shape: readers would take it for a scalar. */
static bool is_written(const struct vt_node *node, int i)
{
    if (node->op->flags & VT_OP_UNKNOWN) {
        return node->op->attrs[i].name[0] != '.';
    }
    return (i < 64 && node->attrs_given >> i & 1) ||
           (vt_node_is(node, "Parameter") && strcmp(node->op->attrs[i].name, "shape") == 0);
}

void vt_save_attrs(struct vt_saver *s, const struct vt_node *node)
{
    const struct vt_attr_def *attrs = node->op->attrs;
    struct vt_xml *x = &s->xml;
    bool begun = false;

    for (int i = 0; attrs && attrs[i].name; i++) {
        if (!is_written(node, i)) {
            continue;
        }
        if (!begun) {
            vt_xml_begin(x, "data");
            begun = true;
        }
        vt_xml_attr_begin(x, attrs[i].name);
        write_value(x, attrs[i].type, &node->attrs[i]);
        vt_xml_attr_end(x);
    }
    if (begun) {
        vt_xml_end(x, "data");
    }
}
