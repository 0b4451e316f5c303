/* hostile: writes the hostile files, <name>.stall each, into a directory, and prints a line for each: its
 * name, the exit code that `stallmark check` is to have, and words that it is to say, "-" where none.
 *
 *     hostile DIRECTORY
 */
#include "gen/cases.h"

static int write_file(const char *path, const struct bytes *bytes)
{
    FILE *out = fopen(path, "wb");
    bool good = out && fwrite(bytes->data ? bytes->data : (const uint8_t *)"", 1, bytes->len, out) == bytes->len;
    if (out && fclose(out) != 0)
        good = false;
    if (!good)
        perror(path);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: hostile DIRECTORY\n");
        return 2;
    }
    for (size_t i = 0; i < HOSTILE_CASES; i++) {
        const struct hostile_case *c = &hostile_cases[i];
        struct file f = {0};
        char path[4096];
        c->build(&f);
        snprintf(path, sizeof path, "%s/%s.stall", argv[1], c->name);
        if (write_file(path, &f.bytes))
            return 1;
        printf("%s\t%d\t%s\n", c->name, c->verdict == CLEAN ? 0 : 2, c->says ? c->says : "-");
        file_free(&f);
    }
    return 0;
}
