/* What this machine can run, as the runtime sees it, VT_CPU_ISA applied. Apart from the tests because kernels
 * and runtime have headers of the same names. */
#ifndef TESTS_KERNELS_MACHINE_H
#define TESTS_KERNELS_MACHINE_H

/* bit 1 << enum cpu_isa, for cpu_isa_allow */
unsigned machine_isas(void);

#endif
