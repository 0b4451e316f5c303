#include "rule_family.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "core/fds.h"
#include "core/notable.h"
#include "family_member.h"
#include "heap.h"
#include "log.h"

#define LOOK_NS    UINT64_C(100000000)
#define WAITING_NS UINT64_C(20000000)   /* while a client waits */
#define ALONE_NS   UINT64_C(250000000)
#define ANSWER_NS  UINT64_C(1000000000) /* until one that does not answer is named */
#define IN_A_ROW   (2 * SMK_RULES_MAX + 8u) /* messages of one member in one look */
#define MATCHES    SMK_NOTABLES         /* the same of matches */

struct member {
    struct smk_family_process process;
    int fd;        /* < 0: none */
    uint32_t open; /* times that it was told and has not answered */
    uint64_t has;  /* the revision that went out last */
    uint64_t since;
    bool refused;  /* it said what nobody of ours says: it is not asked again */
    bool listed;   /* as of this look */
    char why[SMK_WIRE_WHY]; /* it has not; "": it has, or has been asked */
};

static struct {
    struct smk_timer *timer;
    struct member *members; /* SMK_FAMILY_MAX; NULL: there never were any */
    uint32_t count, left_out; /* rules that did not fit into a message */
    struct smk_wire_rules *said;
    size_t said_len;
    uint64_t revision; /* of what is said; 0: nothing yet */
    bool is_member;
    struct smk_exchange *waiting;
    void (*answer)(struct smk_exchange *exchange);
    uint64_t waiting_since;
} family;

/* ---- what is said ------------------------------------------------------------------------------------------------ */

static void put_rules(void)
{
    char line[SMK_RULE_TEXT + SMK_RULE_NAME + 32];
    size_t room = sizeof family.said->text, len = 0;
    family.left_out = 0;
    for (const struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        if (live->broken)
            continue;
        int size = snprintf(line, sizeof line, "%llu %u %u %s: %s\n", (unsigned long long)live->number,
                            (unsigned)live->origin, (unsigned)live->persists, live->rule.name, live->rule.text);
        if (size < 0 || (size_t)size >= sizeof line || (size_t)size > room - len) {
            family.left_out++;
            continue;
        }
        memcpy(family.said->text + len, line, (size_t)size);
        len += (size_t)size;
    }
    family.said->revision = ++family.revision;
    family.said_len = offsetof(struct smk_wire_rules, text) + len;
}

/* Where nobody of the family was told yet and there is nothing to tell, nobody is connected to. */
static bool are_wanted(void) { return smk_rules_first() || family.count > 0; }

static bool make_room(void)
{
    if (!family.members)
        family.members = smk_heap_zalloc(SMK_FAMILY_MAX * sizeof *family.members);
    if (!family.said)
        family.said = smk_heap_zalloc(sizeof *family.said);
    if (!family.members || !family.said)
        return false;
    if (family.revision == 0)
        put_rules();
    return true;
}

/* ---- one member -------------------------------------------------------------------------------------------------- */

static void hang_up(struct member *m, const char *why)
{
    smk_fd_close(m->fd);
    m->fd = -1;
    m->open = 0;
    m->has = 0;
    snprintf(m->why, sizeof m->why, "%s", why);
}

static void call(struct member *m)
{
    uid_t uid;
    m->fd = smk_wire_connect(m->process.name);
    if (m->fd < 0) {
        hang_up(m, m->fd == -EAGAIN ? "its agent does not answer" : "its agent's socket cannot be connected to");
    } else if (smk_wire_peer(m->fd, &uid) != m->process.pid) {
        m->refused = true; /* who has its name is somebody else */
        hang_up(m, "its agent's socket is another process's");
    }
}

static void tell(struct member *m, uint64_t now)
{
    int rc = smk_wire_send(m->fd, SMK_WIRE_RULES, family.said, family.said_len);
    if (rc == -EAGAIN) {
        snprintf(m->why, sizeof m->why, "its agent does not answer");
    } else if (rc < 0) {
        hang_up(m, "its agent hung up");
    } else {
        m->has = family.revision;
        m->open++;
        m->since = now;
        m->why[0] = '\0';
    }
}

