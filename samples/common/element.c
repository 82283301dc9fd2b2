#include "element.h"

#include <math.h>
#include <string.h>

struct element_kind {
    const char *name;
    unsigned bits;
};

static const struct element_kind kinds[] = {
    [DYNAMIC] = {"dynamic", 0}, [BOOLEAN] = {"boolean", 8}, [BF16] = {"bf16", 16},
    [F16] = {"f16", 16},        [F32] = {"f32", 32},        [F64] = {"f64", 64},
    [I4] = {"i4", 4},           [I8] = {"i8", 8},           [I16] = {"i16", 16},
    [I32] = {"i32", 32},        [I64] = {"i64", 64},        [U1] = {"u1", 1},
    [U2] = {"u2", 2},           [U3] = {"u3", 3},           [U4] = {"u4", 4},
    [U6] = {"u6", 6},           [U8] = {"u8", 8},           [U16] = {"u16", 16},
    [U32] = {"u32", 32},        [U64] = {"u64", 64},        [NF4] = {"nf4", 4},
    [F8E4M3] = {"f8e4m3", 8},   [F8E5M3] = {"f8e5m2", 8},   [STRING] = {"string", 0},
    [F4E2M1] = {"f4e2m1", 4},   [F8E8M0] = {"f8e8m0", 8},
};

static const struct element_kind *kind_of(ov_element_type_e type)
{
    static const struct element_kind unknown = {"unknown", 0};
    return (size_t)type < sizeof(kinds) / sizeof(*kinds) && kinds[type].name ? &kinds[type] : &unknown;
}

const char *element_name(ov_element_type_e type)
{
    return kind_of(type)->name;
}

unsigned element_bits(ov_element_type_e type)
{
    return kind_of(type)->bits;
}

ov_element_type_e element_of_npy(char kind, size_t item)
{
    static const struct {
        char kind;
        size_t item;
        ov_element_type_e type;
    } types[] = {{'f', 2, F16}, {'f', 4, F32}, {'f', 8, F64}, {'i', 1, I8},
                 {'i', 2, I16}, {'i', 4, I32}, {'i', 8, I64}, {'u', 1, U8},
                 {'u', 2, U16}, {'u', 4, U32}, {'u', 8, U64}, {'b', 1, BOOLEAN}};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (types[i].kind == kind && types[i].item == item) {
            return types[i].type;
        }
    }
    return DYNAMIC;
}

bool element_is_real(ov_element_type_e type)
{
    return type == F32 || type == F16 || type == BF16 || type == F64;
}

void element_limits(ov_element_type_e type, double *low, double *high)
{
    bool is_signed = type == I4 || type == I8 || type == I16 || type == I32 || type == I64;
    int bits = type == BOOLEAN ? 1 : (int)element_bits(type);
    int exponent = bits - is_signed;
    *low = is_signed ? -ldexp(1, exponent) : 0;
    *high = exponent > 53 ? ldexp(1, 53) : ldexp(1, exponent) - 1;
    if (*low < -ldexp(1, 53)) {
        *low = -ldexp(1, 53);
    }
}

/* Rounds to the nearest half, ties to even: the value is brought to the step of its binade and rounded there.
 */
static uint16_t half_from(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    value = fabs(value);
    if (isnan(value)) {
        return sign | 0x7e00;
    }
    if (value >= 65520) {
        return sign | 0x7c00;
    }
    int exponent;
    frexp(value, &exponent);
    if (value < 0x1p-14) {
        exponent = -13; /* subnormal, or zero, whose exponent frexp gives as 0 */
    }
    /* steps: multiples of 2^(exponent - 11), 1024 of them in a binade; carries into the exponent by
     * themselves */
    uint16_t steps = (uint16_t)nearbyint(ldexp(value, 11 - exponent));
    return (uint16_t)(sign | (((exponent + 13) << 10) + steps));
}

static double half_to(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return half & 0x8000 ? -value : value;
}

