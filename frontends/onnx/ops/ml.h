/* What translators of ai.onnx.ml share. */
#ifndef ONNX_ML_H
#define ONNX_ML_H

#include "../onnx.h"

/* The numbers or texts of an attribute as a constant of rank 1; absent where it is missing. */
struct onnx_value onnx_ml_floats(struct onnx_node *n, const char *name);
struct onnx_value onnx_ml_ints(struct onnx_node *n, const char *name);
struct onnx_value onnx_ml_texts(struct onnx_node *n, const char *name);

/* One text as a constant of rank 0 or 1, and a list of none. */
struct onnx_value onnx_ml_text(struct onnx_node *n, const char *s, int rank);
struct onnx_value onnx_ml_no_texts(struct onnx_node *n);

/* Boolean [..., K]: which of K keys an element of x is. From version 4 of
 * the domain on NaN is NaN. */
struct onnx_value onnx_ml_matches(struct onnx_node *n, struct onnx_value x, struct onnx_value keys);

/* Scores after "NONE", "SOFTMAX", "SOFTMAX_ZERO", "LOGISTIC" or "PROBIT". */
struct onnx_value onnx_ml_post(struct onnx_node *n, struct onnx_value x, const char *transform);

/* Class labels, texts or the numbers of attribute `ints`; an error where there are none. */
struct onnx_value onnx_ml_labels(struct onnx_node *n, const char *ints);

/* Output 0 the labels of the highest scores [N, E], output 1 the scores. One score for two labels is that of
 * the second, which wins above `limit`; the first one's is then -score (mirrored) or 1 - score. */
int onnx_ml_classes(struct onnx_node *n, struct onnx_value scores, struct onnx_value labels,
                    const char *transform, double limit, bool mirrored);

#endif
