#include "program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

int program_run(char *output, const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(command, sizeof(command) - 8, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof(command) - 8) {
        return -1;
    }
    snprintf(command + length, 8, " 2>&1");
    FILE *pipe = popen(command, "r");
    if (!pipe) {
        return -1;
    }
    size_t used = fread(output, 1, PROGRAM_MAX_OUTPUT - 1, pipe);
    output[used] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
