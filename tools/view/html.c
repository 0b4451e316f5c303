#include "html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/errors.h"
#include "base/escape.h"
#include "html_answers.h"
#include "html_tiles.h"
#include "page.h"
#include "sha256.h"

#define OPENED        40u   /* requests that can be opened, each by two passes over the events … */
#define OPENED_EVENTS 40000000u /* … of which there are at most so many in all */
#define WAITS         3000u /* that can be clicked on */
#define ROUTES        40u

#define SHARE_TILES 600u /* thousandths of the room */
#define SHARE_OPENED 850u

struct html {
    struct smk_web *web;
    const struct smk_web_html_options *options;
    struct smk_web_answers answers;
    struct smk_web_tiles tiles;
    smk_report_put put;
    void *arg;
    int result; /* of put */
    uint32_t opened, requests, waits;
    uint64_t step;
};

/* ---- answers -------------------------------------------------------------------------------------------- */

static void step(struct html *html, uint64_t of)
{
    html->step++;
    if (html->options->progress)
        html->options->progress(html->options->progress_arg, html->step, smk_max_u64(of, html->step));
}

/* 1: it is in the page; 0: it does not fit, or there is no such answer. */
static int ask(struct html *html, const char *path, const char *query, const char *name)
{
    struct smk_web_reply reply;
    smk_web_reply_init(&reply);
    smk_web_answer(html->web, path, query, &reply);
    int rc = reply.status == 200 && smk_web_answers_add(&html->answers, name, reply.data, reply.len);
    smk_web_reply_free(&reply);
    return rc;
}

/* As encodeURIComponent writes it. */
static void encode(char *to, size_t size, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
    for (; *text && size > 4; text++) {
        int n = strchr(plain, *text) ? snprintf(to, size, "%c", *text)
                                     : snprintf(to, size, "%%%02X", (unsigned char)*text);
        to += n;
        size -= (size_t)n;
    }
    *to = '\0';
}

static void ask_routes(struct html *html)
{
    char text[SMK_NAME_MAX], query[4 * SMK_NAME_MAX], name[4 * SMK_NAME_MAX + 32];
    uint32_t route;
    uint64_t count;
    for (uint32_t i = 0; i < ROUTES && smk_view_route_at(html->web->view, i, &route, &count); i++) {
        if (!route)
            continue;
        smk_name_of_route(text, smk_view_enter(html->web->view), route);
        smk_view_leave(html->web->view);
        snprintf(query, sizeof(query), "route=");
        encode(query + 6, sizeof(query) - 6, text);
        snprintf(name, sizeof(name), "/api/latency?%s", query);
        ask(html, "/api/latency", query, name);
    }
}

/* What is small, or has no coarser form. */
static int ask_always(struct html *html)
{
    static const struct {
        const char *path, *query, *name;
        bool wanted;
    } all[] = {{"/api/rows", NULL, "/api/rows", true},
               {"/api/report", NULL, "/api/report", true},
               {"/api/density", "px=800", "/api/density", true},
               {"/api/requests", "limit=1000", "/api/requests", false},
               {"/api/scatter", "points=2000", "/api/scatter", false},
               {"/api/latency", NULL, "/api/latency", false},
               {"/api/pauses", NULL, "/api/pauses", false},
               {"/api/scheduler", NULL, "/api/scheduler", false},
               {"/api/flame", "kind=off", "/api/flame?kind=off", false},
               {"/api/flame", "kind=on", "/api/flame?kind=on", false},
               {"/api/diff", NULL, "/api/diff", false}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(all); i++) {
        step(html, SMK_ARRAY_LEN(all) + 3);
        if (!ask(html, all[i].path, all[i].query, all[i].name) && all[i].wanted)
            return smk_fail(SMK_E_LIMIT, "%s does not fit into the page; allowed is a larger one", all[i].path + 5);
    }
    ask_routes(html);
    return 0;
}

/* ---- what is opened by a click -------------------------------------------------------------------------- */

