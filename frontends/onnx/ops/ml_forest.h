/* Ensembles of decision trees as a table of nodes. A row of features walks through all trees at once: a
 * tensor [rows, trees] of nodes takes one step down for each level of the deepest tree, and leaves stay where
 * they are. */
#ifndef ONNX_ML_FOREST_H
#define ONNX_ML_FOREST_H

#include "ml.h"

enum tree_mode { LEQ, LT, GTE, GT, EQ, NEQ, MEMBER, LEAF, MODES };

struct forest {
    int64_t n, room;
    int64_t *feature, *yes, *no, *missing, *mode; /* of each node; a leaf's branches are the leaf */
    double *split;
    int64_t n_roots, *roots;
    int64_t depth; /* of the deepest tree */
    int64_t targets;
    double *weight; /* [room, targets], of leaves */
    bool has_missing;
    bool wide; /* numbers of the model are f64 */
};

/* Lists for `room` nodes; weights say that nothing votes, for aggregation by `how`: "SUM", "AVERAGE", "MIN"
 * or "MAX". */
int onnx_forest_alloc(struct onnx_node *n, struct forest *f, int64_t room, int64_t targets, const char *how);

/* Several weights of a leaf for one target add up. */
void onnx_forest_vote(struct forest *f, int64_t node, int64_t target, double weight);

/* Find the depth, once all nodes are there; an error for a circle. */
int onnx_forest_measure(struct onnx_node *n, struct forest *f);

/* The result for the rows of input 0, [rows, targets], of type `type`. */
struct onnx_value onnx_forest_result(struct onnx_node *n, const struct forest *f, enum vt_type type,
                                     const char *how);

/* A constant of type f32 or f64. */
struct onnx_value onnx_forest_numbers(struct onnx_node *n, const double *v, int rank, const int64_t *dims,
                                      enum vt_type type);

#endif
