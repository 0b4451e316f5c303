/* probe.h: system calls that a filter would end the process for.
 *
 * A service's filter (seccomp) may end the process at a call that it does not know the service to make, and
 * ours would be the first of its kind. So where there is a filter each such call is first made by a child
 * that shares nothing with us and whose end nobody is told of: what it does not survive is not done.
 */
#ifndef SMK_SOURCE_PROBE_H
#define SMK_SOURCE_PROBE_H

#include "base/compiler.h"

/* Looks whether there is a filter, and where there is a new one tries the calls. Before the library's first
 * own call, and at each arming, since a host adds filters as it goes. NULL, or why nothing can be recorded:
 * a call without which there is no capture. */
const char *smk_probe_calls(void);

/* The host has set a filter on itself. Until the next arming finds out more, what can be done without is not
 * done; what a capture needs and that runs now was let through before, but the filter may end that too. */
void smk_probe_filter_set(void);

/* There was a filter at the last look. */
bool smk_probe_filtered(void);

/* NULL, or a line that names what was not done because of a filter. Static. */
const char *smk_probe_refused(void);

#endif
