/* Tables of extensions, which may hold anything, turned into operation definitions. */
#include "extension.h"
#include "graph.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#define MAX_OPS   4096
#define MAX_ATTRS 64 /* as many as a node remembers to have been given */

#define COVERS(struct_size, type, member)                                                                    \
    ((struct_size) >= offsetof(type, member) + sizeof(((type *)0)->member))

/* Where a message is about. */
struct loader {
    struct vt_extension *extension;
    const vt_extension_op_t *op; /* NULL: the table itself */
    struct vt_error *err;
};

__attribute__((format(printf, 3, 4))) static int bad(struct loader *l, int code, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (l->op) {
        return vt_fail(l->err, code, "extension '%s': operation %.80s: %s", l->extension->path,
                       l->op->name && *l->op->name ? l->op->name : "(without name)", text);
    }
    return vt_fail(l->err, code, "extension '%s': %s", l->extension->path, text);
}

static int no_memory(struct loader *l)
{
    return bad(l, VT_E_NOMEM, "out of memory");
}

/* ---- attributes */

static const enum vt_attr_type attr_types[] = {
    [VT_EXTENSION_ATTR_I64] = VT_ATTR_I64,   [VT_EXTENSION_ATTR_F64] = VT_ATTR_F64,
    [VT_EXTENSION_ATTR_BOOL] = VT_ATTR_BOOL, [VT_EXTENSION_ATTR_TEXT] = VT_ATTR_STR,
    [VT_EXTENSION_ATTR_I64S] = VT_ATTR_I64S, [VT_EXTENSION_ATTR_F64S] = VT_ATTR_F64S,
    [VT_EXTENSION_ATTR_TYPE] = VT_ATTR_TYPE, [VT_EXTENSION_ATTR_SHAPE] = VT_ATTR_SHAPE,
};

/* The nearest whole number inside of a range. */
static int64_t whole(double limit, bool upper)
{
    limit = upper ? floor(limit) : ceil(limit);
    if (limit >= 9.2e18) {
        return INT64_MAX;
    }
    return limit <= -9.2e18 ? INT64_MIN : (int64_t)limit;
}

static int convert_attr(struct loader *l, const vt_extension_attr_t *from, struct vt_attr_def *to)
{
    struct vt_arena *arena = &l->extension->arena;

    if (!from->name || !*from->name || from->name[0] == '.') {
        return bad(l, VT_E_INVALID, "an attribute has no name, or one that begins with a point");
    }
    if (from->type < VT_EXTENSION_ATTR_I64 || from->type > VT_EXTENSION_ATTR_SHAPE) {
        return bad(l, VT_E_INVALID, "attribute '%.80s' has the type %d, which there is not", from->name,
                   (int)from->type);
    }
    to->name = vt_arena_strdup(arena, from->name);
    to->type = attr_types[from->type];
    to->required = from->required != 0;
    to->allowed = vt_arena_strdup(arena, from->allowed);
    if (!to->name || (from->allowed && !to->allowed)) {
        return no_memory(l);
    }
    if (from->min < from->max) {
        to->low = from->min;
        to->high = from->max;
        to->min = whole(from->min, false);
        to->max = whole(from->max, true);
    }
    if (from->standard &&
        (!vt_attr_parse(arena, to, from->standard, &to->def) || !vt_attr_value_ok(to, &to->def))) {
        return bad(l, VT_E_INVALID, "attribute '%.80s' cannot have its default \"%.80s\"", from->name,
                   from->standard);
    }
    return VT_OK;
}