/* The slowest, each with its parts and where its time went. */
static int ask_requests(struct html *html, uint64_t max)
{
    const struct smk_view_request_query about = {.order = SMK_VIEW_SLOWEST, .limit = OPENED};
    struct smk_view_request_list list = {0};
    const smk_trace_info *info = smk_trace_get_info(smk_view_enter(html->web->view));
    uint64_t most = smk_max_u64(3, smk_min_u64(OPENED, OPENED_EVENTS / (info->events + 1)));
    char query[80], name[120];
    smk_view_leave(html->web->view);
    int rc = smk_view_requests(html->web->view, &about, &list);
    html->requests = rc == 0 ? (uint32_t)smk_min_u64(list.total, UINT32_MAX) : 0;
    for (uint32_t i = 0; rc == 0 && i < list.count && i < most && html->answers.used < max; i++) {
        snprintf(query, sizeof(query), "id=%llu&process=%u", (unsigned long long)list.array[i].id,
                 list.array[i].process);
        snprintf(name, sizeof(name), "/api/parts?%s", query);
        if (!ask(html, "/api/parts", query, name))
            break;
        snprintf(name, sizeof(name), "/api/request?%s", query);
        if (!ask(html, "/api/request", query, name))
            break;
        html->opened++;
        step(html, html->step + 3);
    }
    smk_view_requests_free(&list);
    return rc;
}

static void ask_waits(struct html *html)
{
    const struct smk_web_tiles *tiles = &html->tiles;
    char query[80], name[120];
    for (uint32_t i = 0; i < tiles->shown_count && html->waits < WAITS; i++) {
        const struct smk_web_shown *shown = &tiles->shown[i];
        if (i > 0 && shown->row == shown[-1].row && shown->item == shown[-1].item)
            continue; /* in two tiles */
        snprintf(query, sizeof(query), "item=%u&row=%u", shown->item, shown->row);
        snprintf(name, sizeof(name), "/api/item?%s", query);
        if (!ask(html, "/api/item", query, name))
            return;
        html->waits++;
    }
}

/* ---- what was left out ---------------------------------------------------------------------------------- */

static void say_thinned(struct html *html)
{
    char *text = html->web->thinned, unit[SMK_UNIT_MAX];
    size_t size = sizeof(html->web->thinned), used = 0;
    text[0] = '\0';
    if (html->tiles.level > smk_view_level_min(html->web->view))
        used += (size_t)snprintf(text, size, "what is shorter than %s is drawn together",
                                 smk_words_ns(unit, UINT64_C(1) << html->tiles.level));
    if (html->opened < html->requests)
        used += (size_t)snprintf(text + used, size - used, "%sthe %u slowest of %u requests can be opened",
                                 used ? "; " : "", html->opened, html->requests);
    if (html->waits < html->tiles.shown_count)
        used += (size_t)snprintf(text + used, size - used, "%sof waits the %u longest can be", used ? "; " : "",
                                 html->waits);
    if (used)
        snprintf(text + used, size - used, "; the rest is in the trace: stallmark view");
}

/* ---- the page ------------------------------------------------------------------------------------------- */

static void out(struct html *html, const char *text, size_t len)
{
    if (html->result == 0 && len > 0)
        html->result = html->put(html->arg, text, len);
}

static void say(struct html *html, const char *text) { out(html, text, strlen(text)); }

/* A text in which no end of an element is: "</script" in a string is "<\/script", which reads as the same. */
static char *unpacked(const char *path, size_t *len)
{
    const struct smk_page_file *file = smk_page_find(path);
    char *text = file ? smk_page_unpack(file, len) : NULL, *safe = text ? malloc(2 * *len + 1) : NULL;
    size_t used = 0;
    for (size_t i = 0; safe && i < *len; i++) {
        safe[used++] = text[i];
        if (strncasecmp(text + i, "</s", 3) == 0 || strncmp(text + i, "<!--", 4) == 0)
            safe[used++] = '\\';
    }
    free(text);
    if (safe) {
        safe[used] = '\0';
        *len = used;
    }
    return safe;
}

static void say_hash(struct html *html, const char *text, size_t len)
{
    uint8_t digest[SMK_SHA256_BYTES];
    char base64[48];
    smk_sha256(text, len, digest);
    smk_web_base64(base64, digest, sizeof(digest));
    say(html, " 'sha256-");
    say(html, base64);
    say(html, "'");
}

static void say_title(struct html *html)
{
    char text[SMK_NAME_MAX], escaped[2 * SMK_NAME_MAX];
    size_t used;
    snprintf(text, sizeof(text), "%s", smk_program_of(smk_trace_process_at(smk_view_enter(html->web->view), 0)));
    smk_view_leave(html->web->view);
    size_t len = smk_escape(escaped, sizeof(escaped), text, strlen(text), 0, &used);
    say(html, "<title>");
    for (size_t i = 0; i < len; i++)
        if (escaped[i] == '<' || escaped[i] == '&')
            say(html, escaped[i] == '<' ? "&lt;" : "&amp;");
        else
            out(html, &escaped[i], 1);
    say(html, " · stallmark</title>\n");
}

