#include "npy.h"

#include "file.h"
#include "number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text behind `'key':` in the header's dictionary, blanks skipped; NULL where the key is missing. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at) {
        return NULL;
    }
    at += strlen(key);
    at += strspn(at, " ");
    if (*at++ != ':') {
        return NULL;
    }
    return at + strspn(at, " ");
}

static int parse_type(const char *header, struct npy *npy)
{
    const char *at = value_of(header, "'descr'");
    if (!at || *at != '\'' || !strchr("<|=", at[1]) || !at[1] || !strchr("fiub", at[2]) || !at[2]) {
        return -1;
    }
    npy->kind = at[2];
    size_t digits = strspn(at + 3, "0123456789");
    int64_t item = 0;
    if (!number_parse_count_part(at + 3, digits, &item) || at[3 + digits] != '\'') {
        return -1;
    }
    npy->item = (size_t)item;
    return item == 1 || (npy->kind != 'b' && (item == 2 || item == 4 || item == 8)) ? 0 : -1;
}

static int parse_shape(const char *header, struct npy *npy)
{
    const char *at = value_of(header, "'shape'");
    if (!at || *at++ != '(') {
        return -1;
    }
    npy->rank = 0;
    npy->elements = 1;
    for (;;) {
        at += strspn(at, " ,");
        if (*at == ')') {
            return 0;
        }
        size_t digits = strspn(at, "0123456789");
        int64_t dim = 0;
        if (npy->rank == NPY_MAX_RANK || !number_parse_count_part(at, digits, &dim) ||
            __builtin_mul_overflow(npy->elements, (size_t)dim, &npy->elements)) {
            return -1;
        }
        npy->dims[npy->rank++] = (size_t)dim;
        at += digits;
        if (*at != ',' && *at != ')') {
            return -1;
        }
    }
}

/* Finds the header; `*start` is then the offset of the data. */
static int find_header(const unsigned char *file, size_t bytes, size_t *header, size_t *start)
{
    if (bytes < 10 || memcmp(file, "\x93NUMPY", 6) != 0 || file[6] < 1 || file[6] > 3) {
        return -1;
    }
    size_t length = file[8] | (size_t)file[9] << 8;
    *header = 10;
    if (file[6] > 1) {
        if (bytes < 12) {
            return -1;
        }
        length |= (size_t)file[10] << 16 | (size_t)file[11] << 24;
        *header = 12;
    }
    *start = *header + length;
    return *start <= bytes ? 0 : -1;
}

static int parse(const char *path, struct npy *npy, size_t bytes, struct message *message)
{
    size_t begin, start;
    if (find_header(npy->file, bytes, &begin, &start) < 0) {
        return message_fail(message, "%s is no .npy file, or its header is cut", path);
    }
    char *header = strndup((const char *)npy->file + begin, start - begin);
    if (!header) {
        return message_fail(message, "%s: no memory for the header", path);
    }
    const char *order = value_of(header, "'fortran_order'");
    int rc = 0;
    if (parse_type(header, npy) < 0) {
        rc = message_fail(message, "%s: element type not supported (little-endian f, i, u, b only)", path);
    } else if (parse_shape(header, npy) < 0) {
        rc = message_fail(message, "%s: damaged shape in the header", path);
    } else if (!order || (strncmp(order, "False", 5) != 0 && npy->rank > 1)) {
        rc = message_fail(message, "%s: Fortran order is not supported", path);
    }
    free(header);
    size_t need;
    if (rc == 0 && (__builtin_mul_overflow(npy->elements, npy->item, &need) || need > bytes - start)) {
        rc =
            message_fail(message, "%s: the data is cut: %zu elements of %zu bytes announced, %zu bytes there",
                         path, npy->elements, npy->item, bytes - start);
    }
    if (rc == 0) {
        /* Not every writer aligns the data; the header is not needed any more. */
        npy->data =
            start % 8 ? memmove(npy->file + start / 8 * 8, npy->file + start, need) : npy->file + start;
    }
    return rc;
}

int npy_read(const char *path, struct npy *npy, struct message *message)
{
    *npy = (struct npy){0};
    size_t bytes;
    if (file_read(path, &npy->file, &bytes, message) < 0) {
        return -1;
    }
    int rc = parse(path, npy, bytes, message);
    if (rc < 0) {
        npy_finish(npy);
    }
    return rc;
}

void npy_finish(struct npy *npy)
{
    free(npy->file);
    *npy = (struct npy){0};
}

int npy_write_f64(const char *path, size_t rank, const size_t *dims, const double *values, size_t count,
                  struct message *message)
{
    char header[512];
    size_t n =
        (size_t)snprintf(header, sizeof(header), "{'descr': '<f8', 'fortran_order': False, 'shape': (");
    for (size_t i = 0; i < rank && n < 400; i++) {
        n += (size_t)snprintf(header + n, sizeof(header) - n, "%zu,%s", dims[i], i + 1 < rank ? " " : "");
    }
    n += (size_t)snprintf(header + n, sizeof(header) - n, "), }");
    /* Ten bytes in front, a line end behind; all together a multiple of 64. */
    while ((n + 11) % 64) {
        header[n++] = ' ';
    }
    header[n++] = '\n';
    FILE *file = fopen(path, "wb");
    if (!file) {
        return message_fail(message, "cannot write %s: %s", path, strerror(errno));
    }
    const unsigned char front[10] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)(n & 255), (unsigned char)(n >> 8)};
    bool failed = fwrite(front, 1, sizeof(front), file) != sizeof(front) || fwrite(header, 1, n, file) != n ||
                  fwrite(values, sizeof(*values), count, file) != count;
    failed |= fclose(file) != 0;
    return failed ? message_fail(message, "cannot write %s: %s", path, strerror(errno)) : 0;
}
