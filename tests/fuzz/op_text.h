/* Graphs of a few operations as text: what the fuzz targets of inference and of the CPU share.
 *
 *     NAME OPSET OUTPUTS
 *     p TYPE SHAPE            an input: a new parameter of a partial shape
 *     s TYPE SHAPE            the shape of such a parameter: values of which only bounds are known
 *     c TYPE SHAPE NUMBERS    a constant; missing numbers are 0
 *     @NODE PORT              an output of an earlier node of this graph, counted from 0
 *     #PARAM                  a parameter of this graph that an input above has made
 *     -                       an input that is left out
 *     ATTRIBUTE=VALUE
 *     {                       a body of the node, a graph of its own, up to the }
 *     }
 *     >INPUT PARAM AXIS START END STRIDE PART      how the last body is wired: an input, whole without an
 * axis ~INPUT PARAM RESULT                          an input at first, then the result <RESULT OUTPUT AXIS
 * START END STRIDE PART    an output, the last one without an axis ?RESULT a condition +PARAM a counter
 *     =@NODE PORT  =#PARAM    a result. Without such a line all outputs are results that nothing reads.
 *
 * and then the next node. */
#ifndef OP_TEXT_H
#define OP_TEXT_H

#include "graph.h"

enum {
    TEXT_MAX = 4096,     /* bytes of a text */
    TEXT_ELEMENTS = 4096 /* of a constant */
};

/* The graph, sorted, with bodies sorted, nothing inferred; NULL for what no frontend would build. */
struct vt_graph *op_text_graph(const uint8_t *data, size_t bytes);

/* As LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver. */
size_t op_text_mutate(uint8_t *data, size_t bytes, size_t room, unsigned seed);
size_t op_text_cross(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes, uint8_t *out,
                     size_t room, unsigned seed);

/* Values from small ones of a few bits; `wild` of 256 are at the limits of the type. */
void op_text_fill(uint64_t *state, struct vt_tensor *t, unsigned wild);

unsigned op_text_next(uint64_t *state);

/* Whether the shape is known and has at most this many elements. */
bool op_text_small(const struct vt_pshape *shape, int64_t most);

/* Whether the graph can be run: all shapes small that are not left to the data, few rounds of loops. `bodies`
 * tells whether there are any, `random` whether two runs may differ. */
bool op_text_runs(const struct vt_graph *g, bool *bodies, bool *random);

/* Prints the graph and what is wrong, and aborts. */
void op_text_die(const struct vt_graph *g, const char *what);

#endif
