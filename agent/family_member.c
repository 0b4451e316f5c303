#define _GNU_SOURCE
#include "family_member.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/sys.h"
#include "captures.h"
#include "control.h"
#include "core/fds.h"
#include "family.h"
#include "family_ask.h"
#include "family_wire.h"
#include "format/events.h"
#include "heap.h"
#include "log.h"
#include "rules.h"

#define LINKS_MAX 9 /* one of them for rules */
#define ASK_NS    UINT64_C(2000000000) /* within which whoever connects asks */
#define END_NS    UINT64_C(1000000000) /* for the last message */

struct smk_family_link {
    int fd;
    struct smk_watch *watch;
    struct smk_timer *timer;
    struct smk_wire_begin asked;
    struct smk_running *running; /* NULL: not begun */
    bool rules;                  /* it is for rules: no capture will begin */
    struct smk_family_link *next;
};

static struct {
    int listener; /* 0: none */
    struct smk_watch *watch;
    uint8_t name[SMK_FAMILY_NAME];
    struct smk_family_link *links;
    unsigned count;
    uint64_t refused;
} member; /* the loop's */

/* ---- what captures.c needs -------------------------------------------------------------------------------- */

const char *smk_link_id(const struct smk_family_link *link) { return link->asked.id; }
uint64_t smk_link_number(const struct smk_family_link *link) { return link->asked.number; }
struct smk_tape *smk_link_tape(struct smk_family_link *link) { return smk_tape_new_stream(link->fd); }

void smk_link_end(struct smk_family_link *link, struct smk_capture *capture, enum smk_reason reason)
{
    struct smk_capture_progress progress;
    smk_capture_get_progress(capture, &progress);
    struct smk_wire_end end = {.reason = reason, .events = progress.events, .lost = progress.lost};
    smk_wire_send_wait(link->fd, SMK_WIRE_END, &end, sizeof end, END_NS);
}

void smk_link_free(struct smk_family_link *link)
{
    struct smk_family_link **at = &member.links;
    while (*at && *at != link)
        at = &(*at)->next;
    if (*at) {
        *at = link->next;
        member.count--;
    }
    smk_watch_free(link->watch);
    smk_timer_free(link->timer);
    smk_fd_close(link->fd);
    smk_heap_free(link);
}

/* ---- asked ------------------------------------------------------------------------------------------------ */

static bool make_arm(struct smk_family_link *link, struct smk_arm *arm)
{
    const struct smk_wire_begin *asked = &link->asked;
    *arm = (struct smk_arm){.kind = asked->kind == SMK_CAPTURE_SNAPSHOT ? SMK_CAPTURE_SNAPSHOT : SMK_CAPTURE_TIMED,
                            .categories = asked->categories & SMK_CAT_ALL,
                            .duration_ns = asked->duration_ns,
                            .before_ns = asked->before_ns,
                            .after_ns = asked->after_ns,
                            .max_bytes = asked->max_bytes,
                            .link = link};
    memcpy(arm->name, asked->name, sizeof arm->name);
    arm->name[sizeof arm->name - 1] = '\0';
    return strnlen(asked->id, sizeof asked->id) < sizeof asked->id && asked->number != 0;
}

static void begin(struct smk_family_link *link)
{
    struct smk_wire_answer answer = {0};
    struct smk_arm arm;
    struct smk_running *running = NULL;
    answer.rc = make_arm(link, &arm) ? smk_captures_begin(&arm, &running) : smk_fail(SMK_E_INVALID, "not understood");
    if (answer.rc < 0)
        snprintf(answer.why, sizeof answer.why, "%s", smk_last_error());
    smk_wire_send(link->fd, SMK_WIRE_ANSWER, &answer, sizeof answer);
    if (answer.rc == 0)
        link->running = running;
    else
        smk_link_free(link);
}

/* The first wants no more, or has gone: what there is goes out, or nowhere. */
static void over(struct smk_family_link *link)
{
    if (!link->running) {
        smk_link_free(link);
        return;
    }
    smk_captures_stop(link->running);
    smk_watch_free(link->watch); /* the other end's end would be told again and again */
    link->watch = NULL;
}

/* Of several the last that called counts: the one before has gone, or is about to. */
static struct smk_family_link *link_of_rules(const struct smk_family_link *but)
{
    struct smk_family_link *link = member.links;
    while (link && (!link->rules || link == but))
        link = link->next;
    return link;
}

