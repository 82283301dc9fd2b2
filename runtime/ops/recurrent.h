/* LSTM, GRU and RNN cells, and the sequences that repeat them. */
#ifndef VT_RECURRENT_H
#define VT_RECURRENT_H

#include "graph.h"

enum vt_cell { VT_CELL_RNN, VT_CELL_GRU, VT_CELL_LSTM };

/* The first four are OpenVINO's, the others those that ONNX adds. */
enum vt_gate_function {
    VT_GATE_SIGMOID,
    VT_GATE_TANH,
    VT_GATE_RELU,
    VT_GATE_HARD_SIGMOID,     /* min(max(alpha x + beta, 0), 1) */
    VT_GATE_AFFINE,           /* alpha x + beta */
    VT_GATE_LEAKY_RELU,       /* alpha x below 0 */
    VT_GATE_THRESHOLDED_RELU, /* 0 below alpha */
    VT_GATE_SCALED_TANH,      /* alpha tanh(beta x) */
    VT_GATE_ELU,              /* alpha (e^x - 1) below 0 */
    VT_GATE_SOFTSIGN,         /* x / (1 + |x|) */
    VT_GATE_SOFTPLUS,         /* log(1 + e^x) */
};

/* The functions of a cell's gates with their parameters. */
struct vt_gate_functions {
    enum vt_gate_function kind[3];
    double alpha[3], beta[3];
};

enum vt_cell vt_recurrent_cell(const struct vt_node *node);
bool vt_recurrent_is_sequence(const struct vt_node *node);

/* Input numbers; those that an operation lacks are -1. */
struct vt_recurrent_inputs {
    int x, h, c, lengths, w, r, b, p;
};
struct vt_recurrent_inputs vt_recurrent_inputs(const struct vt_node *node);

int vt_recurrent_functions(const struct vt_node *node, struct vt_gate_functions *f, struct vt_error *err);

int vt_recurrent_ref(struct vt_eval *e);

#endif
