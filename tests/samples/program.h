/* Runs a sample program and keeps what it printed. */
#ifndef TESTS_SAMPLES_PROGRAM_H
#define TESTS_SAMPLES_PROGRAM_H

enum { PROGRAM_MAX_OUTPUT = 1 << 18 };

/* Runs a shell command line; `output` (PROGRAM_MAX_OUTPUT bytes) receives stdout and stderr. Returns the exit
   code, or -1 where it did not exit by itself. */
int program_run(char *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
