/* What copy_plan.c and the copy kernels agree on. */
#ifndef CPU_COPY_FORMS_H
#define CPU_COPY_FORMS_H

enum cpu_copy_form {
    CPU_COPY_RUNS,  /* the last dimension is contiguous on both sides */
    CPU_COPY_TILES, /* the last two dimensions are a matrix to transpose */
    CPU_COPY_ROWS,  /* the last dimension has any strides, 0 and negative ones too */
};

#define CPU_COPY_TILE 128   /* rows and columns of a tile, which is the unit of the transposing form */
#define CPU_COPY_RUN  16384 /* elements a unit moves when all is one run */

#endif