static void say_answers(struct html *html)
{
    say(html, "<script type=\"application/json\" id=\"trace-data\">{");
    for (uint32_t i = 0; i < html->answers.count; i++) {
        const struct smk_web_packed *packed = &html->answers.array[i];
        say(html, i ? ",\n\"" : "\n\"");
        say(html, packed->name); /* letters, digits and what encode() leaves: nothing to escape */
        say(html, "\":\"");
        out(html, packed->text, packed->len);
        say(html, "\"");
    }
    say(html, "}</script>\n");
}

static void say_page(struct html *html, char *script, size_t script_len, char *style, size_t style_len)
{
    size_t licences_len;
    char *licences = unpacked("/licences.txt", &licences_len);
    say(html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data: blob:; "
              "base-uri 'none'; form-action 'none'; script-src");
    say_hash(html, script, script_len);
    say(html, "; style-src");
    say_hash(html, style, style_len);
    say(html, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n");
    say_title(html);
    say(html, "<style>");
    out(html, style, style_len);
    say(html, "</style>\n</head>\n<body>\n<div id=\"app\"></div>\n<script type=\"text/plain\" id=\"licences\">");
    if (licences)
        out(html, licences, licences_len);
    say(html, "</script>\n");
    say_answers(html);
    say(html, "<script>");
    out(html, script, script_len);
    say(html, "</script>\n</body>\n</html>\n");
    free(licences);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static uint64_t share_of_room(const struct html *html, uint64_t fixed, unsigned mille)
{
    return fixed + (html->answers.max - fixed) * mille / 1000;
}

static int collect(struct html *html)
{
    int rc = ask_always(html);
    uint64_t fixed = html->answers.used;
    if (rc == 0)
        rc = smk_web_tiles_make(&html->tiles, share_of_room(html, fixed, SHARE_TILES));
    step(html, html->step + 3);
    if (rc == 0)
        rc = smk_web_tiles_labels(&html->tiles);
    if (rc == 0)
        rc = ask_requests(html, share_of_room(html, fixed, SHARE_OPENED));
    if (rc == 0)
        ask_waits(html);
    step(html, html->step + 1);
    if (rc < 0)
        return rc;
    say_thinned(html);
    html->web->level_min = html->tiles.level;
    html->answers.max += 64 << 10; /* kept for it */
    return ask(html, "/api/info", NULL, "/api/info") ? 0 : smk_fail(SMK_E_NOMEM, "there is no memory for the page");
}

static int check_view(const struct smk_web *web)
{
    struct smk_view_progress progress;
    smk_view_get_progress(web->view, &progress);
    if (progress.phase == SMK_VIEW_FAILED)
        return smk_fail(progress.error, "%s", progress.text);
    if (smk_page_missing())
        return smk_fail(SMK_E_UNAVAILABLE, "this stallmark has no viewer: %s", smk_page_missing());
    return 0;
}

int smk_web_html(struct smk_web *web, const struct smk_web_html_options *options, smk_report_put put, void *arg)
{
    struct html html = {.web = web, .options = options, .put = put, .arg = arg};
    size_t script_len = 0, style_len = 0;
    int rc = check_view(web);
    if (rc < 0)
        return rc;
    char *script = unpacked("/viewer.js", &script_len), *style = unpacked("/viewer.css", &style_len);
    uint64_t taken = script_len + style_len + (80 << 10); /* licences, the head, /api/info */
    html.answers.max = options->max_bytes > taken ? options->max_bytes - taken : 0;
    html.tiles = (struct smk_web_tiles){.web = web, .answers = &html.answers};
    smk_mem_init(&html.tiles.mem, NULL, NULL, 0);
    rc = script && style ? collect(&html) : smk_fail(SMK_E_NOMEM, "there is no memory for the page");
    if (rc == 0)
        say_page(&html, script, script_len, style, style_len);
    if (rc == 0 && html.result != 0)
        rc = smk_fail(SMK_E_IO, "what was to be written was not taken");
    smk_web_tiles_free(&html.tiles);
    smk_web_answers_free(&html.answers);
    free(script);
    free(style);
    return rc;
}

const char *smk_web_html_thinned(const struct smk_web *web) { return web->thinned; }
