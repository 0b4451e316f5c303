/* footprint: how much memory a request makes a server's process touch, and how much of that is the tracer's.
 *
 *   footprint PID OBJECT OFFSET [list]  <the trace of valgrind --tool=lackey --trace-mem=yes (footprint.sh starts it)
 *
 * The trace names each instruction and each address that it reads or writes. It is cut where the instruction at OFFSET
 * of OBJECT is executed, the beginning of the server's wait for work; what lies between two such cuts is a turn of its
 * loop, and with one connection that asks and waits, a request. Counted of each turn are the instructions, the distinct
 * lines of 64 bytes and pages of 4 KiB that they lie in, and those that they read or write, by the object that the
 * instruction is of: the tracer's, libc's, and all else. `alone`: lines that no other object's instructions touched in
 * that turn; these and the tracer's code are what the caches have to hold more than without it.
 *
 * Shown are the medians of the last turns. Threads are not told apart: a turn into which another's work falls counts
 * that as well, which a median does not see. `list`: before that, where the lines of one turn lie that ours touched.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OURS, LIBC, REST, OBJECTS };
enum { CODE, DATA, KINDS };
enum { LINE_SHIFT = 6, PAGE_SHIFT = 12, SET = 1 << 14, TURNS = 500, MAPS = 512, LOOK_EVERY = 1 << 20 };

struct map {
    uint64_t begin, end, offset;
    int object;
    char name[256];
};

/* Numbers of lines or pages that were touched in this turn, and by whose instructions. */
struct set {
    uint64_t key[SET];
    uint32_t turn[SET];
    uint8_t by[SET]; /* bits of objects */
    int places[SET], count;
};

struct turn {
    uint64_t instructions[OBJECTS];
    uint64_t lines[KINDS][OBJECTS], pages[KINDS][OBJECTS], alone[OBJECTS];
};

static struct map maps[MAPS];
static int map_count, object_now;
static struct set lines[KINDS], pages[KINDS];
static uint32_t turn_now = 1;
static struct turn now, turns[TURNS];
static uint64_t turn_count, turn_listed = UINT64_MAX, mark;

/* ---- objects --------------------------------------------------------------------------------------------- */

static int object_of(const char *name, const char *ours)
{
    if (strcmp(name, ours) == 0 || strstr(name, "/libstallmark"))
        return OURS;
    return strstr(name, "/libc.so") ? LIBC : REST;
}

/* Where the process has its objects now; then also where a turn begins, if `object` is there already. */
static void look_at_maps(const char *pid, const char *object, uint64_t offset)
{
    char path[64], line[512], may[5];
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *file = fopen(path, "r");
    map_count = 0;
    while (file && fgets(line, sizeof line, file) && map_count < MAPS) {
        struct map *map = &maps[map_count];
        map->name[0] = '\0';
        if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %255s", &map->begin, &map->end, may, &map->offset, map->name) < 4)
            continue;
        map->object = object_of(map->name, object);
        map_count++;
        if (strcmp(map->name, object) == 0 && may[2] == 'x' && offset >= map->offset &&
            offset < map->offset + (map->end - map->begin))
            mark = map->begin + offset - map->offset;
    }
    if (file)
        fclose(file);
}

static const struct map *map_at(uint64_t address)
{
    static int last;
    if (last < map_count && address >= maps[last].begin && address < maps[last].end)
        return &maps[last];
    for (int i = 0; i < map_count; i++)
        if (address >= maps[i].begin && address < maps[i].end)
            return &maps[last = i];
    return NULL;
}

/* ---- sets ------------------------------------------------------------------------------------------------ */

static void touch(struct set *set, uint64_t key, int object)
{
    uint64_t place = key * UINT64_C(0x9e3779b97f4a7c15) >> 50;
    while (set->turn[place] == turn_now && set->key[place] != key)
        place = (place + 1) % SET;
    if (set->turn[place] != turn_now) {
        if (set->count == SET / 2)
            return; /* not a request */
        set->turn[place] = turn_now;
        set->key[place] = key;
        set->by[place] = 0;
        set->places[set->count++] = (int)place;
    }
    set->by[place] |= (uint8_t)(1u << object);
}

