/* Gates of recurrent cells. */
#include "cell.h"
#include "vmath.h"

#define L SIMD_LANES

SIMD_INLINE vf function_of(enum cpu_gate_function f, vf v)
{
    return f == CPU_GATE_SIGMOID ? vf_sigmoid(v) : f == CPU_GATE_TANH ? vf_tanh(v) : vf_max(vf_zero(), v);
}

SIMD_INLINE vf gate(const struct cpu_cell *c, int function, vf v)
{
    if (c->clip > 0) {
        v = vf_max(vf_set1(-c->clip), vf_min(vf_set1(c->clip), v));
    }
    return function_of(c->function[function], v);
}

/* Place i of gate `which` of x + h + bias. */
SIMD_INLINE vf sum(const struct cpu_cell *c, int which, const float *x, const float *h, int64_t i, int n)
{
    int64_t at = which * c->hidden + i;
    vf v = vf_add(vf_load_n(x + at, n), vf_load_n(h + at, n));

    return c->bias ? vf_add(v, vf_load_n(c->bias + at, n)) : v;
}

static void lstm(const struct cpu_cell *cell, const float *x, const float *h, float *c, float *out)
{
    for (int64_t i = 0; i < cell->hidden; i += L) {
        int n = cell->hidden - i < L ? (int)(cell->hidden - i) : L;
        vf f = gate(cell, 0, sum(cell, cell->order[0], x, h, i, n));
        vf in = gate(cell, 0, sum(cell, cell->order[1], x, h, i, n));
        vf fresh = gate(cell, 1, sum(cell, cell->order[2], x, h, i, n));
        vf o = gate(cell, 0, sum(cell, cell->order[3], x, h, i, n));
        vf now = vf_fma(f, vf_load_n(c + i, n), vf_mul(in, fresh));

        vf_store_n(c + i, now, n);
        vf_store_n(out + i, vf_mul(o, function_of(cell->function[2], now)), n);
    }
}

/* (1 - z) * fresh + z * state */
SIMD_INLINE vf mix(vf z, vf fresh, vf state)
{
    return vf_fma(z, vf_sub(state, fresh), fresh);
}

static void gru(const struct cpu_cell *cell, const float *x, const float *h, const float *state, float *z,
                float *out)
{
    int64_t hidden = cell->hidden;

    for (int64_t i = 0; i < hidden; i += L) {
        int n = hidden - i < L ? (int)(hidden - i) : L;
        vf update = gate(cell, 0, sum(cell, 0, x, h, i, n));
        vf reset = gate(cell, 0, sum(cell, 1, x, h, i, n));
        vf old = vf_load_n(state + i, n), v, from_h;

        vf_store_n(z + i, update, n);
        if (!cell->before) {
            vf_store_n(out + i, vf_mul(reset, old), n);
            continue;
        }
        v = vf_load_n(x + 2 * hidden + i, n);
        from_h = vf_load_n(h + 2 * hidden + i, n);
        if (cell->bias) {
            v = vf_add(v, vf_load_n(cell->bias + 2 * hidden + i, n));
            from_h = vf_add(from_h, vf_load_n(cell->bias + 3 * hidden + i, n));
        }
        vf_store_n(out + i, mix(update, gate(cell, 1, vf_fma(reset, from_h, v)), old), n);
    }
}

static void gru_end(const struct cpu_cell *cell, const float *x, const float *h, const float *z, float *state)
{
    for (int64_t i = 0; i < cell->hidden; i += L) {
        int n = cell->hidden - i < L ? (int)(cell->hidden - i) : L;
        vf v = vf_add(vf_load_n(x + i, n), vf_load_n(h + i, n));

        if (cell->bias) {
            v = vf_add(v, vf_load_n(cell->bias + 2 * cell->hidden + i, n));
        }
        vf_store_n(state + i, mix(vf_load_n(z + i, n), gate(cell, 1, v), vf_load_n(state + i, n)), n);
    }
}

static void rnn(const struct cpu_cell *cell, const float *x, const float *h, float *out)
{
    for (int64_t i = 0; i < cell->hidden; i += L) {
        int n = cell->hidden - i < L ? (int)(cell->hidden - i) : L;

        vf_store_n(out + i, gate(cell, 0, sum(cell, 0, x, h, i, n)), n);
    }
}

const struct cpu_cell_f32 CPU_NAME(cell_f32) = {
    .name = CPU_NAME_TEXT(cell_f32),
    .isa = CPU_ISA_ID,
    .lstm = lstm,
    .gru = gru,
    .gru_end = gru_end,
    .rnn = rnn,
};
