/* NumPy's .npy files (format versions 1 to 3), as described in numpy.lib.format. */
#ifndef SAMPLES_NPY_H
#define SAMPLES_NPY_H

#include "message.h"

#include <stddef.h>

enum { NPY_MAX_RANK = 16 };

/* A C-ordered, little-endian array. `kind` is NumPy's letter: f float, i signed, u unsigned, b boolean;
   `item` is the size of an element in bytes. `data` lies inside `file`, aligned for its
   elements. */
struct npy {
    char kind;
    size_t item;
    size_t rank;
    size_t dims[NPY_MAX_RANK];
    size_t elements;
    const unsigned char *data;
    unsigned char *file;
};

/* 0, or -1 with a message (damaged, cut, big-endian, Fortran order, structured or object elements). */
int npy_read(const char *path, struct npy *npy, struct message *message);
void npy_finish(struct npy *npy);

/* Writes `count` values as an array of doubles, C order, format version 1. 0, or -1 with a message. */
int npy_write_f64(const char *path, size_t rank, const size_t *dims, const double *values, size_t count,
                  struct message *message);

#endif