static void touch_all(int kind, uint64_t address, uint64_t size, int object)
{
    for (uint64_t line = address >> LINE_SHIFT; line <= (address + size - 1) >> LINE_SHIFT; line++)
        touch(&lines[kind], line, object);
    touch(&pages[kind], address >> PAGE_SHIFT, object);
}

static void count_set(const struct set *set, uint64_t by[OBJECTS], uint64_t alone[OBJECTS])
{
    for (int i = 0; i < set->count; i++)
        for (int object = 0; object < OBJECTS; object++) {
            by[object] += set->by[set->places[i]] >> object & 1;
            if (alone && set->by[set->places[i]] == 1u << object)
                alone[object]++;
        }
}

/* ---- turns ----------------------------------------------------------------------------------------------- */

static void end_turn(void)
{
    for (int kind = 0; kind < KINDS; kind++) {
        count_set(&lines[kind], now.lines[kind], kind == DATA ? now.alone : NULL);
        count_set(&pages[kind], now.pages[kind], NULL);
        lines[kind].count = pages[kind].count = 0;
    }
    turns[turn_count++ % TURNS] = now;
    memset(&now, 0, sizeof now);
    turn_now++;
}

static void list_turn(void)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < lines[kind].count; i++) {
            int place = lines[kind].places[i];
            uint64_t address = lines[kind].key[place] << LINE_SHIFT;
            const struct map *map = map_at(address);
            if (lines[kind].by[place] & 1u << OURS)
                printf("%s %d %#lx %s %#lx\n", kind == CODE ? "code" : "data", lines[kind].by[place], address,
                       map && map->name[0] ? map->name : "-", map ? address - map->begin + map->offset : 0);
        }
}

static void take_line(const char *line)
{
    char *end;
    if ((line[0] != 'I' && line[0] != ' ') || line[1] == '\0' || line[2] != ' ')
        return;
    uint64_t address = strtoull(line + 3, &end, 16), size = *end == ',' ? strtoull(end + 1, NULL, 10) : 1;
    if (line[0] != 'I') {
        touch_all(DATA, address, size, object_now);
        return;
    }
    if (address == mark) {
        if (turn_count == turn_listed)
            list_turn();
        end_turn();
    }
    const struct map *map = map_at(address);
    object_now = map ? map->object : REST;
    now.instructions[object_now]++;
    touch_all(CODE, address, size, object_now);
}

/* ---- what is shown --------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* `at`: the figure's place in a turn. */
static uint64_t median(size_t at)
{
    static uint64_t values[TURNS];
    uint64_t count = turn_count < TURNS ? turn_count : TURNS;
    for (uint64_t i = 0; i < count; i++)
        memcpy(&values[i], (const char *)&turns[i] + at, sizeof *values);
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

#define MEDIAN(field) (unsigned long)median(offsetof(struct turn, field) + (size_t)object * sizeof(uint64_t))

static void show(void)
{
    static const char *const names[] = {"the tracer", "libc", "the rest"};
    printf("%-12s %12s %12s %12s %12s %12s %12s\n", "", "instructions", "code lines", "pages", "data lines", "alone",
           "pages");
    for (int object = 0; object < OBJECTS; object++)
        printf("%-12s %12lu %12lu %12lu %12lu %12lu %12lu\n", names[object], MEDIAN(instructions),
               MEDIAN(lines[CODE]), MEDIAN(pages[CODE]), MEDIAN(lines[DATA]), MEDIAN(alone), MEDIAN(pages[DATA]));
}

int main(int argc, char **argv)
{
    char line[256];
    if (argc < 4) {
        fprintf(stderr, "usage: footprint PID OBJECT OFFSET [list] <TRACE (footprint.sh starts it)\n");
        return 2;
    }
    uint64_t offset = strtoull(argv[3], NULL, 0);
    if (argc > 4)
        turn_listed = TURNS;
    for (uint64_t taken = 0; fgets(line, sizeof line, stdin); taken++) {
        if (mark == 0 && taken % LOOK_EVERY == 0)
            look_at_maps(argv[1], argv[2], offset);
        if (mark == 0)
            continue;
        take_line(line);
    }
    if (turn_count < TURNS) {
        fprintf(stderr, "footprint: %lu turns were seen; %d are wanted\n", (unsigned long)turn_count, TURNS);
        return 1;
    }
    show();
    return 0;
}
