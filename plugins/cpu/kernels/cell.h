/* One step of a recurrent cell for one row, f32, after the matrix products.
 *
 * `x` is W x, `h` is R h (without bias), gate after gate, `hidden` floats each; `bias` has the same order, or
 * is NULL. Functions are within 3 ulp (vmath.h). Formulas: the cells of OpenVINO's LSTMCell, GRUCell and
 * RNNCell. Nothing overlaps but what is said to be updated in place. */
#ifndef CPU_KERNELS_CELL_H
#define CPU_KERNELS_CELL_H

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

enum cpu_gate_function { CPU_GATE_SIGMOID, CPU_GATE_TANH, CPU_GATE_RELU };

struct cpu_cell {
    int64_t hidden;
    enum cpu_gate_function function[3]; /* LSTM f g h, GRU f g, RNN f */
    float clip;                         /* of what goes into a gate's function; 0: none */
    int order[4];                       /* LSTM: where the gates f, i, c, o are */
    const float *bias;
    bool before; /* GRU: linear_before_reset; the bias has a fourth part, of R h's third gate */
};

struct cpu_cell_f32 {
    const char *name;
    enum cpu_isa isa;
    /* c and out: the new cell state (in place) and the new hidden state. */
    void (*lstm)(const struct cpu_cell *cell, const float *x, const float *h, float *c, float *out);
    /* z, and with `before` out = the new hidden state, else out = r * state, of which the caller makes R's
     * product for gru_end. `state` is the hidden state before. out may be state where `before`. */
    void (*gru)(const struct cpu_cell *cell, const float *x, const float *h, const float *state, float *z,
                float *out);
    /* The third gate's product `h` is there: state = (1 - z) g(x + h + bias) + z state, in place. `x` points
     * to the third gate. */
    void (*gru_end)(const struct cpu_cell *cell, const float *x, const float *h, const float *z,
                    float *state);
    void (*rnn)(const struct cpu_cell *cell, const float *x, const float *h, float *out);
};

CPU_KERNEL_GETTER(cell_f32, cell_f32)

#endif
