/* The tightest memory limit, in trees of files that look like control groups. */
#include "unit/smk_test.h"

#include <sys/stat.h>

#include "source/cgroup_memory.h"

static char root[64], listing[80];

static void put(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static uint64_t limit(void)
{
    struct smk_cgroup_memory memory;
    smk_cgroup_memory_read(listing, root, &memory);
    return memory.limit;
}

static int make(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/smk-cgroup-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    snprintf(listing, sizeof listing, "%s/listing", root);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

static void test_the_tightest_of_all_above(void **state)
{
    (void)state;
    put("listing", "0::/system.slice/shop.service\n");
    assert_true(limit() == UINT64_MAX);
    put("system.slice/shop.service/memory.max", "max\n");
    assert_true(limit() == UINT64_MAX);
    put("system.slice/memory.max", "1073741824\n");
    assert_true(limit() == UINT64_C(1) << 30);
    put("system.slice/shop.service/memory.max", "536870912\n");
    assert_true(limit() == UINT64_C(1) << 29);
    put("memory.max", "268435456\n"); /* a container sees its own limit as the root's */
    assert_true(limit() == UINT64_C(1) << 28);
}

static void test_version_1(void **state)
{
    (void)state;
    put("listing", "12:cpu,cpuacct:/a\n9:memory:/a/b\n1:name=systemd:/\n");
    put("memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    assert_true(limit() == UINT64_MAX);
    put("memory/a/memory.limit_in_bytes", "104857600\n");
    assert_true(limit() == 104857600);
}

static void test_nothing_to_read(void **state)
{
    (void)state;
    assert_true(limit() == UINT64_MAX);
    put("listing", "nonsense\n0:\n\n");
    assert_true(limit() == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_tightest_of_all_above, make, clean),
        cmocka_unit_test_setup_teardown(test_version_1, make, clean),
        cmocka_unit_test_setup_teardown(test_nothing_to_read, make, clean),
    };
    return SMK_RUN(tests);
}
