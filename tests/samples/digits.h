/* The pictures shipped with the digit model, and what it says of each. */
#ifndef TESTS_SAMPLES_DIGITS_H
#define TESTS_SAMPLES_DIGITS_H

struct digit {
    char name[32]; /* of the files in images/, without ending */
    int label;
    double logits[10]; /* as the training wrote them */
};

/* Calls `check` for every picture that FOLDER/images/expected.txt lists, which must be ten. */
void digits_check_all(const char *folder, void (*check)(const struct digit *digit));

#endif
