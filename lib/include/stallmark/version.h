/* stallmark/version.h: versions of the library, of its binary interface and of the file format.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_VERSION_H
#define STALLMARK_VERSION_H

/* Release of the library, semantic versioning. */
#define SMK_VERSION_MAJOR  0
#define SMK_VERSION_MINOR  1
#define SMK_VERSION_PATCH  0
#define SMK_VERSION_STRING "0.1.0"

/* Binary interface between the macros of trace.h and the library (abi.h). While it is 0 every
 * minor release may change it. A library that finds a copy of itself with another number in the
 * process goes inert and says so. */
#define SMK_ABI_VERSION 1

/* Format of the files, docs/format.md: major << 8 | minor. A reader opens every minor version of
 * its own major version, and says by name what it does not know. */
#define SMK_FORMAT_VERSION 0x0001

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The version of the library in this process, "0.1.0". Any thread; since 0.1. */
const char *smk_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
