/* budgets.h: reads bench/budgets.txt, whose lines are "name value". Header only. */
#ifndef SMK_BENCH_BUDGETS_H
#define SMK_BENCH_BUDGETS_H

#include <stdio.h>
#include <string.h>

/* 0 where there is no such line: then nothing is within the budget. */
static inline double budget(const char *name)
{
    char line[200], key[100];
    double value = 0, found = 0;
    FILE *file = fopen(SMK_BENCH_BUDGETS, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%99s %lf", key, &value) == 2 && strcmp(key, name) == 0)
            found = value;
    if (file)
        fclose(file);
    return found;
}

#endif
