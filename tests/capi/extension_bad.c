/* Extensions that must be refused: BAD says what is wrong. */
#include "vintner_extension.h"

static int infer(vt_extension_infer_t *c)
{
    *c->outputs[0] = *c->inputs[0];
    return 0;
}

static int evaluate(vt_extension_evaluate_t *c)
{
    (void)c;
    return 0;
}

#define FINE_ATTR                                                                                            \
    {                                                                                                        \
        .name = "a", .type = VT_EXTENSION_ATTR_I64                                                           \
    }
#define FINE                                                                                                 \
    .size = sizeof(vt_extension_op_t), .name = "Odd", .opset = "extension", .min_inputs = 1,                 \
    .max_inputs = 1, .n_outputs = 1, .attrs = attrs, .n_attrs = sizeof(attrs) / sizeof(attrs[0]),            \
    .attr_size = sizeof(vt_extension_attr_t), .infer = infer, .evaluate = evaluate

#ifndef ATTRS
#define ATTRS FINE_ATTR
#endif
#ifndef CHANGE
#define CHANGE
#endif
#ifndef OPS
#define OPS &op
#endif
#ifndef TABLE
#define TABLE
#endif
#ifndef ANSWER
#define ANSWER &table
#endif

#pragma GCC diagnostic ignored "-Woverride-init"
#if defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif

static const vt_extension_attr_t attrs[] = {ATTRS};
static const vt_extension_op_t op = {FINE, CHANGE};
static const vt_extension_op_t *const ops[] = {OPS};
static const vt_extension_t table = {.abi = VT_EXTENSION_ABI(vt_extension_t),
                                     .name = "bad",
                                     .n_ops = sizeof(ops) / sizeof(ops[0]),
                                     .ops = ops,
                                     TABLE};

#ifdef NO_ENTRY
VT_EXTENSION_EXPORT const void *create_extensions(void);
VT_EXTENSION_EXPORT const void *create_extensions(void)
{
    return &table;
}
#else
VT_EXTENSION_EXPORT const vt_extension_t *vt_extension_entry(int host_major, int host_minor)
{
    (void)host_major;
    (void)host_minor;
    (void)op;
    (void)table;
    return ANSWER;
}
#endif