static uint16_t bfloat_from(double value)
{
    float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, 4);
    if (isnan(single)) {
        return (uint16_t)(bits >> 16 | 0x40);
    }
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static double bfloat_to(uint16_t bfloat)
{
    uint32_t bits = (uint32_t)bfloat << 16;
    float single;
    memcpy(&single, &bits, 4);
    return single;
}

static bool store_real(ov_element_type_e type, void *data, size_t index, double value)
{
    switch (type) {
    case F32: ((float *)data)[index] = (float)value; return true;
    case F64: ((double *)data)[index] = value; return true;
    case F16: ((uint16_t *)data)[index] = half_from(value); return true;
    case BF16: ((uint16_t *)data)[index] = bfloat_from(value); return true;
    default: return false;
    }
}

/* Fields smaller than a byte: 4- and 2-bit elements from the low bits up, single bits from the high bit down.
 */
static unsigned field_shift(ov_element_type_e type, size_t index)
{
    unsigned bits = element_bits(type), slot = (unsigned)(index % (8 / bits));
    return type == U1 ? 7 - slot : slot * bits;
}

static void store_field(ov_element_type_e type, void *data, size_t index, int64_t value)
{
    unsigned bits = element_bits(type), shift = field_shift(type, index);
    uint8_t *byte = (uint8_t *)data + index * bits / 8, mask = (uint8_t)((1u << bits) - 1);
    *byte = (uint8_t)((*byte & ~(mask << shift)) | ((unsigned)value & mask) << shift);
}

bool element_store(ov_element_type_e type, void *data, size_t index, double value)
{
    if (element_is_real(type)) {
        return store_real(type, data, index, value);
    }
    double low, high;
    element_limits(type, &low, &high);
    value = isnan(value) ? 0 : type == BOOLEAN ? value != 0 : nearbyint(value);
    int64_t whole = (int64_t)(value < low ? low : value > high ? high : value);
    switch (type) {
    case BOOLEAN:
    case I8:
    case U8: ((uint8_t *)data)[index] = (uint8_t)whole; return true;
    case I16:
    case U16: ((uint16_t *)data)[index] = (uint16_t)whole; return true;
    case I32:
    case U32: ((uint32_t *)data)[index] = (uint32_t)whole; return true;
    case I64:
    case U64: ((uint64_t *)data)[index] = (uint64_t)whole; return true;
    case I4:
    case U4:
    case U2:
    case U1: store_field(type, data, index, whole); return true;
    default: return false;
    }
}

static int64_t load_field(ov_element_type_e type, const void *data, size_t index)
{
    unsigned bits = element_bits(type), mask = (1u << bits) - 1;
    unsigned value = ((const uint8_t *)data)[index * bits / 8] >> field_shift(type, index) & mask;
    return type == I4 && value > 7 ? (int64_t)value - 16 : value;
}

bool element_load(ov_element_type_e type, const void *data, size_t index, double *value)
{
    switch (type) {
    case F32: *value = ((const float *)data)[index]; return true;
    case F64: *value = ((const double *)data)[index]; return true;
    case F16: *value = half_to(((const uint16_t *)data)[index]); return true;
    case BF16: *value = bfloat_to(((const uint16_t *)data)[index]); return true;
    case BOOLEAN:
    case U8: *value = ((const uint8_t *)data)[index]; return true;
    case I8: *value = ((const int8_t *)data)[index]; return true;
    case U16: *value = ((const uint16_t *)data)[index]; return true;
    case I16: *value = ((const int16_t *)data)[index]; return true;
    case U32: *value = ((const uint32_t *)data)[index]; return true;
    case I32: *value = ((const int32_t *)data)[index]; return true;
    case U64: *value = (double)((const uint64_t *)data)[index]; return true;
    case I64: *value = (double)((const int64_t *)data)[index]; return true;
    case I4:
    case U4:
    case U2:
    case U1: *value = (double)load_field(type, data, index); return true;
    default: return false;
    }
}
