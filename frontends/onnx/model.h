/* The parts of an ONNX model as views on its bytes. Names and lists are in the model's arena, tensor data
 * stays where it is. Field numbers and meanings: onnx.proto of https://github.com/onnx/onnx. */
#ifndef ONNX_MODEL_H
#define ONNX_MODEL_H

#include "arena.h"
#include "vt/host.h"
#include "wire.h"

#define ONNX_MAX_DEPTH 24                /* graphs within graphs */
#define ONNX_MAX_PARTS (1 << 24)         /* of one kind in one message */
#define ONNX_MAX_DENSE ((size_t)1 << 30) /* bytes that a sparse tensor may become */

/* AttributeProto.AttributeType */
enum onnx_attr_type {
    ONNX_FLOAT = 1,
    ONNX_INT = 2,
    ONNX_STRING = 3,
    ONNX_TENSOR = 4,
    ONNX_GRAPH = 5,
    ONNX_FLOATS = 6,
    ONNX_INTS = 7,
    ONNX_STRINGS = 8,
    ONNX_TENSORS = 9,
    ONNX_GRAPHS = 10,
    ONNX_SPARSE = 11,
    ONNX_SPARSES = 12,
    ONNX_TYPE = 13,
    ONNX_TYPES = 14,
};

struct onnx_tensor {
    const char *name; /* "" without one */
    int64_t *dims;
    int n_dims;
    int64_t data_type;         /* TensorProto.DataType */
    struct onnx_bytes message; /* where the typed fields are */
    struct onnx_bytes raw;     /* p NULL: none */
    bool external, segment;
    const char *file;       /* external: relative to the model's folder; NULL: missing */
    int64_t offset, length; /* external; length -1: not said */
};

struct onnx_sparse {
    const char *name;
    struct onnx_tensor values, indices;
    int64_t *dims;
    int n_dims;
};

struct onnx_attr {
    const char *name;
    const char *ref; /* of an attribute of the function that this is part of; NULL: a value of its own */
    enum onnx_attr_type type;
    int64_t i;
    float f;
    struct onnx_bytes s;
    const struct onnx_tensor *tensor;
    const struct onnx_sparse *sparse;
    const struct onnx_graph *graph;
    struct onnx_bytes type_proto;
    int64_t *ints;
    float *floats;
    const char **strings;
    const struct onnx_tensor *tensors;
    int n; /* of ints, floats, strings or tensors */
};

struct onnx_node_def {
    const char *name, *op, *domain; /* domain "" for "ai.onnx" */
    const char *overload;
    const char **in, **out; /* "" where left out */
    int n_in, n_out;        /* trailing empty ones are not counted */
    struct onnx_attr *attrs;
    int n_attrs;
};

enum onnx_info_kind { ONNX_INFO_NONE, ONNX_INFO_TENSOR, ONNX_INFO_OTHER };

/* A graph's input or output. */
struct onnx_info {
    const char *name;
    enum onnx_info_kind kind;
    const char *what; /* ONNX_INFO_OTHER: "sequence", "map", ... */
    int64_t elem_type;
    struct vt_pshape shape; /* rank -1: not said */
};

struct onnx_graph {
    const char *name;
    struct onnx_node_def *nodes;
    struct onnx_tensor *inits;
    struct onnx_sparse *sparse_inits;
    struct onnx_info *in, *out;
    int n_nodes, n_inits, n_sparse_inits, n_in, n_out;
};

struct onnx_import {
    const char *domain;
    int64_t version;
};

struct onnx_imports {
    struct onnx_import *list;
    int n;
};

struct onnx_function {
    const char *name, *domain, *overload;
    const char **in, **out;
    int n_in, n_out;
    struct onnx_node_def *nodes;
    int n_nodes;
    struct onnx_attr *defaults; /* attributes with a value unless the caller gives one */
    int n_defaults;
    struct onnx_imports imports;
    bool looked_at, open; /* scratch of walks */
};

struct onnx_file {
    const char *path;
    struct vt_blob *blob;
    struct onnx_file *next;
};

struct onnx_model {
    const struct vt_host *host; /* NULL where only the structure is wanted */
    struct vt_error *err;       /* never NULL */
    struct onnx_arena arena;
    const char *label;  /* names the model in messages */
    const char *folder; /* with a slash at its end, or ""; NULL: read from memory */
    struct onnx_bytes bytes;
    struct vt_blob *blob; /* holds `bytes`; NULL: memory that is the caller's */
    struct onnx_file *files;
    struct onnx_graph *graph;
    struct onnx_imports imports;
    struct onnx_function *functions;
    int n_functions;
};

/* Fill graph, imports and functions from `bytes`. The message names file and place. */
int onnx_model_parse(struct onnx_model *m);
void onnx_model_finish(struct onnx_model *m);

/* "LABEL: ..." */
__attribute__((format(printf, 3, 4))) int onnx_model_fail(struct onnx_model *m, int code, const char *fmt,
                                                          ...);

/* The version that is imported, 1 where the domain is not. */
int onnx_import_version(const struct onnx_imports *imports, const char *domain);

/* ---- tensors (tensor.c) */

/* Data of a tensor: in the model's or another file (`blob` holds them, not counted) or `owned`, decoded. */
struct onnx_data {
    struct vt_tensor t;
    struct vt_blob *blob;
    void *owned;
};

int onnx_data_read(struct onnx_model *m, const struct onnx_tensor *tensor, struct onnx_data *d);
int onnx_data_read_sparse(struct onnx_model *m, const struct onnx_sparse *sparse, struct onnx_data *d);
void onnx_data_finish(struct onnx_data *d);

/* A Constant of the tensor; NULL after an error. */
struct vt_node *onnx_tensor_node(struct onnx_model *m, struct vt_graph *graph,
                                 const struct onnx_tensor *tensor, const char *name);
struct vt_node *onnx_sparse_node(struct onnx_model *m, struct vt_graph *graph,
                                 const struct onnx_sparse *sparse, const char *name);

/* VT_DYNAMIC for what is none; `missing` then says what is not implemented, or is NULL. */
enum vt_type onnx_proto_type(int64_t data_type, const char **missing);

/* The path of a tensor's file, in the arena; an error for one outside of the model's folder. */
int onnx_external_path(struct onnx_model *m, const struct onnx_tensor *tensor, const char **path);

#endif
