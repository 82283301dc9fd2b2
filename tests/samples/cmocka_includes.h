/* cmocka.h wants these before it. */
#ifndef TESTS_SAMPLES_CMOCKA_INCLUDES_H
#define TESTS_SAMPLES_CMOCKA_INCLUDES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
