/* A civetweb server whose requests are in a trace: two lines (stallmark/civetweb.h). Ends with its standard input. */
#include <stdio.h>
#include <string.h>

#include <civetweb.h>
#include <stallmark/agent.h>
#include <stallmark/civetweb.h>

static int hello(struct mg_connection *connection, void *arg)
{
    (void)arg;
    mg_send_http_ok(connection, "text/plain", 6);
    mg_write(connection, "hello\n", 6);
    return 200;
}

int main(int argc, char **argv)
{
    const char *options[] = {"listening_ports", argc > 1 ? argv[1] : "127.0.0.1:8081", "num_threads", "4", NULL};
    struct mg_server_port port = {0};
    struct mg_callbacks callbacks;
    smk_agent_options agent = SMK_AGENT_OPTIONS;
    agent.recorder = "10s";
    if (smk_agent_start(&agent) < 0)
        fprintf(stderr, "civetweb_hello: no tracing: %s\n", smk_last_error());
    memset(&callbacks, 0, sizeof callbacks);
    SMK_CIVETWEB_CALLBACKS(callbacks);
    struct mg_context *server = mg_start(&callbacks, NULL, options);
    if (!server || mg_get_server_ports(server, 1, &port) != 1) {
        fprintf(stderr, "civetweb_hello: %s is not to be had\n", options[1]);
        return 2;
    }
    mg_set_request_handler(server, "/hello", hello, NULL);
    printf("civetweb_hello: http://127.0.0.1:%d/hello\n", port.port);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    mg_stop(server);
    smk_agent_stop();
    return 0;
}
