#include "message.h"

#include <stdarg.h>
#include <stdio.h>

int message_fail(struct message *message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message->text, sizeof(message->text), format, args);
    va_end(args);
    return -1;
}
