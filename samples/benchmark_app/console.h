/* Lines on the console, in the form of OpenVINO's tools, and the clock. */
#ifndef BENCHMARK_APP_CONSOLE_H
#define BENCHMARK_APP_CONSOLE_H

#include <stdint.h>

void console_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The next of the eleven steps; `note` may be NULL. */
void console_step(const char *note);

/* Progress of 0 to 1 on stderr, at most four times a second, where stderr is a terminal. 1 ends the line. */
void console_progress(double done);

/* Nanoseconds of the monotonic clock. */
int64_t console_clock(void);

#endif
