/* Moving elements: strided copies, transposes, gather, copies by index tables. */
#include "copy.h"
#include "copy_forms.h"
#include "simd.h"

/* Short runs are cheaper by overlapping pieces than by a call. */
SIMD_INLINE void copy_run(char *dst, const char *src, size_t bytes)
{
#define PIECE(n)                                                                                             \
    if (bytes >= (n)) {                                                                                      \
        char head[n], tail[n];                                                                               \
                                                                                                             \
        memcpy(head, src, n);                                                                                \
        memcpy(tail, src + bytes - (n), n);                                                                  \
        memcpy(dst, head, n);                                                                                \
        memcpy(dst + bytes - (n), tail, n);                                                                  \
        return;                                                                                              \
    }
    if (bytes > 64) {
        memcpy(dst, src, bytes);
        return;
    }
    PIECE(32)
    PIECE(16)
    PIECE(8)
    PIECE(4)
    PIECE(2)
    if (bytes) {
        *dst = *src;
    }
#undef PIECE
}

/* dst[i] = src[i * stride], elements of type T, for i < n; dst_stride where the row is not contiguous. */
#define STRIDED(T)                                                                                           \
    SIMD_INLINE void strided_##T(void *vdst, ptrdiff_t ds, const void *vsrc, ptrdiff_t ss, int64_t n)        \
    {                                                                                                        \
        /* Runs of smaller elements come here as one, at the address of the first. */                        \
        typedef T any_##T __attribute__((aligned(1), may_alias));                                            \
        const any_##T *src = vsrc;                                                                           \
        any_##T *dst = vdst;                                                                                 \
                                                                                                             \
        if (ss == 0 && ds == 1) {                                                                            \
            T x = *src;                                                                                      \
                                                                                                             \
            for (int64_t i = 0; i < n; i++) {                                                                \
                dst[i] = x;                                                                                  \
            }                                                                                                \
        } else if (ds == 1) {                                                                                \
            for (int64_t i = 0; i < n; i++) {                                                                \
                dst[i] = src[i * ss];                                                                        \
            }                                                                                                \
        } else {                                                                                             \
            for (int64_t i = 0; i < n; i++) {                                                                \
                dst[i * ds] = src[i * ss];                                                                   \
            }                                                                                                \
        }                                                                                                    \
    }

STRIDED(uint8_t)
STRIDED(uint16_t)
STRIDED(uint32_t)
STRIDED(uint64_t)

#undef STRIDED

static void strided(int size, void *dst, ptrdiff_t ds, const void *src, ptrdiff_t ss, int64_t n)
{
    switch (size) {
    case 1: strided_uint8_t(dst, ds, src, ss, n); break;
    case 2: strided_uint16_t(dst, ds, src, ss, n); break;
    case 4: strided_uint32_t(dst, ds, src, ss, n); break;
    default: strided_uint64_t(dst, ds, src, ss, n); break;
    }
}

#if SIMD_LANES == 16

#define EDGE_U32 16 /* of the square that registers transpose */

SIMD_INLINE void square_u32(uint32_t *dst, ptrdiff_t ds, const uint32_t *src, ptrdiff_t ss)
{
    __m512i a[16], b[16];

    for (int i = 0; i < 16; i++) {
        a[i] = _mm512_loadu_si512(src + i * ss);
    }
    for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    /* a[4 g + j] holds, in its 128-bit part q, column 4 q + j of rows 4 g to 4 g + 3. */
    for (int j = 0; j < 4; j++) {
        b[j] = _mm512_shuffle_i32x4(a[j], a[4 + j], 0x88);
        b[4 + j] = _mm512_shuffle_i32x4(a[j], a[4 + j], 0xdd);
        b[8 + j] = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0x88);
        b[12 + j] = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0xdd);
    }
    for (int j = 0; j < 4; j++) {
        _mm512_storeu_si512(dst + j * ds, _mm512_shuffle_i32x4(b[j], b[8 + j], 0x88));
        _mm512_storeu_si512(dst + (8 + j) * ds, _mm512_shuffle_i32x4(b[j], b[8 + j], 0xdd));
        _mm512_storeu_si512(dst + (4 + j) * ds, _mm512_shuffle_i32x4(b[4 + j], b[12 + j], 0x88));
        _mm512_storeu_si512(dst + (12 + j) * ds, _mm512_shuffle_i32x4(b[4 + j], b[12 + j], 0xdd));
    }
}

#elif SIMD_LANES == 8

#define EDGE_U32 8

