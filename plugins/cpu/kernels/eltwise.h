/* Element-wise kernels: f32 programs of vt/post.h in one pass over memory, and the plain typed operations.
 *
 * Shapes. A plan holds the collapsed shape of the result and, for each input, one stride per dimension in
 * elements; 0 repeats. cpu_bcast_plan() builds it from numpy-broadcast shapes, so callers need not look for
 * same-shape, scalar, per-row or per-column cases: the kernel finds them in the strides. The result is dense
 * and row-major.
 *
 * Ranges. [begin, end) counts elements of the result; any split gives the same bits. Threads: kernels touch
 * only their range of dst. dst may be src, or an operand, where that input has the shape of the result. */
#ifndef CPU_ELTWISE_H
#define CPU_ELTWISE_H

#include "kernels.h"
#include "vt/post.h"

#include "kernels.h"

#include <stdbool.h>
#include <stdint.h>

#define CPU_BCAST_RANK   8                       /* dimensions left after collapsing */
#define CPU_BCAST_INPUTS (VT_POST_MAX_STEPS + 1) /* the source and one operand a step */

struct cpu_bcast {
    int32_t rank, inputs;                             /* rank >= 1 */
    int64_t count;                                    /* elements of the result */
    int64_t dims[CPU_BCAST_RANK];                     /* outermost first */
    int64_t stride[CPU_BCAST_INPUTS][CPU_BCAST_RANK]; /* elements; 0 repeats */
};

/* One input's shape as the graph has it; dims are aligned at the right and are 1 or equal to the result's.
 * `stride` may be NULL (dense) or give the elements between neighbours in each dimension (a view). */
struct cpu_bcast_shape {
    int32_t rank;
    const int64_t *dims, *stride;
};

/* Collapse; false when shapes do not broadcast, `inputs` is out of range, or more than CPU_BCAST_RANK
 * dimensions remain. A result without elements is fine (count 0). Not per ISA. */
bool cpu_bcast_plan(struct cpu_bcast *plan, int rank, const int64_t *dims, int inputs,
                    const struct cpu_bcast_shape *shapes);

struct cpu_eltwise_step {
    int32_t kind;  /* enum vt_post_kind */
    int32_t input; /* index into the plan's inputs (1..), -1 for unary kinds */
    float a, b;
};

struct cpu_eltwise {
    struct cpu_bcast shape; /* input 0 is the source */
    int32_t count;          /* steps, 0 copies */
    struct cpu_eltwise_step steps[VT_POST_MAX_STEPS];
};

/* data[i] belongs to input i of the plan. Function values are within 2 ulp of the correct ones where vmath.h
 * says so and NaN, infinities and signed zeros pass as IEEE 754 has it (max and min: NaN from either side
 * passes). */
typedef void cpu_eltwise_fn(const struct cpu_eltwise *p, const float *const *data, float *dst, int64_t begin,
                            int64_t end);

/* Two inputs, both of type T. Integers wrap; division truncates towards zero (CPU_FLOORMOD: the sign of the
 * divisor); a zero divisor gives 0 for integers, the minimum divided by -1 wraps. */
enum cpu_binary_op {
    CPU_ADD,
    CPU_SUB,
    CPU_MUL,
    CPU_DIV,
    CPU_MAX,
    CPU_MIN,
    CPU_SQDIFF,
    CPU_MOD,      /* the sign of the dividend, C's % and fmod */
    CPU_FLOORMOD, /* the sign of the divisor */
    CPU_FLOORDIV, /* rounds down: Divide of integers with m_pythondiv; for f32 floor(a / b) */
    CPU_POW,      /* integers by repeated multiplication; a negative exponent leaves 1, -1 or 0 */
    CPU_BIT_AND, /* integers only from here (f32 is left alone: no result); on booleans (u8 0/1) these are the
                    logical operations */
    CPU_BIT_OR,
    CPU_BIT_XOR,
    CPU_SHL,
    CPU_SHR,
    CPU_BINARY_COUNT
};

typedef void cpu_binary_fn(const struct cpu_bcast *p, enum cpu_binary_op op, const void *a, const void *b,
                           void *dst, int64_t begin, int64_t end);

enum cpu_compare_op { CPU_EQ, CPU_NE, CPU_LT, CPU_LE, CPU_GT, CPU_GE, CPU_COMPARE_COUNT };

/* dst is u8, 0 or 1. Comparisons with NaN are false but CPU_NE. */
typedef void cpu_compare_fn(const struct cpu_bcast *p, enum cpu_compare_op op, const void *a, const void *b,
                            uint8_t *dst, int64_t begin, int64_t end);

/* CPU_ADD, CPU_MUL, CPU_MAX or CPU_MIN over the middle of dense [outer][axis][inner] of integers, which wrap;
 * outer ones [begin, end). dst is [outer][inner]. axis 0: 0, 1, the least, the greatest number. */
typedef void cpu_fold_fn(enum cpu_binary_op op, const void *src, void *dst, int64_t axis, int64_t inner,
                         int64_t begin, int64_t end);

/* Three inputs: cond (u8, non-zero takes a), a, b with elements of the kernel's size. */
typedef void cpu_select_fn(const struct cpu_bcast *p, const uint8_t *cond, const void *a, const void *b,
                           void *dst, int64_t begin, int64_t end);

/* The element types of the kernels; the numbers are those of enum vt_type. */
enum cpu_type {
    CPU_TYPE_BOOLEAN = 1,
    CPU_TYPE_BF16 = 2,
    CPU_TYPE_F16 = 3,
    CPU_TYPE_F32 = 4,
    CPU_TYPE_F64 = 5,
    CPU_TYPE_I8 = 7,
    CPU_TYPE_I16 = 8,
    CPU_TYPE_I32 = 9,
    CPU_TYPE_I64 = 10,
    CPU_TYPE_U8 = 16,
    CPU_TYPE_U16 = 17,
    CPU_TYPE_U32 = 18,
    CPU_TYPE_U64 = 19,
};

/* Contiguous conversion of elements [begin, end); `from` and `to` are enum vt_type of: boolean bf16 f16 f32
 * f64 i8 i16 i32 i64 u8 u16 u32 u64. Float to integers truncates; what does not fit i32 (i64 for 64-bit
 * targets and u32) becomes its minimum, and NaN too; narrower integers then keep the low bits. To boolean:
 * not zero. Float to f16 and bf16 rounds to nearest even, overflow gives infinity. Returns false for types it
 * lacks; src == dst only for equal sizes. */
typedef bool cpu_convert_fn(int from, int to, const void *src, void *dst, int64_t begin, int64_t end);

/* What a level offers; `type` is an enum vt_type. The getters give NULL for a type the family lacks: binary
 * f32 i32 i64 u8 i8 (booleans as u8: CPU_BIT_ operations), compare f32 i32 i64 u8 i8, select by element size
 * 1, 2, 4, 8. */
struct cpu_eltwise_f32 {
    const char *name;
    enum cpu_isa isa;
    cpu_eltwise_fn *run;
};

CPU_KERNEL_GETTER(eltwise_f32, eltwise_f32)

struct cpu_typed {
    const char *name;
    enum cpu_isa isa;
    cpu_binary_fn *(*binary)(int type);
    cpu_compare_fn *(*compare)(int type);
    cpu_fold_fn *(*fold)(int type); /* i32 i64 u8 i8 */
    cpu_select_fn *(*select)(int size);
    cpu_convert_fn *convert;
};

CPU_KERNEL_GETTER(typed, typed)

#endif
