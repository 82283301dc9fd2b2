#include "console.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void line(FILE *file, const char *kind, const char *format, va_list args)
{
    fprintf(file, "[ %s ] ", kind);
    vfprintf(file, format, args);
    fputc('\n', file);
    fflush(file);
}

void console_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(stdout, "INFO", format, args);
    va_end(args);
}

void console_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(stdout, "WARNING", format, args);
    va_end(args);
}

void console_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(stderr, "ERROR", format, args);
    va_end(args);
}

void console_step(const char *note)
{
    static const char *const names[] = {
        "Parsing and validating input arguments",
        "Loading OpenVINO Runtime",
        "Setting device configuration",
        "Reading model files",
        "Resizing model to match image sizes and given batch",
        "Configuring input of the model",
        "Loading the model to the device",
        "Querying optimal runtime parameters",
        "Creating infer requests and preparing input tensors",
        "Measuring performance",
        "Dumping statistics report",
    };
    static size_t step;
    if (step < sizeof(names) / sizeof(*names)) {
        printf("[Step %zu/11] %s%s%s%s\n", step + 1, names[step], note ? " (" : "", note ? note : "",
               note ? ")" : "");
        fflush(stdout);
        step++;
    }
}

void console_progress(double done)
{
    static int64_t next;
    static int is_terminal = -1;
    if (is_terminal < 0) {
        is_terminal = isatty(STDERR_FILENO);
    }
    if (!is_terminal) {
        return;
    }
    int64_t now = console_clock();
    if (now >= next || done >= 1) {
        next = now + 250000000;
        fprintf(stderr, "\r%5.1f %%%s", done >= 1 ? 100 : done * 100, done >= 1 ? "\n" : "");
    }
}

int64_t console_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}
