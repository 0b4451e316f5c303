#include "source/cgroup.h"

#include <stdio.h>
#include <string.h>

#include "base/sys.h"

#define PATH_SIZE 1024

bool smk_cgroup_read_file(const char *dir, const char *name, char *text, size_t size)
{
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof path, "%s/%s", dir, name);
    return len > 0 && (size_t)len < sizeof path && smk_sys_slurp(path, text, size) > 0;
}

/* From the group itself up to the root, which has no limit. In a container the path may lie outside of what
 * is mounted: then what is mounted is the container's own. */
static void visit_up(const char *root, char *group, bool v2, smk_cgroup_visit visit, void *arg)
{
    char dir[PATH_SIZE];
    if (strcmp(group, "/") == 0)
        group[0] = '\0';
    for (;;) {
        char *slash = strrchr(group, '/');
        snprintf(dir, sizeof dir, "%s%s", root, group);
        visit(arg, dir, v2);
        if (!slash)
            break;
        *slash = '\0';
    }
}

/* "cpu,cpuacct" has "cpu". */
static bool has_controller(const char *list, const char *controller)
{
    size_t len = strlen(controller);
    for (const char *at = list; *at; at += at[0] == ',') {
        size_t part = strcspn(at, ",");
        if (part == len && memcmp(at, controller, len) == 0)
            return true;
        at += part;
    }
    return false;
}

bool smk_cgroup_each(const char *listing, const char *root, const char *controller, smk_cgroup_visit visit,
                     void *arg)
{
    char text[4096], v1_root[PATH_SIZE];
    if (smk_sys_slurp(listing, text, sizeof text) <= 0)
        return false;
    snprintf(v1_root, sizeof v1_root, "%s/%s", root, controller);
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        if (controllers[1] == '\0')
            visit_up(root, group, true, visit, arg);
        else if (has_controller(controllers + 1, controller))
            visit_up(v1_root, group, false, visit, arg);
    }
    return true;
}
