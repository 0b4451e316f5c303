/* gate.h: the one word that says what is recorded now.
 *
 * smk_gate is the union of the categories of everything that records (timed captures, snapshots with
 * post-roll, the flight recorder). It is read on every traced call of the host, relaxed: a call that
 * races with arming is recorded or not, and the file says from when every thread is complete.
 */
#ifndef SMK_CORE_GATE_H
#define SMK_CORE_GATE_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "format/events.h"
#include "stallmark/abi.h"

SMK_INLINE bool smk_gate_open(uint32_t categories)
{
    return SMK_UNLIKELY(smk_load_relaxed(&smk_gate) & categories);
}

#endif
