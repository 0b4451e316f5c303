#include "entry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "hosts.h"

#define HEADERS_MAX 60u /* civetweb keeps 64 and says nothing of more */

bool smk_web_token_make(char token[SMK_WEB_TOKEN_SIZE])
{
    uint8_t bytes[16];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* Takes as long wherever they differ. */
static bool is_token(const char *header, const char *token)
{
    static const char scheme[] = "Bearer ";
    unsigned differ = 0;
    if (!header || strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
        return false;
    header += sizeof(scheme) - 1;
    if (strlen(header) != SMK_WEB_TOKEN_SIZE - 1)
        return false;
    for (size_t i = 0; i < SMK_WEB_TOKEN_SIZE - 1; i++)
        differ |= (unsigned char)header[i] ^ (unsigned char)token[i];
    return differ == 0;
}

static bool is_our_name(const char *host)
{
    size_t len;
    uint32_t address;
    if (!smk_split_host(host, &len))
        return false;
    if (smk_parse_quad(host, len, &address))
        return smk_quad_is_loopback(address);
    return len == 9 && strncasecmp(host, "localhost", len) == 0;
}

static bool check_host(struct smk_web_reply *reply, const struct smk_web_request *request)
{
    if (request->hosts != 1 || !request->host || !is_our_name(request->host))
        return smk_web_refuse(reply, 403, "this Host is not answered; allowed: 127.0.0.1 and localhost, with a port");
    if (!request->origin)
        return true;
    if (strncmp(request->origin, "http://", 7) == 0 && strcasecmp(request->origin + 7, request->host) == 0)
        return true;
    return smk_web_refuse(reply, 403, "this Origin is not answered; allowed: this server's own page");
}

static bool is(const char *header, const char *value) { return header && strcmp(header, value) == 0; }

static bool check_site(struct smk_web_reply *reply, const struct smk_web_request *request)
{
    bool navigates = is(request->path, "/") && is(request->fetch_mode, "navigate") &&
                     is(request->fetch_dest, "document");
    if (!request->fetch_site || is(request->fetch_site, "same-origin") || is(request->fetch_site, "none") || navigates)
        return true;
    return smk_web_refuse(reply, 403, "pages of others are not answered; allowed: this server's own page");
}

bool smk_web_may_enter(struct smk_web_reply *reply, const struct smk_web_request *request, const char *token)
{
    if (request->headers > HEADERS_MAX || request->double_header)
        return smk_web_refuse(reply, 400, "the head is wrong; allowed: at most %u headers, none twice", HEADERS_MAX);
    if (!check_host(reply, request) || !check_site(reply, request))
        return false;
    if (!is(request->method, "GET") && !is(request->method, "HEAD"))
        return smk_web_refuse(reply, 405, "'%.16s' is not answered; allowed: GET, HEAD", request->method);
    if (strncmp(request->path, "/api/", 5) == 0 && !is_token(request->authorization, token))
        return smk_web_refuse(reply, 401,
                              "the token is missing or wrong; allowed: that of the address that was printed");
    return true;
}