static bool take_answer(struct member *m, struct smk_wire_answer *answer)
{
    if (m->open == 0)
        return false;
    m->open--;
    answer->why[sizeof answer->why - 1] = '\0';
    for (char *at = answer->why; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    snprintf(m->why, sizeof m->why, "%s", answer->rc == 0 ? "" : answer->why[0] ? answer->why : "it does not say why");
    return true;
}

bool smk_rule_family_read(const struct smk_wire_matched *said, uint32_t pid, uint64_t now, struct smk_cause *cause)
{
    if (!memchr(said->what, '\0', sizeof cause->what) || said->count > MATCHES || said->running > 1)
        return false;
    *cause = (struct smk_cause){.time_unix_ns = now,
                                .value = smk_min_u64(said->value, INT64_MAX),
                                .request = said->request,
                                .tid = said->tid,
                                .status = said->status <= 999 ? said->status : 0,
                                .running = said->running != 0,
                                .pid = pid};
    memcpy(cause->what, said->what, sizeof cause->what);
    return true;
}

static struct smk_rule_live *find(uint64_t number)
{
    struct smk_rule_live *live = smk_rules_first();
    while (live && live->number != number)
        live = live->next;
    return live;
}

/* `left`: of what one member may say in one look. Of a rule that is not any more nothing is to be done. */
static bool take_matched(struct member *m, const struct smk_wire_matched *said, uint32_t *left)
{
    struct smk_cause cause;
    if (!smk_rule_family_read(said, (uint32_t)m->process.pid, smk_sys_clock(CLOCK_REALTIME), &cause))
        return false;
    struct smk_rule_live *live = find(said->number);
    uint32_t count = said->count < *left ? said->count : *left;
    *left -= count;
    for (uint32_t i = 0; live && !live->broken && i < count; i++)
        smk_rule_matched(live, &cause);
    if (live && !live->broken && said->count == 0)
        smk_rule_lasted(live, &cause);
    return true;
}

static bool take(struct member *m, struct smk_wire_message *message, uint32_t *left)
{
    if (message->kind == SMK_WIRE_ANSWER)
        return take_answer(m, &message->is.answer);
    return message->kind == SMK_WIRE_MATCHED && take_matched(m, &message->is.matched, left);
}

static void hear(struct member *m)
{
    static struct smk_wire_message message; /* 32 KiB; the control loop's */
    uint32_t left = MATCHES;
    for (unsigned i = 0; i < IN_A_ROW; i++) {
        int rc = smk_wire_receive(m->fd, &message);
        if (rc == -EAGAIN)
            return;
        if (rc < 0 && rc != -EPROTO) {
            hang_up(m, "its agent hung up");
            return;
        }
        if (rc < 0 || !take(m, &message, &left)) {
            m->refused = true;
            hang_up(m, "it said what is not understood");
            smk_agent_log("process %d said about rules what is not understood", m->process.pid);
            return;
        }
    }
}

static void look_after(struct member *m, uint64_t now)
{
    if (m->refused)
        return;
    if (m->fd < 0)
        call(m);
    if (m->fd >= 0 && m->has != family.revision)
        tell(m, now);
    if (m->fd >= 0)
        hear(m);
    if (m->open > 0 && !m->why[0] && now - m->since > ANSWER_NS)
        snprintf(m->why, sizeof m->why, "its agent does not answer");
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static void note_member(const struct smk_family_process *process)
{
    for (uint32_t i = 0; i < family.count; i++) {
        struct member *m = &family.members[i];
        if (m->process.pid == process->pid && memcmp(m->process.name, process->name, SMK_FAMILY_NAME) == 0) {
            m->listed = true;
            return;
        }
    }
    if (family.count < SMK_FAMILY_MAX)
        family.members[family.count++] = (struct member){.process = *process, .fd = -1, .listed = true};
}

static void forget_unlisted(void)
{
    for (uint32_t i = 0; i < family.count;) {
        struct member *m = &family.members[i];
        if (m->listed) {
            m->listed = false;
            i++;
        } else {
            smk_fd_close(m->fd);
            *m = family.members[--family.count];
        }
    }
}

static void look_for_members(void)
{
    struct smk_family_process others[SMK_FAMILY_MAX];
    uint32_t count = smk_family_others(others);
    if (count == 0 && family.count == 0)
        return;
    if (!make_room())
        return;
    for (uint32_t i = 0; i < count; i++)
        note_member(&others[i]);
    forget_unlisted();
}

static bool somebody_is_asked(void)
{
    for (uint32_t i = 0; i < family.count; i++) {
        const struct member *m = &family.members[i];
        if (!m->why[0] && (m->open > 0 || m->has != family.revision))
            return true;
    }
    return false;
}

static void answer_waiting(void)
{
    while (family.waiting) {
        struct smk_exchange *exchange = family.waiting;
        family.waiting = exchange->next;
        exchange->abandoned = NULL;
        family.answer(exchange);
    }
}

static void look(void)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    bool first = smk_family_exists() && smk_family_is_first() && are_wanted();
    if (first)
        look_for_members();
    for (uint32_t i = 0; i < family.count; i++) {
        if (first)
            look_after(&family.members[i], now);
        else
            smk_fd_close(family.members[i].fd);
    }
    if (!first)
        family.count = 0;
    if (!somebody_is_asked() || now - family.waiting_since > ANSWER_NS)
        answer_waiting();
}

static void due(void *arg)
{
    (void)arg;
    look();
    smk_timer_set(family.timer, family.waiting ? WAITING_NS : family.count ? LOOK_NS : ALONE_NS);
}

void smk_rule_family_changed(void)
{
    if (!family.said)
        return; /* there was nobody yet: it is put together for the first that comes */
    put_rules();
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void abandoned(struct smk_exchange *exchange)
{
    struct smk_exchange **at = &family.waiting;
    while (*at && *at != exchange)
        at = &(*at)->next;
    if (*at)
        *at = exchange->next;
    smk_heap_free(exchange->handler);
    exchange->handler = NULL;
}

bool smk_rule_family_wait(struct smk_exchange *exchange, void (*answer)(struct smk_exchange *exchange))
{
    if (!family.timer)
        return false;
    look();
    if (!somebody_is_asked())
        return false;
    exchange->abandoned = abandoned;
    exchange->next = family.waiting;
    family.waiting = exchange;
    family.answer = answer;
    family.waiting_since = smk_sys_clock(CLOCK_MONOTONIC);
    smk_timer_set(family.timer, WAITING_NS);
    return true;
}

static const char *why_not(const struct member *m)
{
    if (m->why[0])
        return m->why;
    return m->open > 0 || m->has != family.revision ? "it has been asked" : NULL;
}

void smk_rule_family_put(struct smk_json *json)
{
    char text[SMK_WIRE_WHY + 32];
    uint32_t have = 0;
    if (family.count == 0)
        return;
    for (uint32_t i = 0; i < family.count; i++)
        have += !why_not(&family.members[i]);
    smk_json_begin(json, "family", '{');
    smk_json_number(json, "others", family.count);
    smk_json_number(json, "have_them", have);
    smk_json_number(json, "rules_left_out", family.left_out);
    smk_json_begin(json, "missing", '[');
    for (uint32_t i = 0; i < family.count; i++) {
        const struct member *m = &family.members[i];
        if (!why_not(m))
            continue;
        snprintf(text, sizeof text, "%d: %s", m->process.pid, why_not(m));
        smk_json_text(json, NULL, text);
    }
    smk_json_end(json, ']');
    smk_json_end(json, '}');
}

void smk_rule_family_say(struct smk_text *text)
{
    for (uint32_t i = 0; i < family.count; i++) {
        const struct member *m = &family.members[i];
        if (!why_not(m))
            continue;
        smk_text_say(text, "# process %d has not all of them: ", m->process.pid);
        smk_text_say_escaped(text, why_not(m));
        smk_text_say(text, "\n");
    }
    if (family.count > 0 && family.left_out > 0)
        smk_text_say(text, "# %u rules are for process %d alone: they are too long\n", family.left_out,
                     smk_sys_getpid());
}

/* ---- the others -------------------------------------------------------------------------------------------------- */

bool smk_rule_family_is_member(void) { return family.is_member; }

void smk_rule_family_look_begins(void) { family.is_member = smk_family_is_listed() && !smk_family_is_first(); }

void smk_rule_family_keep(struct smk_rule_live *live, const struct smk_cause *cause)
{
    live->matched++;
    if (live->away_count < MATCHES)
        live->away_count++;
    if (!live->away.time_unix_ns || cause->value > live->away.value)
        live->away = *cause;
}

void smk_rule_family_lasts(struct smk_rule_live *live, const struct smk_cause *cause)
{
    if (!live->away_lasts.time_unix_ns || cause->value > live->away_lasts.value)
        live->away_lasts = *cause;
}

static bool report(const struct smk_rule_live *live, const struct smk_cause *cause, uint32_t count)
{
    struct smk_wire_matched said = {.number = live->number,
                                    .value = cause->value,
                                    .request = cause->request,
                                    .tid = cause->tid,
                                    .status = cause->status,
                                    .count = count,
                                    .running = cause->running};
    snprintf(said.what, sizeof said.what, "%s", cause->what);
    return live->number != 0 && smk_member_report(&said);
}

static void tell_of_lasting(struct smk_rule_live *live)
{
    struct smk_cause cause = live->away_lasts;
    if (!cause.time_unix_ns || (family.is_member && !report(live, &cause, 0)))
        return;
    live->away_lasts.time_unix_ns = 0;
    if (!family.is_member)
        smk_rule_lasted(live, &cause);
}

static void tell_of_matches(struct smk_rule_live *live)
{
    struct smk_cause cause = live->away;
    uint32_t count = family.is_member ? 0 : live->away_count;
    if (live->away_count == 0 || (family.is_member && !report(live, &cause, live->away_count)))
        return;
    live->away_count = 0;
    live->away = (struct smk_cause){0};
    for (uint32_t i = 0; i < count; i++)
        smk_rule_matched(live, &cause);
}

/* What cannot be told now stays, as a number and the worst, until there is a first that has called us. */
void smk_rule_family_look_ends(void)
{
    for (struct smk_rule_live *live = smk_rules_first(); live; live = live->next) {
        tell_of_matches(live);
        tell_of_lasting(live);
    }
}

/* ---- begin and end ----------------------------------------------------------------------------------------------- */

void smk_rule_family_begin(void)
{
    family.timer = smk_timer_new(due, NULL);
    if (family.timer)
        smk_timer_set(family.timer, ALONE_NS);
}

void smk_rule_family_end(void)
{
    answer_waiting();
    for (uint32_t i = 0; i < family.count; i++)
        smk_fd_close(family.members[i].fd);
    smk_heap_free(family.members);
    smk_heap_free(family.said);
    smk_timer_free(family.timer);
    memset(&family, 0, sizeof family);
}

/* Core closed the descriptors; what they hold was the parent's. */
void smk_rule_family_reset_in_child(void) { memset(&family, 0, sizeof family); }
