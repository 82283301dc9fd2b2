/* What a test can see and turn in the device KNOBS: REFDEV with a will of the test's. The plugin exports one
 * struct knobs as `vt_test_knobs`. */
#ifndef KNOBS_H
#define KNOBS_H

#include <stdatomic.h>

struct knobs {
    atomic_int hold_compile;            /* compiling waits while it is set */
    atomic_int fail_compile;            /* compiling fails with VT_E_DEVICE */
    atomic_int fail_run;                /* this many inferences fail with VT_E_DEVICE */
    atomic_int bad_run;                 /* this many inferences fail with VT_E_SHAPE */
    atomic_int hold_run;                /* inferences wait while it is set */
    _Atomic(const char *) refused;      /* operations that it cannot run: "Softmax,Relu" */
    atomic_int compiles, runs, running; /* counted */
};

#endif
