/* For one line of a log each request makes a text of all that it knows, two mebibytes that grow by doubling, and writes
 * the first hundred bytes of it. The healthy twin makes the hundred bytes.
 *
 *     ./log_dump [--healthy] [FILE]
 */
#include <malloc.h>
#include <sys/resource.h>

#include "../example.h"

enum { REQUESTS = 150, ITEMS = 65536, SHOWN = 100 };

static uint64_t system_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_stime.tv_sec * 1000000000u + (uint64_t)usage.ru_stime.tv_usec * 1000u;
}

static const char item[] = "{\"item\": \"a thing\", \"n\": 1},";

struct text {
    char *at;
    size_t len, room;
};

NOINLINE static void append(struct text *text, const char *word, size_t len)
{
    if (text->len + len >= text->room) {
        size_t room = text->room ? text->room * 2 : 4096;
        char *larger = malloc(room);
        if (!larger)
            exit(1);
        memcpy(larger, text->at ? text->at : "", text->len);
        free(text->at);
        text->at = larger;
        text->room = room;
    }
    memcpy(text->at + text->len, word, len);
    text->len += len;
    text->at[text->len] = 0;
}

NOINLINE static void serialise(struct text *text, int items)
{
    for (int i = 0; i < items; i++)
        append(text, item, sizeof(item) - 1);
}

NOINLINE static void log_line(bool healthy, FILE *out)
{
    struct text text = {NULL, 0, 0};
    serialise(&text, healthy ? SHOWN / (int)sizeof(item) : ITEMS);
    fprintf(out, "request: %.*s\n", SHOWN, text.at);
    free(text.at);
}

NOINLINE static void answer(bool healthy, FILE *out)
{
    SMK_REQUEST(request, "GET /item");
    log_line(healthy, out);
    smk_request_status(request, 200);
}

int main(int argc, char **argv)
{
    FILE *out = fopen("/dev/null", "w");
    mallopt(M_MMAP_THRESHOLD, 128 * 1024); /* as in many a service's settings: then it never grows */
    bool healthy = example_begin(argc, argv);
    uint64_t since = system_ns();
    for (int i = 0; i < REQUESTS && out; i++)
        answer(healthy, out);
    uint64_t measured = system_ns() - since;
    if (!out || fclose(out) != 0)
        return 1;
    return example_end(measured);
}
