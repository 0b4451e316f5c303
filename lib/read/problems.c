#include "read/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool keep(struct smk_problems *problems, struct smk_arena *arena, struct smk_mem *mem,
                 const char *sentence)
{
    if (problems->count == SMK_PROBLEMS_MAX ||
        !smk_mem_grow(mem, &problems->list, &problems->capacity, (size_t)problems->count + 1))
        return false;
    const char *copy = smk_arena_text(arena, mem, sentence, strlen(sentence));
    if (copy)
        problems->list[problems->count++] = copy;
    return copy != NULL;
}

void smk_problem_add(struct smk_problems *problems, struct smk_arena *arena, struct smk_mem *mem,
                     const char *format, ...)
{
    char sentence[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    problems->total++;
    if (!keep(problems, arena, mem, sentence))
        snprintf(problems->more, sizeof problems->more, "%llu more problems",
                 (unsigned long long)(problems->total - problems->count));
}

const char *smk_problem_at(const struct smk_problems *problems, size_t number)
{
    if (number < problems->count)
        return problems->list[number];
    return number == problems->count && problems->total > problems->count ? problems->more : NULL;
}

void smk_problems_free(struct smk_problems *problems, struct smk_mem *mem)
{
    smk_mem_free(mem, problems->list, problems->capacity * sizeof *problems->list);
    *problems = (struct smk_problems){0};
}
