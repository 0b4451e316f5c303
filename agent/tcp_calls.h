/* tcp_calls.h: what libcivetweb asks of the system, answered by us.
 *
 * civetweb opens sockets, starts threads and changes signals as if the process were its own. In somebody
 * else's process none of that may be. So the functions that it calls are ours (imports.h):
 *
 *     sigaction            nothing happens: the host's SIGPIPE stays as it is
 *     pthread_create       the thread is hidden from the tracer, named, has all signals blocked
 *     socket, accept       descriptors lie in the reserved range (core/fds.h); none left: a pause, no spin
 *     recv, send, shutdown only while the descriptor is still the socket that it was; never a SIGPIPE
 *     malloc …             the agent's heap
 *     localtime, gmtime    the same moment always: libc keeps the host's last result in one place
 *     fork, execle, popen, kill, chdir, setuid, setgid, setgroups, dlopen    refused
 *
 * A host may use the same libcivetweb: calls of its threads go on to where they went.
 */
#ifndef SMK_AGENT_TCP_CALLS_H
#define SMK_AGENT_TCP_CALLS_H

#include "base/compiler.h"

#define SMK_TCP_CONNECTIONS 64

/* Once is enough; more do no harm. 0, or SMK_E_UNAVAILABLE. */
int smk_tcp_calls_replace(void *handle);

/* errno of the last bind that failed, 0: none did. */
int smk_tcp_bind_error(void);

/* The connection that this worker thread reads from; -1: none, or it is not the socket any more that it was. */
int smk_tcp_connection(void);

/* This worker has answered: what the client still sends is not waited for long. */
void smk_tcp_connection_done(void);

/* Ends every connection, so that no worker waits for one, and the listening sockets, so that the accepting
 * thread wakes up. */
void smk_tcp_shutdown_all(void);

/* In a fork's child: the parent's. */
void smk_tcp_calls_reset_in_child(void);

#endif
