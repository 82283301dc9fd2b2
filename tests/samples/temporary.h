/* Files that a test writes for a reader, in a folder that is removed afterwards. */
#ifndef TESTS_SAMPLES_TEMPORARY_H
#define TESTS_SAMPLES_TEMPORARY_H

#include <stddef.h>

/* Group set-up and tear-down for cmocka: make and remove the folder. */
int temporary_setup(void **state);
int temporary_teardown(void **state);

/* Writes `bytes` bytes to the folder's one file and returns its path; each call replaces the last. */
const char *temporary_write(const void *data, size_t bytes);

#endif
