/* What the parts of the translation share. Operators see onnx.h alone; control flow (control.c, scan.c) needs
 * this. */
#ifndef ONNX_TRANSLATE_H
#define ONNX_TRANSLATE_H

#include "model.h"
#include "onnx.h"

#define ONNX_NEWEST     28        /* opset of the default domain that this frontend knows */
#define ONNX_MAX_SCOPES 64        /* bodies, branches and functions within one another */
#define ONNX_MAX_NODES  (1 << 18) /* that are made of a model's */
#define ONNX_MAX_TRIES  64        /* bodies translated again because a shape changes from round to round */

enum onnx_kind { ONNX_VALUE, ONNX_SEQUENCE, ONNX_LEFT_OUT };

struct onnx_sequence {
    enum onnx_sequence_kind kind;
    int n;
    struct onnx_value *values;
};

/* What a name stands for. */
struct onnx_entry {
    const char *name;
    enum onnx_kind kind;
    struct onnx_value value;        /* node NULL: the initializer is not built yet */
    const struct onnx_tensor *init; /* or */
    const struct onnx_sparse *sparse;
    const struct onnx_sequence *sequence;
};

/* A value of the surrounding graph that a body reads through a Parameter. */
struct onnx_capture {
    struct vt_node *param;
    struct onnx_value outer;
    struct onnx_capture *next; /* in the order in which they were made */
};

/* A call of a model-local function: where the attributes that its body refers to come from. */
struct onnx_call {
    const struct onnx_function *function;
    const struct onnx_node *caller;
};

/* Where names are looked up: the model's graph, a body, a branch that is taken for sure, a function. */
struct onnx_scope {
    struct onnx_scope *outer; /* whose names are seen here, too; NULL: none */
    struct vt_graph *graph;
    bool body; /* `graph` is another one than the outer scope's */
    int depth;
    struct onnx_names names;
    const struct onnx_imports *imports;
    const struct onnx_call *call; /* NULL outside of functions */
    const char *prefix;           /* of names of nodes and tensors: "" outside of functions */
    struct onnx_capture *captures, *last;
    int n_params;                  /* Parameters of `graph` so far, captures included */
    const struct onnx_graph *root; /* the model's graph: its outputs keep their names for themselves */
    struct onnx_names results;     /* names that the owner of the scope takes out, and names itself */
    struct onnx_names later;       /* names that nodes of this scope will give, for messages */
};

/* A node that stands for a name of the model where the name is first read: an initializer, or something of an
 * outer graph. */
struct onnx_brought {
    const struct vt_node *node;
    struct onnx_brought *next;
};

struct onnx_translation {
    struct onnx_model *m;
    const struct vt_host *host;
    struct vt_error *err;
    const struct onnx_kept *kept; /* of the model's inputs */
    int tries, n_nodes;
    struct onnx_brought *brought; /* the newest first */
};

/* What the translation may take as given of the shape of an input of the model. All else is open, so that
 * nothing in the graph comes from it. */
struct onnx_kept {
    struct vt_pshape shape;
    const char *why; /* NULL: nothing but the rank */
};

struct onnx_node {
    struct onnx_translation *t;
    const struct onnx_node_def *def;
    struct onnx_scope *scope;
    struct vt_graph *graph; /* the scope's */
    int opset, status;
    int n_in, n_out;
    int first;   /* nodes of the graph from here on belong to this one */
    int counter; /* of names */
};

typedef int (*onnx_translator)(struct onnx_node *n);

/* ---- operators (dispatch.c) */

/* NULL: there is none for this version; `since` is then the first version there is one for, or 0. */
onnx_translator onnx_find_translator(const char *domain, const char *op, int opset, int *since);

/* The model's own function that a node calls, or NULL. */
struct onnx_function *onnx_find_function(struct onnx_model *m, const struct onnx_node_def *d);

/* Whether the node is a call of it, given the translator there is. */
bool onnx_function_wins(const struct onnx_node_def *d, onnx_translator translator);

/* Operators that neither this frontend nor the model explains, but an extension. A function of the model that
 * says the same in small steps does not count then. (extension.c) */
bool onnx_is_extension(const struct vt_host *host, const struct onnx_node_def *d);
int onnx_call_extension(struct onnx_node *n);

/* One error that lists all operators without a translator. (check.c) */
int onnx_check_operators(struct onnx_model *m);

/* ---- scopes (scope.c) */

int onnx_scope_init(struct onnx_translation *t, struct onnx_scope *s, struct onnx_scope *outer,
                    struct vt_graph *graph, bool body);

/* A new entry; an error for a name that the scope has already. NULL after an error. */
struct onnx_entry *onnx_define(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                               enum onnx_kind kind);

/* What a name stands for, seen from the scope: in its graph, initializers built, values of outer graphs
 * captured. *entry NULL: there is no such name. */
int onnx_lookup(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                struct onnx_entry **entry);

/* Whether a node is no translator's work, but was brought in by a name. */
bool onnx_is_brought(const struct onnx_translation *t, const struct vt_node *node);

/* "; did you mean 'NAME'?" or "". */
void onnx_name_hint(const struct onnx_scope *s, const char *name, char *text, size_t size);

/* A shape as an attribute. */
int onnx_set_shape(struct onnx_translation *t, struct vt_node *node, const char *attr,
                   const struct vt_pshape *shape);

/* A Parameter of the scope's graph. */
struct vt_node *onnx_param(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                           enum vt_type type, const struct vt_pshape *shape);

/* ---- graphs (translate.c) */

int onnx_define_inits(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_graph *g);
int onnx_translate_nodes(struct onnx_translation *t, struct onnx_scope *s, const struct onnx_node_def *nodes,
                         int n);
/* A graph for the shapes that the model declares, of which it keeps what `kept` says (one for each input).
 * NULL after an error; *n_nodes counts what was built even so. */
struct vt_graph *onnx_translate_kept(struct onnx_model *m, const struct onnx_kept *kept, int *n_nodes);
int onnx_translate_model(struct onnx_model *m, struct vt_graph **graph); /* keep.c */
int onnx_call_function(struct onnx_node *n, struct onnx_function *f);    /* function.c */

/* The output of a graph, looked up; an error that names it where it is not there. */
int onnx_output_entry(struct onnx_translation *t, struct onnx_scope *s, const char *name,
                      struct onnx_entry **entry);

/* ---- nodes (node.c) */

/* Take over a status whose message is complete. */
int onnx_pass(struct onnx_node *n, int status);

/* Put "FILE: node ...: " in front of a message of the host. */
int onnx_host_failed(struct onnx_node *n, int status);

const char *onnx_node_label(const struct onnx_node_def *d);

/* An attribute of a node, references resolved; NULL when missing. */
const struct onnx_attr *onnx_find_attr(const struct onnx_node *n, const char *name);

/* The entry of an input, NULL where it is left out or after an error. */
struct onnx_entry *onnx_in_entry(struct onnx_node *n, int input);

/* Give an output what another entry stands for. */
int onnx_out_entry(struct onnx_node *n, int output, const struct onnx_entry *entry);

/* A view of a node that builds into another scope's graph; its status has to be passed back. */
struct onnx_node onnx_inside(const struct onnx_node *n, struct onnx_scope *scope);

/* One more node: an error when they are too many. */
int onnx_count_node(struct onnx_node *n);

/* "BASE/OP_7" for a node in the middle; NULL after an error. */
const char *onnx_fresh_name(struct onnx_node *n, const char *op);

#endif
