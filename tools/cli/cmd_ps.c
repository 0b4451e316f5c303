/* stallmark ps: the processes of this host that have an agent. Those of a family stand below its first. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "client.h"
#include "process.h"

extern const struct smk_command smk_cmd_ps;

enum { ANSWER_MS = 500 }; /* so that one that hangs does not hold up the list */

struct row {
    pid_t pid, first; /* of its family; itself where it has none, or does not say */
    char name[32], state[32], address[80], socket[SMK_TARGET_SIZE];
};

static void copy_text(const json_t *text, char *out, size_t size)
{
    const char *value = json_string_value(text);
    if (value && value[0])
        snprintf(out, size, "%s", value);
}

static void ask(struct row *row, const struct smk_target *target)
{
    static struct smk_client client;
    struct smk_reply reply;
    if (!smk_client_open_quietly(&client, target))
        return;
    client.timeout_ms = ANSWER_MS;
    int status = smk_client_ask(&client, "GET", "/debug/trace/status", &reply);
    if (status == 0 && reply.status == 200) {
        const json_t *fronts = json_object_get(reply.json, "fronts");
        copy_text(json_object_get(reply.json, "state"), row->state, sizeof(row->state));
        copy_text(json_object_get(fronts, "tcp"), row->address, sizeof(row->address));
        json_int_t first = json_integer_value(json_object_get(json_object_get(reply.json, "family"), "first"));
        if (first > 0 && first <= INT32_MAX)
            row->first = (pid_t)first;
    } else {
        snprintf(row->state, sizeof(row->state), status == 0 ? "HTTP %u" : "no answer",
                 reply.status);
    }
    smk_reply_free(&reply);
    smk_client_close(&client);
}

static bool fill(struct row *row, pid_t pid)
{
    struct smk_target target;
    struct smk_process process;
    int status = smk_target_of_process(&target, pid);
    if ((status != 0 && status != -EACCES) || !smk_process_read(&process, pid))
        return false;
    *row = (struct row){.pid = pid, .first = pid, .state = "-", .address = "-"};
    snprintf(row->name, sizeof(row->name), "%s", process.name);
    snprintf(row->socket, sizeof(row->socket), "%s", status == 0 ? target.name : "-");
    if (status == 0)
        ask(row, &target);
    return status == 0;
}

static void put_cell(const char *text, int width)
{
    smk_cli_puts(stdout, text);
    printf("%*s", width > (int)strlen(text) ? width - (int)strlen(text) : 1, "");
}

static void put_row(const struct row *row, bool below)
{
    printf("%7d  ", row->pid);
    if (below)
        fputs("  ", stdout);
    put_cell(row->name, below ? 15 : 17);
    put_cell(row->state, 11);
    put_cell(row->address, 23);
    smk_cli_puts(stdout, row->socket);
    putchar('\n');
}

/* A first that is another's child, or not to be seen, gathers nobody. */
static bool is_head(const struct row *rows, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].pid == pid)
            return rows[i].first == pid;
    return false;
}

static int by_family(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if ((x->pid == x->first) != (y->pid == y->first))
        return x->pid == x->first ? -1 : 1;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static void put_rows(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_head(rows, count, rows[i].first))
            rows[i].first = rows[i].pid;
    qsort(rows, count, sizeof(*rows), by_family);
    printf("    PID  NAME             STATE      ADDRESS                SOCKET\n");
    for (size_t i = 0; i < count; i++)
        put_row(&rows[i], rows[i].first != rows[i].pid);
}

/* False: no memory. */
static bool add_row(struct row **rows, size_t *count, const struct row *row)
{
    size_t room = *count && (*count & (*count - 1)) == 0 ? 2 * *count : *count ? 0 : 1;
    struct row *grown = room ? realloc(*rows, room * sizeof(**rows)) : *rows;
    if (!grown)
        return false;
    *rows = grown;
    grown[(*count)++] = *row;
    return true;
}

static int list(void)
{
    struct row row, *rows = NULL;
    size_t count = 0;
    bool room = true;
    DIR *proc = opendir("/proc");
    if (!proc)
        return smk_cli_fail("/proc cannot be read: %m");
    for (struct dirent *entry = readdir(proc); entry && room; entry = readdir(proc)) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (*end == '\0' && pid > 0 && fill(&row, (pid_t)pid))
            room = add_row(&rows, &count, &row);
    }
    closedir(proc);
    if (count > 0)
        put_rows(rows, count);
    free(rows);
    if (!room)
        return smk_cli_fail("no memory for more than %zu processes", count);
    if (count == 0)
        smk_cli_note(
            "no process that this user may see has an agent; `stallmark run -- COMMAND` starts "
            "one with it");
    return SMK_EXIT_FINE;
}

static int run(int argc, char **argv)
{
    const struct smk_cli_option options[] = {SMK_CLI_END};
    struct smk_cli_args args;
    if (!smk_cli_parse(&args, &smk_cmd_ps, options, argc, argv))
        return args.exit_code;
    if (args.count != 0)
        return smk_cli_fail("no operand is wanted, got '%s'", args.operand[0]);
    return list();
}

const struct smk_command smk_cmd_ps = {
    "ps",
    "usage: stallmark ps\n"
    "\n"
    "The processes of this host, containers included, that have an agent and a socket that this "
    "user may\n"
    "use: pid, name, state, address of the HTTP front, socket. Processes of one program that forked\n"
    "stand below the first of them, which arms all.\n",
    "list the processes that have an agent", run};
