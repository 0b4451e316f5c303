/* smk_test.h: cmocka with what it needs before it. */
#ifndef SMK_TESTS_SMK_TEST_H
#define SMK_TESTS_SMK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" { /* cmocka's own header says so nowhere */
#endif
#include <cmocka.h>
#ifdef __cplusplus
}
#endif

#define SMK_RUN(tests) cmocka_run_group_tests((tests), NULL, NULL)

#endif