SIMD_INLINE void square_u32(uint32_t *dst, ptrdiff_t ds, const uint32_t *src, ptrdiff_t ss)
{
    __m256i a[8], b[8];

    for (int i = 0; i < 8; i++) {
        a[i] = _mm256_loadu_si256((const void *)(src + i * ss));
    }
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (int j = 0; j < 4; j++) {
        _mm256_storeu_si256((void *)(dst + j * ds), _mm256_permute2x128_si256(a[j], a[4 + j], 0x20));
        _mm256_storeu_si256((void *)(dst + (4 + j) * ds), _mm256_permute2x128_si256(a[j], a[4 + j], 0x31));
    }
}

#else

#define EDGE_U32 4

SIMD_INLINE void square_u32(uint32_t *dst, ptrdiff_t ds, const uint32_t *src, ptrdiff_t ss)
{
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < 4; i++) {
            dst[j * ds + i] = src[i * ss + j];
        }
    }
}

#endif

#if SIMD_LANES > 1

#define EDGE_U8  8
#define EDGE_U16 8
#define EDGE_U64 4

SIMD_INLINE void square_u8(uint8_t *dst, ptrdiff_t ds, const uint8_t *src, ptrdiff_t ss)
{
    __m128i a[8], b[4];

    for (int i = 0; i < 8; i++) {
        a[i] = _mm_loadl_epi64((const void *)(src + i * ss));
    }
    for (int i = 0; i < 4; i++) {
        b[i] = _mm_unpacklo_epi8(a[2 * i], a[2 * i + 1]);
    }
    a[0] = _mm_unpacklo_epi16(b[0], b[1]);
    a[1] = _mm_unpackhi_epi16(b[0], b[1]);
    a[2] = _mm_unpacklo_epi16(b[2], b[3]);
    a[3] = _mm_unpackhi_epi16(b[2], b[3]);
    b[0] = _mm_unpacklo_epi32(a[0], a[2]);
    b[1] = _mm_unpackhi_epi32(a[0], a[2]);
    b[2] = _mm_unpacklo_epi32(a[1], a[3]);
    b[3] = _mm_unpackhi_epi32(a[1], a[3]);
    for (int i = 0; i < 4; i++) {
        _mm_storel_epi64((void *)(dst + 2 * i * ds), b[i]);
        _mm_storel_epi64((void *)(dst + (2 * i + 1) * ds), _mm_unpackhi_epi64(b[i], b[i]));
    }
}

