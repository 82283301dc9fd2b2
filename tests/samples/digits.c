#include "digits.h"

#include "cmocka_includes.h"

#include <stdio.h>
#include <stdlib.h>

void digits_check_all(const char *folder, void (*check)(const struct digit *digit))
{
    char path[1024], line[512];
    snprintf(path, sizeof(path), "%s/images/expected.txt", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int pictures = 0;
    while (fgets(line, sizeof(line), file)) {
        struct digit digit;
        int used;
        if (line[0] == '#' || sscanf(line, "%31s %d%n", digit.name, &digit.label, &used) != 2) {
            continue;
        }
        char *at = line + used;
        for (int i = 0; i < 10; i++) {
            digit.logits[i] = strtod(at, &at);
        }
        check(&digit);
        pictures++;
    }
    fclose(file);
    assert_int_equal(pictures, 10);
}
