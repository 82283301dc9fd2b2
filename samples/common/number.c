#include "number.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool number_parse_count_part(const char *text, size_t length, int64_t *value)
{
    int64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, text[i] - '0', &sum)) {
            return false;
        }
    }
    *value = sum;
    return length > 0;
}

bool number_parse_count(const char *text, int64_t *value)
{
    return number_parse_count_part(text, strlen(text), value);
}

bool number_parse_real(const char *text, double *value)
{
    if (!*text || isspace((unsigned char)*text)) {
        return false;
    }
    char *end;
    *value = strtod(text, &end);
    return !*end && isfinite(*value);
}
