/* token.h: the secrets that open the doors: read from files, kept as digests, compared in constant time. */
#ifndef SMK_AGENT_TOKEN_H
#define SMK_AGENT_TOKEN_H

#include "base/compiler.h"
#include "sha256.h"

#define SMK_TOKEN_LEAST 16
#define SMK_TOKEN_MOST  512

struct smk_token {
    bool set;
    uint8_t digest[SMK_SHA256_BYTES];
};

/* Reads the token out of `path`: a regular file of this user or root that nobody else may read, not a
 * symbolic link, 16 to 512 printable characters without spaces; a line end behind them is allowed. `what`
 * names the setting in the error. 0, or SMK_E_INVALID and smk_last_error(). */
int smk_token_read(struct smk_token *token, const char *what, const char *path);

/* The secret in the value of an Authorization header: "Bearer SECRET", or "Basic …" with the secret as
 * password and any name. Its length, written to `secret` (not ended by NUL); 0: there is none in it. */
size_t smk_token_of_authorization(const char *value, char secret[SMK_TOKEN_MOST]);

/* Takes the same time wherever the two differ. An unset token equals nothing. */
bool smk_token_equals(const struct smk_token *token, const uint8_t digest[SMK_SHA256_BYTES]);

#endif
