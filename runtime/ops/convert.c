/* Convert, ConvertLike, ConvertPromoteTypes. */
#include "convert.h"

#include "bounds.h"
#include "element.h"
#include "graph.h"
#include "shape.h"

static int infer_convert(struct vt_infer *c)
{
    enum vt_type from = c->in[0]->type, to = vt_attr_type_of(c->node, "destination_type");

    if (from == VT_STRING || to == VT_STRING || to == VT_DYNAMIC) {
        return vt_fail(c->err, VT_E_TYPE, "no conversion from %s to %s", vt_type_info(from)->name,
                       vt_type_info(to)->name);
    }
    vt_infer_set(c, 0, to, &c->in[0]->shape);
    return VT_OK;
}

static int infer_like(struct vt_infer *c)
{
    vt_infer_set(c, 0, c->in[1]->type, &c->in[0]->shape);
    return VT_OK;
}

/* ---- promotion: floats before integers before booleans */

static int priority(enum vt_type type)
{
    return vt_is_float(type) ? 2 : type == VT_BOOLEAN ? 0 : 1;
}

static bool can_promote(enum vt_type type)
{
    switch (type) {
    case VT_U2:
    case VT_U3:
    case VT_U6:
    case VT_NF4:
    case VT_F4E2M1:
    case VT_F8E8M0:
    case VT_STRING: return false;
    default: return true;
    }
}

static enum vt_type promote_floats(enum vt_type a, enum vt_type b)
{
    unsigned bits_a = vt_type_info(a)->bits, bits_b = vt_type_info(b)->bits;

    if (bits_a != bits_b) {
        return bits_a > bits_b ? a : b;
    }
    /* Two of one width: the next one that holds both. */
    return bits_a == 8 ? VT_F16 : VT_F32;
}

static enum vt_type signed_of(unsigned bits)
{
    return bits <= 4 ? VT_I4 : bits <= 8 ? VT_I8 : bits <= 16 ? VT_I16 : bits <= 32 ? VT_I32 : VT_I64;
}

/* The type that holds all values of both; VT_DYNAMIC when that would take more than 64 bits. */
static enum vt_type promote_integers(enum vt_type a, enum vt_type b)
{
    bool signed_a = vt_type_info(a)->is_signed;
    unsigned bits_a = vt_type_info(a)->bits, bits_b = vt_type_info(b)->bits, whole, natural;

    if (signed_a == vt_type_info(b)->is_signed) {
        return bits_a >= bits_b ? a : b;
    }
    whole = signed_a ? bits_a : bits_b;
    natural = signed_a ? bits_b : bits_a;
    if (natural == 64) {
        return VT_DYNAMIC;
    }
    return signed_of(whole > 2 * natural ? whole : 2 * natural);
}

static int refuse(struct vt_infer *c, enum vt_type a, enum vt_type b)
{
    return vt_fail(c->err, VT_E_TYPE,
                   "promoting %s and %s may lose values, which promote_unsafe=\"false\" forbids",
                   vt_type_info(a)->name, vt_type_info(b)->name);
}

/* Whether `type` holds every value of `part`: what a safe promotion asks for. */
static bool safe(enum vt_type part, enum vt_type type)
{
    if (vt_is_float(type) && priority(part) == 1) {
        return vt_type_info(type)->bits >= 2 * vt_type_info(part)->bits;
    }
    return vt_is_float(type) || priority(part) == 0 || vt_type_info(type)->bits >= vt_type_info(part)->bits;
}

/* With pytorch_scalar_promotion a scalar takes the type of a tensor of the same priority. */
static bool scalar_gives_way(const struct vt_infer *c, int scalar)
{
    return vt_attr_bool(c->node, "pytorch_scalar_promotion") && c->in[scalar]->shape.rank == 0 &&
           c->in[1 - scalar]->shape.rank > 0;
}

