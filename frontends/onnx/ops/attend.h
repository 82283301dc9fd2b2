/* Attention over heads, as the contributed operators need it. */
#ifndef ONNX_ATTEND_H
#define ONNX_ATTEND_H

#include "../onnx.h"

struct attention {
    struct onnx_value q;    /* [B, H, S, D] */
    struct onnx_value k, v; /* [B, G, T, D] and [B, G, T, Dv]; G divides H */
    int64_t heads, groups;  /* H and G */
    struct onnx_value
        allowed;            /* boolean, broadcasts with [B, H, S, T]: false is out of sight; may be absent */
    struct onnx_value bias; /* added to the scores, broadcasts likewise; may be absent */
    struct onnx_value sink; /* [H]: one more score, of nothing; may be absent */
    float scale;            /* 0: 1 / sqrt(D) */
    float softcap;          /* 0: none; else softcap * tanh(score / softcap) */
    bool smooth;            /* a sink of 0 for all heads */
    int want_scores;        /* 0, or the scores after masking (1), or the probabilities (2) */
};

/* [B, H, S, Dv]. `scores` is filled where they are wanted, and may be NULL else. */
struct onnx_value onnx_attend(struct onnx_node *n, const struct attention *a, struct onnx_value *scores);

/* Boolean [S, T], with the front axes of `before` if it has any: whether key t is at or before query s, whose
 * place is before + s, and at most `window` - 1 behind it where `window` is above 0. Lengths are i64 of one
 * element; `before` broadcasts with [S, 1], and may be absent. */
struct onnx_value onnx_causal(struct onnx_node *n, struct onnx_value queries, struct onnx_value keys,
                              struct onnx_value before, int64_t window);

/* 0, 1, ... length - 1, i64; `length` has one element. */
struct onnx_value onnx_count_up(struct onnx_node *n, struct onnx_value length);

/* x rotated by tables of half its (first `2 * half`) elements: cos and sin broadcast with x of rank 4. */
struct onnx_value onnx_rotate(struct onnx_node *n, struct onnx_value x, struct onnx_value cos,
                              struct onnx_value sin, bool interleaved);

#endif
