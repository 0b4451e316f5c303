/* life.h: the library's beginning and end in a process, and in its children. */
#ifndef SMK_SOURCE_LIFE_H
#define SMK_SOURCE_LIFE_H

#include "base/compiler.h"

/* How many objects with this library in them the process has. The loader binds the name of this word, as all
 * names of ours, to the same object in every one of them: it is that object's copy that works, and that the
 * program's calls meet, whichever constructor runs first; the others stay inert. An executable that has the
 * archive in it shows the word to others only when it exports its symbols (-rdynamic). */
extern SMK_EXPORT uint32_t smk_copies;

/* The beginning, which the loader runs: early, but behind libc, whose priorities go up to 100. Named so that
 * a program that links the archive can ask for it: no function of the interface needs it
 * (-u smk_life_begin). */
__attribute__((constructor(101))) void smk_life_begin(void);

#endif
