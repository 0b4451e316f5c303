/* index.c: GET /debug/: the control page. What is here works without a script: all routes, out of their table; the
 * rest the files of agent/page put above it. It says nothing of the process, since it is had without a token. */
#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "page.h"
#include "routes.h"

#define PAGE_MAX 16384

struct page {
    char *text;
    size_t len;
};

static void put(struct page *page, const char *format, ...) SMK_PRINTF(2, 3);

static void put(struct page *page, const char *format, ...)
{
    __builtin_va_list args;
    __builtin_va_start(args, format);
    int n = vsnprintf(page->text + page->len, PAGE_MAX - page->len, format, args);
    __builtin_va_end(args);
    if (n > 0)
        page->len = smk_min_u64(page->len + (size_t)n, PAGE_MAX - 1);
}

static void put_route(struct page *page, const struct smk_route *route)
{
    char methods[64];
    bool one = !strstr(route->pattern, "/ID") && !strstr(route->pattern, "/FILE");
    bool link = one && (route->methods & SMK_METHOD_GET) && route->scope != SMK_SCOPE_CONTROL; /* it must not arm */
    smk_methods_format(route->methods, methods, sizeof methods);
    put(page, "<tr><td>%s</td><td>", methods);
    if (link)
        put(page, "<a href=\"%s\">%s</a>", route->pattern, route->pattern);
    else
        put(page, "<code>%s</code>", route->pattern);
    put(page, "</td><td>%s", route->what);
    for (const struct smk_parameter *p = route->parameters; p && p->name; p++)
        put(page, "<br><code>%s</code>: %s", p->name, p->what);
    put(page, "</td></tr>\n");
}

static const char head[] = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                           "<meta name=\"viewport\" content=\"width=device-width\">"
                           "<title>stallmark</title><link rel=\"icon\" href=\"data:,\">"
                           "<link rel=\"stylesheet\" href=\"/debug/page/style.css\">"
                           "<script type=\"module\" src=\"/debug/page/main.js\"></script></head><body>\n"
                           "<main id=\"page\"><h1>stallmark</h1></main>\n"
                           "<section class=\"card\" id=\"routes\"><h2>All that can be asked</h2>\n"
                           "<p>Five seconds of this process into a file, and what made it slow:</p>\n"
                           "<pre>curl -OJ 'http://HOST/debug/trace?duration=5s&amp;wait=1'\n"
                           "curl http://HOST/debug/traces/ID/report</pre>\n"
                           "<table>\n<tr><th scope=\"col\">method</th><th scope=\"col\">path</th>"
                           "<th scope=\"col\">what</th></tr>\n";

void smk_handle_index(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct page page = {.text = smk_heap_alloc(PAGE_MAX)};
    (void)match;
    if (page.text) {
        put(&page, "%s", head);
        for (size_t i = 0; smk_route_at(i); i++)
            put_route(&page, smk_route_at(i));
        put(&page, "</table></section>\n</body></html>\n");
    }
    smk_page_policy(&exchange->answer);
    smk_answer_memory(&exchange->answer, 200, "text/html; charset=utf-8", page.text, page.len);
    smk_exchange_answer(exchange);
}
