/* doors.c: the gate's rules in force: read once out of the settings, asked by every front. */
#include "fronts.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "front.h"

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_DOORS);
static struct smk_gate_rules rules;  /* lock */
static struct smk_gate_bucket wrong; /* lock */

static int read_address(const struct smk_settings *settings, struct smk_gate_rules *next)
{
    uint16_t port;
    if (!smk_settings_listen(settings))
        return 0;
    if (!smk_parse_listen(settings->listen, &next->address, &port))
        return smk_fail(SMK_E_INVALID,
                        "listen: '%s': allowed is an IPv4 address and a port, as in 127.0.0.1:6060",
                        settings->listen);
    if (smk_quad_is_loopback(next->address))
        return 0;
    if (!settings->allow_remote)
        return smk_fail(SMK_E_INVALID,
                        "listen: %s is not loopback: that needs allow_remote and a token_file",
                        settings->listen);
    if (!next->control.set && !next->read.set)
        return smk_fail(SMK_E_INVALID, "listen: %s is not loopback: that needs a token_file",
                        settings->listen);
    return 0;
}

int smk_gate_open_doors(const struct smk_settings *settings)
{
    struct smk_gate_rules next = {.allow_remote = settings->allow_remote};
    int rc = 0;
    if (settings->token_file)
        rc = smk_token_read(&next.control, "token_file", settings->token_file);
    if (rc == 0 && settings->read_token_file)
        rc = smk_token_read(&next.read, "read_token_file", settings->read_token_file);
    if (rc == 0)
        rc = smk_parse_hosts(settings->hosts, next.hosts);
    if (rc == 0)
        rc = read_address(settings, &next);
    if (rc == 0) {
        smk_lock(&lock);
        rules = next;
        wrong.empty_at = 0;
        smk_unlock(&lock);
        smk_front_set_stall(settings->http_stall);
    }
    explicit_bzero(&next, sizeof(next));
    return rc;
}

void smk_gate_reset_in_child(void) { smk_lock_reset(&lock); }

void smk_gate_close_doors(void)
{
    smk_lock(&lock);
    explicit_bzero(&rules, sizeof(rules));
    smk_unlock(&lock);
}

static void slow_down(struct smk_gate_verdict *verdict)
{
    verdict->status = 429;
    verdict->title = "too many wrong tokens";
    snprintf(verdict->detail, sizeof(verdict->detail), "%s",
             "wait a second; the unix socket takes requests without a token");
}

void smk_gate_pass(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    smk_lock(&lock);
    smk_gate_judge(&rules, head, now, verdict);
    if (verdict->wrong_token && !smk_gate_bucket_take(&wrong, now))
        slow_down(verdict);
    smk_unlock(&lock);
}

int smk_gate_ticket(const char *id, char key[SMK_TICKET_SIZE])
{
    smk_lock(&lock);
    int rc = smk_tickets_give(&rules.tickets, id, smk_sys_clock(CLOCK_MONOTONIC), key);
    smk_unlock(&lock);
    return rc;
}
