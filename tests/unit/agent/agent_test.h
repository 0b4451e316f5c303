/* agent_test.h: an agent with a directory of its own, for one test. */
#ifndef SMK_TESTS_AGENT_TEST_H
#define SMK_TESTS_AGENT_TEST_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "fake_front.h"

#include "base/errors.h"
#include "stallmark/agent.h"
#include "stallmark/trace.h"

static char directory[64];

static inline int start_with(const struct smk_agent_setting *settings)
{
    smk_agent_options options = SMK_AGENT_OPTIONS;
    options.socket = "off";
    options.directory = directory;
    options.settings = settings;
    int rc = smk_agent_start(&options);
    if (rc < 0)
        print_error("%s\n", smk_last_error());
    return rc;
}

static inline int empty_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/smk-captures-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static inline int remove_directory(void **state)
{
    (void)state;
    smk_agent_stop();
    DIR *dir = opendir(directory);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    return rmdir(directory);
}

static inline void value_of(const char *json, const char *key, char *value, size_t size)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
    const char *at = strstr(json, pattern);
    assert_non_null(at);
    at += strlen(pattern);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
}

static inline void work(int times)
{
    for (int i = 0; i < times; i++) {
        SMK_REGION("work");
        SMK_LOG("step", i, "a text of some length");
    }
}

/* Waits until status lists no capture that runs. */
static inline void wait_until_done(void)
{
    for (int i = 0; i < 500; i++) {
        char *body = fake_body("GET", "/debug/trace/status", 200);
        bool idle = strstr(body, "\"captures\":[]") != NULL;
        free(body);
        if (idle)
            return;
        smk_sys_sleep(10000000);
    }
    fail();
}

static inline unsigned count_files(void)
{
    unsigned count = 0;
    DIR *dir = opendir(directory);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static inline bool is_trace(const char *body, size_t len) { return len > 80 && memcmp(body, "SMK\x89", 4) == 0; }

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, empty_directory, remove_directory)

#endif