static int convert_attrs(struct loader *l, struct vt_extension_op *to)
{
    const vt_extension_op_t *from = l->op;
    struct vt_attr_def *defs;

    if (!from->n_attrs) {
        return VT_OK;
    }
    if (from->n_attrs > MAX_ATTRS) {
        return bad(l, VT_E_INVALID, "%zu attributes; there may be %d", from->n_attrs, MAX_ATTRS);
    }
    if (!from->attrs || from->attr_size < sizeof(vt_extension_attr_t)) {
        return bad(l, VT_E_INVALID, "it has %zu attributes, but %s", from->n_attrs,
                   from->attrs ? "attr_size is too small" : "attrs is NULL");
    }
    defs = vt_arena_array(&l->extension->arena, from->n_attrs + 1, sizeof(*defs));
    if (!defs) {
        return no_memory(l);
    }
    for (size_t i = 0; i < from->n_attrs; i++) {
        const char *row = (const char *)from->attrs + i * from->attr_size;
        int status = convert_attr(l, (const vt_extension_attr_t *)row, &defs[i]);

        for (size_t k = 0; k < i && status == VT_OK; k++) {
            if (strcmp(defs[k].name, defs[i].name) == 0) {
                status = bad(l, VT_E_INVALID, "two attributes have the name '%.80s'", defs[i].name);
            }
        }
        if (status) {
            return status;
        }
    }
    to->def.attrs = defs;
    return VT_OK;
}

/* ---- operations */

static int check_name(struct loader *l)
{
    static const char *const reserved[] = {"Parameter", "Result",         "Constant", "Const",
                                           "If",        "TensorIterator", "Loop"};
    const vt_extension_op_t *op = l->op;
    int number;

    if (!op->name || !*op->name || !op->opset || !*op->opset) {
        return bad(l, VT_E_INVALID, "it has no %s", op->name && *op->name ? "opset" : "name");
    }
    if (strlen(op->name) > 100 || strlen(op->opset) > 100) {
        return bad(l, VT_E_INVALID, "its name and its opset may have 100 bytes each");
    }
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (strcmp(op->name, reserved[i]) == 0) {
            return bad(l, VT_E_INVALID, "an extension cannot define that, whatever the opset");
        }
    }
    number = vt_opset_number(op->opset);
    if (number > 0 && vt_op_find(op->name, number)) {
        return bad(l, VT_E_INVALID,
                   "the runtime has it in %s itself, and cannot have it replaced; give it another name, or "
                   "another opset such as \"extension\"",
                   op->opset);
    }
    return VT_OK;
}

static int check_op(struct loader *l)
{
    const vt_extension_op_t *op = l->op;
    const unsigned known = VT_EXTENSION_DATA_SHAPE | VT_EXTENSION_RANDOM | VT_EXTENSION_NO_FOLD;
    int status = check_name(l);

    if (status) {
        return status;
    }
    if (!op->infer || !op->evaluate) {
        return bad(l, VT_E_INVALID, "its %s is NULL", op->infer ? "evaluate" : "infer");
    }
    if (op->min_inputs < 0 || (op->max_inputs != VT_EXTENSION_ANY && op->max_inputs < op->min_inputs) ||
        op->max_inputs < VT_EXTENSION_ANY) {
        return bad(l, VT_E_INVALID, "it takes %d to %d inputs, which cannot be", (int)op->min_inputs,
                   (int)op->max_inputs);
    }
    if (op->n_outputs != VT_EXTENSION_ANY && (op->n_outputs < 1 || op->n_outputs > 65536)) {
        return bad(l, VT_E_INVALID, "it has %d outputs; there must be 1 or more, or VT_EXTENSION_ANY",
                   (int)op->n_outputs);
    }
    if (op->flags & ~known) {
        return bad(l, VT_E_ABI, "its flags 0x%x are more than this runtime knows", (unsigned)op->flags);
    }
    return VT_OK;
}