static int promote(struct vt_infer *c, enum vt_type a, enum vt_type b, enum vt_type *type)
{
    bool unsafe = vt_attr_bool(c->node, "promote_unsafe"), given = true;

    if (priority(a) != priority(b)) {
        *type = priority(a) > priority(b) ? a : b;
    } else if (scalar_gives_way(c, 0) || scalar_gives_way(c, 1)) {
        *type = scalar_gives_way(c, 0) ? b : a;
    } else {
        *type = priority(a) == 2   ? promote_floats(a, b)
                : priority(a) == 1 ? promote_integers(a, b)
                                   : VT_BOOLEAN;
        given = *type == a || *type == b;
    }
    if (*type == VT_DYNAMIC) {
        *type = vt_attr_type_of(c->node, "u64_integer_promotion_target");
        given = false;
    }
    if (!unsafe && (!given || !safe(a, *type) || !safe(b, *type))) {
        return refuse(c, a, b);
    }
    return VT_OK;
}

static int infer_promote(struct vt_infer *c)
{
    enum vt_type a = c->in[0]->type, b = c->in[1]->type, type = a;
    bool ranks_known = c->in[0]->shape.rank >= 0 && c->in[1]->shape.rank >= 0;
    int status = VT_OK;

    if (a != b) {
        if (!can_promote(a) || !can_promote(b)) {
            return vt_fail(c->err, VT_E_TYPE, "no promotion of %s and %s", vt_type_info(a)->name,
                           vt_type_info(b)->name);
        }
        if (a == VT_DYNAMIC || b == VT_DYNAMIC ||
            (vt_attr_bool(c->node, "pytorch_scalar_promotion") && !ranks_known)) {
            type = VT_DYNAMIC;
        } else {
            status = promote(c, a, b, &type);
        }
    }
    vt_infer_set(c, 0, type, &c->in[0]->shape);
    vt_infer_set(c, 1, type, &c->in[1]->shape);
    return status;
}

/* ---- bounds */

static bool fits(int64_t v, enum vt_type type)
{
    unsigned bits = vt_type_info(type)->bits;
    bool is_signed = vt_type_info(type)->is_signed;

    if (v == INT64_MIN || v == INT64_MAX) {
        return true;
    }
    if (bits == 64) {
        return is_signed || v >= 0;
    }
    return is_signed ? v >= -((int64_t)1 << (bits - 1)) && v < (int64_t)1 << (bits - 1)
                     : v >= 0 && v < (int64_t)1 << bits;
}

static struct vt_interval rule(const struct vt_infer *c, const struct vt_interval *in)
{
    if (c->out[0].type == VT_BOOLEAN) {
        bool zero = in[0].lo <= 0 && in[0].hi >= 0;

        return (struct vt_interval){!zero, in[0].lo || in[0].hi};
    }
    return fits(in[0].lo, c->out[0].type) && fits(in[0].hi, c->out[0].type) ? in[0] : vt_interval_any();
}

static int bounds(struct vt_infer *c)
{
    struct vt_infer one = *c;
    int status;

    one.n_in = 1; /* the tensor that ConvertLike takes the type of has a shape of its own */
    status = vt_bounds_each(&one, rule);
    return status;
}

static const struct vt_attr_def convert_attrs[] = {
    {"destination_type", VT_ATTR_TYPE, .required = true},
    {0},
};

static const struct vt_attr_def promote_attrs[] = {
    {"promote_unsafe", VT_ATTR_BOOL},
    {"pytorch_scalar_promotion", VT_ATTR_BOOL},
    {"u64_integer_promotion_target", VT_ATTR_TYPE, .def.i = VT_F32},
    {0},
};

const struct vt_op_def vt_op_convert[] = {
    {.name = "Convert",
     .opset = 1,
     .min_in = 1,
     .max_in = 1,
     .n_out = 1,
     .flags = VT_OP_ELEMENTWISE,
     .attrs = convert_attrs,
     .infer = infer_convert,
     .eval = vt_convert_ref,
     .bounds = bounds},
    {.name = "ConvertLike",
     .opset = 1,
     .min_in = 2,
     .max_in = 2,
     .n_out = 1,
     .infer = infer_like,
     .eval = vt_convert_ref,
     .bounds = bounds},
    {.name = "ConvertPromoteTypes",
     .opset = 14,
     .min_in = 2,
     .max_in = 2,
     .n_out = 2,
     .attrs = promote_attrs,
     .infer = infer_promote,
     .eval = vt_convert_ref},
    {0},
};
