/* Element types of tensors: names, sizes, storing a number as any of them. */
#ifndef SAMPLES_ELEMENT_H
#define SAMPLES_ELEMENT_H

#include <openvino/c/openvino.h>
#include <stdbool.h>
#include <stddef.h>

/* "f32", "i64", …; "unknown" for a value outside the enumeration. */
const char *element_name(ov_element_type_e type);

/* Bits of one element; 0 for strings and for types whose size is not fixed. */
unsigned element_bits(ov_element_type_e type);

/* The type of NumPy's kind ('f', 'i', 'u', 'b') with elements of `item` bytes; DYNAMIC where there is none.
 */
ov_element_type_e element_of_npy(char kind, size_t item);

bool element_is_real(ov_element_type_e type);

/* Largest and smallest whole number that the type holds (of 64-bit types: what a double holds exactly). */
void element_limits(ov_element_type_e type, double *low, double *high);

/* Stores `value` as element `index`: reals are rounded to nearest even, whole numbers rounded and clamped,
   booleans are value != 0. False for types that have no such rule (strings, nf4, 8-bit and 4-bit floats, 3-
   and 6-bit integers). */
bool element_store(ov_element_type_e type, void *data, size_t index, double value);

/* Reads element `index`; the same types as element_store. */
bool element_load(ov_element_type_e type, const void *data, size_t index, double *value);

#endif
