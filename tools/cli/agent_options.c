#include "agent_options.h"

#include "agent/hosts.h"
#include "agent/settings.h"
#include "agent/token.h"
#include "cli.h"

static int read_tokens(const struct smk_settings *settings, struct smk_agent_answers *answers)
{
    struct smk_token control, look;
    int rc = 0;
    if (settings->token_file)
        rc = smk_token_read(&control, "token_file", settings->token_file);
    if (rc == 0 && settings->read_token_file)
        rc = smk_token_read(&look, "read_token_file", settings->read_token_file);
    answers->token = settings->token_file || settings->read_token_file;
    return rc;
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

int smk_agent_options_check(struct smk_agent_answers *answers)
{
    static char hosts[SMK_HOSTS_SIZE];
    struct smk_settings settings;
    if (smk_settings_load(&settings, NULL) < 0)
        return smk_cli_fail("%s", smk_last_error());
    int rc = read_tokens(&settings, answers);
    if (rc == 0)
        rc = smk_parse_hosts(settings.hosts, hosts);
    copy(answers->listen, sizeof(answers->listen), settings.listen);
    copy(answers->socket, sizeof(answers->socket), settings.socket);
    smk_settings_free(&settings);
    return rc < 0 ? smk_cli_fail("%s", smk_last_error()) : 0;
}
