/* asked.h: what requests wait for that no thread waits for in a call: the answers of others.
 *
 *     connect ─▶ write ─▶ …the loop polls, and serves others… ─▶ read
 *     └ the question begins                                      └ the first bytes of the answer
 *
 * A loop that asks a service goes on with other work until the answer is there, and the request with it waits in
 * nobody's hands. So of each socket that the process connected the question is kept: since when, and for which
 * request, which is the one that the thread works for as it connects or writes. The read that brings the answer makes
 * an event of what lies between; so does each read after it, for the time since the one before. A question ends with
 * the answer's first bytes: what comes after the next write is the next one.
 *
 * Sockets in blocking mode make none: there a thread waits, and its call is the event. A thread that has read an answer
 * for a request, and works for none itself, asks for that request until it looks for other work: one answer leads to
 * the next question.
 *
 * Two threads that ask on one socket at once may be taken for one another. What was asked and not answered when the
 * record ended is not in it.
 */
#ifndef SMK_SOURCE_ASKED_H
#define SMK_SOURCE_ASKED_H

#include "source/conn.h"

/* At each arming. */
void smk_asked_prepare(void);

/* A socket that was there before: it is looked at whether it has a peer. Not one that is served. */
SMK_COLD void smk_asked_find(struct smk_fd_slot *slot, int fd);

/* The number is about to be connected. */
SMK_COLD void smk_asked_anew(int fd);

/* A call connects it, or wrote to it, and returned at `now`. */
void smk_asked_wrote(const struct smk_seen *seen, int fd, uint64_t now);
/* A read returned at `now`, and brought bytes. */
void smk_asked_read(const struct smk_seen *seen, int fd, uint64_t now);

#endif