SIMD_INLINE void square_u16(uint16_t *dst, ptrdiff_t ds, const uint16_t *src, ptrdiff_t ss)
{
    __m128i a[8], b[8];

    for (int i = 0; i < 8; i++) {
        a[i] = _mm_loadu_si128((const void *)(src + i * ss));
    }
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm_unpacklo_epi16(a[i], a[i + 1]);
        b[i + 1] = _mm_unpackhi_epi16(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm_unpacklo_epi32(b[i], b[i + 2]);
        a[i + 1] = _mm_unpackhi_epi32(b[i], b[i + 2]);
        a[i + 2] = _mm_unpacklo_epi32(b[i + 1], b[i + 3]);
        a[i + 3] = _mm_unpackhi_epi32(b[i + 1], b[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        _mm_storeu_si128((void *)(dst + 2 * i * ds), _mm_unpacklo_epi64(a[i], a[i + 4]));
        _mm_storeu_si128((void *)(dst + (2 * i + 1) * ds), _mm_unpackhi_epi64(a[i], a[i + 4]));
    }
}

SIMD_INLINE void square_u64(uint64_t *dst, ptrdiff_t ds, const uint64_t *src, ptrdiff_t ss)
{
    __m256i a[4], b[4];

    for (int i = 0; i < 4; i++) {
        a[i] = _mm256_loadu_si256((const void *)(src + i * ss));
    }
    for (int i = 0; i < 4; i += 2) {
        b[i] = _mm256_unpacklo_epi64(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        _mm256_storeu_si256((void *)(dst + i * ds), _mm256_permute2x128_si256(b[i], b[i + 2], 0x20));
        _mm256_storeu_si256((void *)(dst + (i + 2) * ds), _mm256_permute2x128_si256(b[i], b[i + 2], 0x31));
    }
}

#else

#define EDGE_U8  4
#define EDGE_U16 4
#define EDGE_U64 4

#define SQUARE(name, T)                                                                                      \
    SIMD_INLINE void square_##name(T *dst, ptrdiff_t ds, const T *src, ptrdiff_t ss)                         \
    {                                                                                                        \
        for (int j = 0; j < 4; j++) {                                                                        \
            for (int i = 0; i < 4; i++) {                                                                    \
                dst[j * ds + i] = src[i * ss + j];                                                           \
            }                                                                                                \
        }                                                                                                    \
    }

SQUARE(u8, uint8_t)
SQUARE(u16, uint16_t)
SQUARE(u64, uint64_t)

#undef SQUARE

#endif

/* dst[a * ds + b] = src[b * ss + a] for a < na, b < nb. */
#define TRANSPOSE(name, T, edge)                                                                             \
    static void transpose_##name(T *dst, ptrdiff_t ds, const T *src, ptrdiff_t ss, int64_t na, int64_t nb)   \
    {                                                                                                        \
        int64_t a = 0, b;                                                                                    \
                                                                                                             \
        for (; a + (edge) <= na; a += (edge)) {                                                              \
            for (b = 0; b + (edge) <= nb; b += (edge)) {                                                     \
                square_##name(dst + a * ds + b, ds, src + b * ss + a, ss);                                   \
            }                                                                                                \
            for (int64_t i = a; i < a + (edge); i++) {                                                       \
                for (int64_t j = b; j < nb; j++) {                                                           \
                    dst[i * ds + j] = src[j * ss + i];                                                       \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
        for (; a < na; a++) {                                                                                \
            for (b = 0; b < nb; b++) {                                                                       \
                dst[a * ds + b] = src[b * ss + a];                                                           \
            }                                                                                                \
        }                                                                                                    \
    }

TRANSPOSE(u8, uint8_t, EDGE_U8)
TRANSPOSE(u16, uint16_t, EDGE_U16)
TRANSPOSE(u32, uint32_t, EDGE_U32)
TRANSPOSE(u64, uint64_t, EDGE_U64)

#undef TRANSPOSE

/* Position in the outer dimensions of a copy and the offsets, in elements, that belong to it. */
struct position {
    int64_t at[CPU_COPY_RANK], src, dst;
};

static void position_init(const struct cpu_copy *p, int dims, int64_t index, struct position *pos)
{
    pos->src = pos->dst = 0;
    for (int d = dims - 1; d >= 0; d--) {
        pos->at[d] = index % p->dims[d];
        index /= p->dims[d];
        pos->src += pos->at[d] * p->src_stride[d];
        pos->dst += pos->at[d] * p->dst_stride[d];
    }
}

static void position_next(const struct cpu_copy *p, int dims, struct position *pos)
{
    for (int d = dims - 1; d >= 0; d--) {
        pos->src += p->src_stride[d];
        pos->dst += p->dst_stride[d];
        if (++pos->at[d] < p->dims[d]) {
            return;
        }
        pos->at[d] = 0;
        pos->src -= p->dims[d] * p->src_stride[d];
        pos->dst -= p->dims[d] * p->dst_stride[d];
    }
}

static void copy_tiles(const struct cpu_copy *p, const char *src, char *dst, int64_t begin, int64_t end)
{
    int64_t per = p->tile_count[0] * p->tile_count[1], na = p->dims[p->rank - 2], nb = p->dims[p->rank - 1];
    ptrdiff_t ds = p->dst_stride[p->rank - 2], ss = p->src_stride[p->rank - 1];
    struct position pos;

    position_init(p, p->rank - 2, begin / per, &pos);
    for (int64_t u = begin; u < end; u++) {
        int64_t t = u % per, a = t / p->tile_count[1] * CPU_COPY_TILE,
                b = t % p->tile_count[1] * CPU_COPY_TILE;
        int64_t rows = na - a < CPU_COPY_TILE ? na - a : CPU_COPY_TILE;
        int64_t cols = nb - b < CPU_COPY_TILE ? nb - b : CPU_COPY_TILE;
        const char *s = src + (pos.src + b * ss + a) * p->size;
        char *d = dst + (pos.dst + a * ds + b) * p->size;

        switch (p->size) {
        case 1: transpose_u8((uint8_t *)d, ds, (const uint8_t *)s, ss, rows, cols); break;
        case 2: transpose_u16((uint16_t *)d, ds, (const uint16_t *)s, ss, rows, cols); break;
        case 4: transpose_u32((uint32_t *)d, ds, (const uint32_t *)s, ss, rows, cols); break;
        default: transpose_u64((uint64_t *)d, ds, (const uint64_t *)s, ss, rows, cols); break;
        }
        if (t + 1 == per) {
            position_next(p, p->rank - 2, &pos);
        }
    }
}

static void copy_runs(const struct cpu_copy *p, const char *src, char *dst, int64_t begin, int64_t end)
{
    int64_t pieces = p->tile_count[0], n = p->dims[p->rank - 1];
    struct position pos;

    position_init(p, p->rank - 1, begin / pieces, &pos);
    for (int64_t u = begin; u < end; u++) {
        int64_t piece = u % pieces, first = piece * CPU_COPY_RUN, rest = n - first;

        rest = rest < CPU_COPY_RUN ? rest : CPU_COPY_RUN;
        copy_run(dst + (pos.dst + first) * p->size, src + (pos.src + first) * p->size,
                 (size_t)(rest * p->size));
        if (piece + 1 == pieces) {
            position_next(p, p->rank - 1, &pos);
        }
    }
}

static void copy_rows(const struct cpu_copy *p, const char *src, char *dst, int64_t begin, int64_t end)
{
    int last = p->rank - 1;
    struct position pos;

    position_init(p, last, begin, &pos);
    for (int64_t u = begin; u < end; u++) {
        strided(p->size, dst + pos.dst * p->size, p->dst_stride[last], src + pos.src * p->size,
                p->src_stride[last], p->dims[last]);
        position_next(p, last, &pos);
    }
}

static void copy(const struct cpu_copy *p, const void *src, void *dst, int64_t begin, int64_t end)
{
    if (begin >= end) {
        return;
    }
    switch (p->form) {
    case CPU_COPY_TILES: copy_tiles(p, src, dst, begin, end); break;
    case CPU_COPY_RUNS: copy_runs(p, src, dst, begin, end); break;
    default: copy_rows(p, src, dst, begin, end); break;
    }
}

static int64_t index_at(const void *index, int bytes, int64_t i)
{
    return bytes == 8 ? ((const int64_t *)index)[i] : ((const int32_t *)index)[i];
}

static void gather(const struct cpu_gather *p, const void *src, const void *index, void *dst, int64_t begin,
                   int64_t end)
{
    size_t bytes = (size_t)p->row_bytes;

    for (int64_t u = begin; u < end; u++) {
        int64_t outer = u / p->count, i = u % p->count, at;
        int64_t batch = p->batched ? outer / p->outer_per_batch : 0;
        char *d = (char *)dst + u * p->row_bytes;

        at = index_at(index, p->index_bytes, batch * p->count + i);
        at += at < 0 && p->wrap ? p->axis : 0;
        if (at < 0 || at >= p->axis) {
            memset(d, 0, bytes);
        } else {
            copy_run(d, (const char *)src + (outer * p->axis + at) * p->row_bytes, bytes);
        }
    }
}

static void fill(int size, char *dst, uint64_t value, int64_t n)
{
    strided(size, dst, 1, &value, 0, n);
}

/* One row along the last dimension through its table; runs of neighbours go together. */
static void table_row(const struct cpu_index_copy *p, const int32_t *table, const char *src, char *dst,
                      int64_t n)
{
    for (int64_t i = 0; i < n;) {
        int64_t run = 1;

        while (i + run < n && table[i + run] == table[i] + (table[i] < 0 ? 0 : run)) {
            run++;
        }
        if (table[i] < 0) {
            fill(p->size, dst + i * p->size, p->fill, run);
        } else if (run == 1 && p->size == 4) {
            ((uint32_t *)dst)[i] = ((const uint32_t *)src)[table[i]];
        } else {
            copy_run(dst + i * p->size, src + (int64_t)table[i] * p->size, (size_t)(run * p->size));
        }
        i += run;
    }
}

static void index_copy(const struct cpu_index_copy *p, const void *src, void *dst, int64_t begin, int64_t end)
{
    int last = p->rank - 1;
    int64_t n = p->dst_dims[last];

    for (int64_t u = begin; u < end; u++) {
        char *d = (char *)dst + u * n * p->size;
        const char *s;
        int64_t offset = 0, step = p->src_dims[last], index = u;
        bool inside = true;

        for (int k = last - 1; k >= 0; k--) {
            int64_t i = index % p->dst_dims[k];

            index /= p->dst_dims[k];
            i = p->table[k] ? p->table[k][i] : i;
            inside = inside && i >= 0;
            offset += i * step;
            step *= p->src_dims[k];
        }
        if (!inside) {
            fill(p->size, d, p->fill, n);
            continue;
        }
        s = (const char *)src + offset * p->size;
        if (p->table[last]) {
            table_row(p, p->table[last], s, d, n);
        } else {
            copy_run(d, s, (size_t)(n * p->size));
        }
    }
}

const struct cpu_move CPU_NAME(move) = {
    .name = "move",
    .isa = CPU_ISA_ID,
    .copy = copy,
    .gather = gather,
    .index_copy = index_copy,
};