static void take_rules(struct smk_family_link *link, const struct smk_wire_rules *rules, size_t len)
{
    struct smk_wire_answer answer = {0};
    struct smk_family_link *other = link_of_rules(link);
    if (other)
        smk_link_free(other);
    link->rules = true;
    answer.rc = smk_rules_take(rules->text, len - offsetof(struct smk_wire_rules, text));
    if (answer.rc < 0)
        snprintf(answer.why, sizeof answer.why, "%s", smk_last_error());
    smk_wire_send(link->fd, SMK_WIRE_ANSWER, &answer, sizeof answer);
}

bool smk_member_report(const struct smk_wire_matched *matched)
{
    struct smk_family_link *link = link_of_rules(NULL);
    return link && smk_wire_send(link->fd, SMK_WIRE_MATCHED, matched, sizeof *matched) == 0;
}

static void link_due(void *arg)
{
    struct smk_family_link *link = arg;
    struct smk_wire_message message;
    int rc = smk_wire_receive(link->fd, &message);
    if (rc == -EAGAIN)
        return;
    bool rules = rc >= 0 && message.kind == SMK_WIRE_RULES;
    bool known = rules || message.kind == SMK_WIRE_BEGIN || message.kind == SMK_WIRE_ASK;
    if (rc < 0 || link->running || !known || (!rules && link->rules)) {
        over(link);
        return;
    }
    smk_timer_clear(link->timer);
    if (message.kind == SMK_WIRE_ASK) {
        int fd = link->fd;
        link->fd = -1;
        smk_link_free(link);
        smk_ask_serve(fd, &message.is.ask);
        return;
    }
    if (rules) {
        take_rules(link, &message.is.rules, (size_t)rc);
        return;
    }
    link->asked = message.is.begin;
    begin(link);
}

static void asked_nothing(void *arg)
{
    over(arg);
}

/* ---- who asks --------------------------------------------------------------------------------------------- */

/* The others of the family connect as well, to see whether we live, and ask nothing: they are not counted. */
static bool may_ask(int fd)
{
    uid_t uid;
    pid_t pid = smk_wire_peer(fd, &uid);
    if (pid > 0 && pid == smk_family_first() && (uid == 0 || uid == geteuid()) && member.count < LINKS_MAX)
        return true;
    member.refused += !smk_family_has(pid) || member.count == LINKS_MAX;
    return false;
}

static struct smk_family_link *new_link(int fd)
{
    struct smk_family_link *link = smk_heap_zalloc(sizeof *link);
    if (!link) {
        smk_fd_close(fd);
        return NULL;
    }
    link->fd = fd;
    link->watch = smk_watch_new(fd, link_due, link);
    link->timer = smk_timer_new(asked_nothing, link);
    if (link->watch && link->timer) {
        smk_timer_set(link->timer, ASK_NS);
        return link;
    }
    smk_link_free(link);
    return NULL;
}

static void accept_due(void *arg)
{
    (void)arg;
    int fd = smk_wire_accept(member.listener);
    if (fd < 0)
        return;
    if (!may_ask(fd)) {
        smk_fd_close(fd);
        return;
    }
    struct smk_family_link *link = new_link(fd);
    if (!link)
        return;
    link->next = member.links;
    member.links = link;
    member.count++;
}

uint64_t smk_member_refused(void) { return member.refused; }

/* ---- begin and end ---------------------------------------------------------------------------------------- */

static void listen_now(void)
{
    int fd = smk_wire_listen(member.name);
    if (fd < 0)
        return; /* the next tick tries again */
    member.watch = smk_watch_new(fd, accept_due, NULL);
    if (member.watch)
        member.listener = fd;
    else
        smk_fd_close(fd);
}

void smk_member_open(void)
{
    if (!smk_family_exists())
        return;
    if (member.listener == 0)
        listen_now();
    if (member.listener != 0)
        smk_family_enter(member.name);
}

/* Links whose captures run are theirs. */
void smk_member_close(void)
{
    struct smk_family_link *next;
    smk_family_leave();
    for (struct smk_family_link *link = member.links; link; link = next) {
        next = link->next;
        if (!link->running)
            smk_link_free(link);
    }
    smk_ask_close();
    smk_watch_free(member.watch);
    if (member.listener != 0)
        smk_fd_close(member.listener);
    member.watch = NULL;
    member.listener = 0;
}

void smk_member_reset_in_child(void)
{
    memset(&member, 0, sizeof member); /* core closed the descriptors */
    smk_ask_reset_in_child();
    smk_family_reset_in_child();
}