static int convert_op(struct loader *l, struct vt_extension_op *to)
{
    const vt_extension_op_t *from = l->op;
    struct vt_arena *arena = &l->extension->arena;
    bool any = from->max_inputs == VT_EXTENSION_ANY;

    to->fns = from;
    to->owner = l->extension;
    to->name = vt_arena_strdup(arena, from->name);
    to->opset = vt_arena_strdup(arena, from->opset);
    to->def = (struct vt_op_def){
        .opset = vt_opset_number(from->opset),
        .min_in = from->min_inputs,
        .max_in = any ? INT_MAX : from->max_inputs,
        .n_out = from->n_outputs,
        .flags = VT_OP_EXTENSION | (any ? VT_OP_VARIADIC : 0) |
                 (from->flags & VT_EXTENSION_DATA_SHAPE ? VT_OP_DATA_SHAPE : 0) |
                 (from->flags & VT_EXTENSION_RANDOM ? VT_OP_RANDOM : 0) |
                 (from->flags & VT_EXTENSION_NO_FOLD ? VT_OP_NO_FOLD : 0),
        .infer = vt_extension_infer,
        .eval = vt_extension_eval,
        .bounds = vt_extension_bounds,
    };
    /* Passes and plugins know operations by name: one of ours must not be taken for that of an extension. */
    to->def.name =
        vt_op_known(from->name) ? vt_arena_printf(arena, "%s@%s", from->name, from->opset) : to->name;
    return to->name && to->opset && to->def.name ? convert_attrs(l, to) : no_memory(l);
}

static int convert_ops(struct loader *l, const vt_extension_t *table)
{
    struct vt_extension *extension = l->extension;

    for (size_t i = 0; i < table->n_ops; i++) {
        int status;

        l->op = NULL;
        if (!table->ops[i] || !COVERS(table->ops[i]->size, vt_extension_op_t, context)) {
            return bad(l, VT_E_ABI, "operation %zu %s", i,
                       table->ops[i] ? "is smaller than version 1.0 of the ABI has it" : "is NULL");
        }
        l->op = table->ops[i];
        status = check_op(l);
        for (int k = 0; k < extension->n_ops && status == VT_OK; k++) {
            if (strcmp(extension->ops[k].name, l->op->name) == 0 &&
                strcmp(extension->ops[k].opset, l->op->opset) == 0) {
                status = bad(l, VT_E_INVALID, "it is there twice in %s", l->op->opset);
            }
        }
        status = status ? status : convert_op(l, &extension->ops[i]);
        if (status) {
            return status;
        }
        extension->n_ops++;
    }
    return VT_OK;
}

static int check_table(struct loader *l, const vt_extension_t *table)
{
    if (table->abi.major != VT_EXTENSION_ABI_MAJOR) {
        return bad(l, VT_E_ABI, "it has ABI %u.%u, this runtime has ABI %d.%d", table->abi.major,
                   table->abi.minor, VT_EXTENSION_ABI_MAJOR, VT_EXTENSION_ABI_MINOR);
    }
    if (!COVERS(table->abi.size, vt_extension_t, ops)) {
        return bad(l, VT_E_ABI, "its table is smaller than version 1.0 of the ABI has it");
    }
    if (!table->name || !*table->name) {
        return bad(l, VT_E_INVALID, "its table has no name");
    }
    if (!table->n_ops || table->n_ops > MAX_OPS || !table->ops) {
        return bad(l, VT_E_INVALID, "its table lists %zu operations%s; there may be 1 to %d", table->n_ops,
                   table->ops ? "" : " at NULL", MAX_OPS);
    }
    return VT_OK;
}

int vt_extension_create(const vt_extension_t *table, const char *path, void *handle, uint64_t identity,
                        struct vt_extension **extension, struct vt_error *err)
{
    struct vt_extension *made = calloc(1, sizeof(*made));
    struct loader l = {.extension = made, .err = err};
    int status;

    if (!made) {
        return vt_fail(err, VT_E_NOMEM, "extension '%s': out of memory", path);
    }
    made->path = vt_arena_strdup(&made->arena, path);
    made->identity = identity;
    atomic_init(&made->refs, 1);
    status = made->path ? check_table(&l, table) : vt_fail(err, VT_E_NOMEM, "out of memory");
    if (status == VT_OK) {
        made->name = vt_arena_strdup(&made->arena, table->name);
        made->ops = vt_arena_array(&made->arena, table->n_ops, sizeof(*made->ops));
        status = made->name && made->ops ? convert_ops(&l, table) : no_memory(&l);
    }
    if (status) {
        vt_extension_unref(made);
        return status;
    }
    made->table = table;
    made->handle = handle;
    *extension = made;
    return VT_OK;
}
