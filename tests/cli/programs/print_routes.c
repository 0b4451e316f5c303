/* The agent's table of routes: "GET /debug/trace" and "GET /debug/trace duration", one a line. */
#include <stdio.h>
#include <string.h>

#include "routes.h"

int main(void)
{
    for (size_t i = 0; smk_route_at(i); i++) {
        const struct smk_route *route = smk_route_at(i);
        char methods[64];
        smk_methods_format(route->methods, methods, sizeof(methods));
        for (char *method = strtok(methods, ", "); method; method = strtok(NULL, ", ")) {
            printf("%s %s\n", method, route->pattern);
            for (const struct smk_parameter *p = route->parameters; p && p->name; p++)
                printf("%s %s %s\n", method, route->pattern, p->name);
        }
    }
    return 0;
}
