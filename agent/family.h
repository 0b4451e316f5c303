/* family.h: the processes that one program became by fork: who they are, and which of them is the first.
 *
 * All that they share is a table in memory that was mapped before the first fork: an entry for each process
 * that has an agent, with the random name of an abstract socket. What a process has that could not write a
 * directory any more is that table and its socket; what it records it sends through it (family_wire.h).
 *
 * The first of the family has the TCP front and arms the others. A child whose parent still lives leaves that
 * to it for a moment, since a master often begins to wait after its workers; when the first has gone, the next
 * one that looks takes its place.
 *
 * The table can be written by every process of the family, whatever rights it has left: what is read out of it
 * is checked against what the kernel says of the process at the other end of the socket.
 *
 * On the control loop's thread, but where said.
 */
#ifndef SMK_AGENT_FAMILY_H
#define SMK_AGENT_FAMILY_H

#include <sys/types.h>

#include "base/compiler.h"

#define SMK_FAMILY_MAX  64 /* processes with an agent */
#define SMK_FAMILY_NAME 16 /* bytes of a socket's random name */

struct smk_family_process {
    int pid;
    uint8_t name[SMK_FAMILY_NAME];
};

/* From the preload's constructor and when an agent starts: the table is made before the next fork. */
void smk_family_prepare(void);

/* Puts this process into the table, with the name of its socket; false: there is no table, or no room in it. */
bool smk_family_enter(uint8_t name[SMK_FAMILY_NAME]);
void smk_family_leave(void);

/* True when this process is the first, or becomes it now; in a process that never forked always. */
bool smk_family_lead(void);
bool smk_family_is_first(void);
/* The first; 0: none is. Any thread. */
int smk_family_first(void);

/* Has it found a place in the table? Then the first can call it. On the control loop. */
bool smk_family_is_listed(void);

/* The others, at most SMK_FAMILY_MAX; how many. Any thread. */
uint32_t smk_family_others(struct smk_family_process *list);
/* Those with an agent that found no room in the table, as far as they say. Any thread. */
uint32_t smk_family_unlisted(void);
/* Is there an agent in this process of the family? Any thread. */
bool smk_family_has(int pid);

/* Is there a table? Without one there was no fork. */
bool smk_family_exists(void);
/* Is this process somebody's fork? Then it may have less rights than who began. */
bool smk_family_is_child(void);

void smk_family_reset_in_child(void);

#endif
