#define _GNU_SOURCE
#include "tickets.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"

int smk_tickets_give(struct smk_tickets *tickets, const char *id, uint64_t now, char key[SMK_TICKET_SIZE])
{
    uint64_t bits[2];
    struct smk_ticket *ticket = &tickets->array[0];
    if (smk_sys_random(bits, sizeof bits) < 0)
        return smk_fail(SMK_E_UNAVAILABLE, "the system gives no random bits: no ticket can be made");
    for (uint32_t i = 1; i < SMK_TICKETS_MAX; i++)
        if (tickets->array[i].until < ticket->until)
            ticket = &tickets->array[i];
    snprintf(ticket->key, sizeof ticket->key, "%016llx%016llx", (unsigned long long)bits[0],
             (unsigned long long)bits[1]);
    snprintf(ticket->id, sizeof ticket->id, "%s", id);
    ticket->until = now + SMK_TICKET_NS;
    memcpy(key, ticket->key, sizeof ticket->key);
    return 0;
}

/* What stands behind "ticket=" in the query, if it is as long as a key. */
static const char *key_of(const char *query)
{
    static const char name[] = "ticket=";
    size_t len = sizeof name - 1;
    for (const char *pair = query; pair; pair = strchr(pair, '&')) {
        pair += *pair == '&';
        if (strncmp(pair, name, len) == 0)
            return strcspn(pair + len, "&") == SMK_TICKET_SIZE - 1 ? pair + len : NULL;
    }
    return NULL;
}

/* Takes the same time wherever the two differ. */
static bool equals(const char *key, const char *other)
{
    uint8_t differ = 0;
    for (size_t i = 0; i < SMK_TICKET_SIZE - 1; i++)
        differ |= (uint8_t)(key[i] ^ other[i]);
    return differ == 0;
}

bool smk_tickets_take(struct smk_tickets *tickets, const char *path, const char *query, uint64_t now)
{
    static const char captures[] = "/debug/traces/";
    const char *key = key_of(query);
    if (!key || strncmp(path, captures, sizeof captures - 1) != 0)
        return false;
    for (uint32_t i = 0; i < SMK_TICKETS_MAX; i++) {
        struct smk_ticket *ticket = &tickets->array[i];
        if (ticket->until <= now || strcmp(ticket->id, path + sizeof captures - 1) != 0 || !equals(ticket->key, key))
            continue;
        explicit_bzero(ticket, sizeof *ticket);
        return true;
    }
    return false;
}
