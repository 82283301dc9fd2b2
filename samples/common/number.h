/* Strict reading of numbers: the whole text must be the number. */
#ifndef SAMPLES_NUMBER_H
#define SAMPLES_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only (no sign, no blanks), at most INT64_MAX. */
bool number_parse_count(const char *text, int64_t *value);

/* The same, of the first `length` characters. */
bool number_parse_count_part(const char *text, size_t length, int64_t *value);

/* A finite number in C notation. */
bool number_parse_real(const char *text, double *value);

#endif
