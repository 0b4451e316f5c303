#include "analysis/json.h"

#include <string.h>

#include "base/escape.h"

void smk_put_json_init(struct smk_json_text *json, smk_report_put put, void *arg)
{
    smk_words_init(&json->words, put, arg);
    json->depth = 0;
    json->first = true;
}

int smk_put_json_finish(struct smk_json_text *json)
{
    smk_words_say(&json->words, "\n");
    return smk_words_flush(&json->words);
}

static void before(struct smk_json_text *json, const char *key)
{
    if (!json->first)
        smk_words_say(&json->words, ",");
    json->first = false;
    if (json->depth)
        smk_words_say(&json->words, "\n%*s", (int)json->depth, "");
    if (key)
        smk_words_say(&json->words, "\"%s\": ", key);
}

static void open(struct smk_json_text *json, const char *key, const char *bracket)
{
    before(json, key);
    smk_words_say(&json->words, "%s", bracket);
    json->depth++;
    json->first = true;
}

static void close(struct smk_json_text *json, const char *bracket)
{
    json->depth--;
    if (!json->first)
        smk_words_say(&json->words, "\n%*s", (int)json->depth, "");
    smk_words_say(&json->words, "%s", bracket);
    json->first = false;
}

void smk_put_json_object(struct smk_json_text *json, const char *key) { open(json, key, "{"); }
void smk_put_json_object_end(struct smk_json_text *json) { close(json, "}"); }
void smk_put_json_array(struct smk_json_text *json, const char *key) { open(json, key, "["); }
void smk_put_json_array_end(struct smk_json_text *json) { close(json, "]"); }

void smk_put_json_string(struct smk_json_text *json, const char *key, const char *value)
{
    before(json, key);
    if (!value) {
        smk_words_say(&json->words, "null");
        return;
    }
    smk_words_say(&json->words, "\"");
    char piece[128];
    size_t len = strlen(value), used;
    for (; len > 0; value += used, len -= used) {
        size_t n = smk_escape(piece, sizeof(piece), value, len, 0, &used);
        /* What smk_escape wrote is text of its own, so its backslashes are doubled as any other. */
        for (size_t i = 0; i < n; i++)
            smk_words_say(&json->words, "%s%c", piece[i] == '"' || piece[i] == '\\' ? "\\" : "",
                          piece[i]);
    }
    smk_words_say(&json->words, "\"");
}

void smk_put_json_number(struct smk_json_text *json, const char *key, uint64_t value)
{
    before(json, key);
    smk_words_say(&json->words, "%llu", (unsigned long long)value);
}

void smk_put_json_signed(struct smk_json_text *json, const char *key, int64_t value)
{
    before(json, key);
    smk_words_say(&json->words, "%lld", (long long)value);
}

void smk_put_json_bool(struct smk_json_text *json, const char *key, bool value)
{
    before(json, key);
    smk_words_say(&json->words, "%s", value ? "true" : "false");
}

void smk_put_json_mille(struct smk_json_text *json, const char *key, uint32_t mille)
{
    before(json, key);
    smk_words_say(&json->words, "%u.%03u", mille / 1000, mille % 1000);
}
