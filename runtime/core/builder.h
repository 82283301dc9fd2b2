/* Models built node by node: what vintner.h offers of it, on the runtime's own types.
 *
 * The first failure stays: everything after it does nothing and answers no port. Each node is checked and
 * inferred as it is added. One thread at a time. */
#ifndef VT_BUILDER_H
#define VT_BUILDER_H

#include "core.h"

struct vt_builder;

/* Output `output` of the `node`-th node of a builder, nodes counted from 1; all zero: none. */
struct vt_builder_port {
    uint32_t builder, node, output;
};

enum vt_builder_attr_kind { VT_GIVEN_TEXT, VT_GIVEN_I64, VT_GIVEN_F64, VT_GIVEN_I64S, VT_GIVEN_F64S };

struct vt_builder_attr {
    const char *name;
    enum vt_builder_attr_kind kind;
    const char *text; /* as IR files write it */
    int64_t i64;
    double f64;
    const int64_t *i64s;
    const double *f64s;
    size_t n; /* of i64s or f64s */
};

struct vt_builder_body {
    struct vt_builder *builder; /* whose graph is taken */
    const struct vt_body_map *maps;
    int n_maps;
};

struct vt_builder_node {
    const char *type;
    const char *opset; /* "opset8", an extension's set; NULL: the newest */
    const char *name;  /* NULL: one is made */
    const struct vt_builder_port *inputs;
    int n_inputs, n_outputs; /* n_outputs 0: what the operation has, 1 where it leaves that open */
    const struct vt_builder_attr *attrs;
    int n_attrs;
    const struct vt_builder_body *bodies;
    int n_bodies;
};

/* `core` (may be NULL) has the extensions; the builder keeps it. */
int vt_builder_make(struct vt_core *core, const char *name, struct vt_builder **builder,
                    struct vt_error *err);

/* NULL is allowed. */
void vt_builder_destroy(struct vt_builder *builder);

/* The first failure, VT_OK without one; its message is copied into `err`, which may be NULL. */
int vt_builder_failure(const struct vt_builder *builder, struct vt_error *err);

/* A failure that the caller has found. */
__attribute__((format(printf, 3, 4))) void vt_builder_fail(struct vt_builder *builder, int code,
                                                           const char *fmt, ...);

/* A Parameter; the name is also its tensor's. */
struct vt_builder_port vt_builder_add_parameter(struct vt_builder *builder, const char *name,
                                                enum vt_type type, const struct vt_pshape *shape);

/* A Constant. `blob` NULL: the data is copied. */
struct vt_builder_port vt_builder_add_constant(struct vt_builder *builder, const char *name,
                                               const struct vt_tensor *t, struct vt_blob *blob);

struct vt_builder_port vt_builder_add(struct vt_builder *builder, const struct vt_builder_node *node);

/* A Result; `name` (may be NULL) is also its tensor's. */
void vt_builder_add_result(struct vt_builder *builder, const char *name, struct vt_builder_port port);

/* Another output of the port's node. */
struct vt_builder_port vt_builder_other(struct vt_builder *builder, struct vt_builder_port port,
                                        size_t output);

void vt_builder_name_tensor(struct vt_builder *builder, struct vt_builder_port port, const char *name);

/* What is known of a port; NULL is a failure. Valid until the next node is added. */
const struct vt_value *vt_builder_value(struct vt_builder *builder, struct vt_builder_port port);

/* The model; the builder has nothing left. */
int vt_builder_end(struct vt_builder *builder, struct vt_model **model, struct vt_error *err);

#endif
