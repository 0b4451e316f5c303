/* conn_answer.h: whether an answer is whole, by what has been written of it.
 *
 * It is asked so that a request ends when it is answered, and not only when the connection brings the next:
 * a connection that idles is then nothing, in live views and at the end of a capture. "Not known" is a good
 * answer: the request then ends with the next one, at its last write all the same.
 */
#ifndef SMK_SOURCE_CONN_ANSWER_H
#define SMK_SOURCE_CONN_ANSWER_H

#include "source/conn.h"
#include "source/proto.h"

struct smk_conn_answer {
    uint64_t to_come; /* bytes that are still to be written; UINT64_MAX: not known */
    uint8_t kind;     /* enum smk_answer_kind */
};

enum smk_answer_kind { SMK_ANSWER_NONE = 0, SMK_ANSWER_COUNTED, SMK_ANSWER_CHUNKED, SMK_ANSWER_UNKNOWN };

/* It begins with these bytes. `no_body`: the request was for the head alone; `full`: all that the
 * call was to write was written. */
void smk_answer_begin(struct smk_conn_answer *answer, enum smk_proto protocol, const struct smk_bytes *bytes,
                      uint32_t status, bool no_body, bool full);
/* The same at once, where an answer went well and is whole in one piece, as nearly all of RESP and memcached are.
 * False: it may be another, and nothing was done. */
bool smk_answer_at_once(struct smk_proto_state *state, const struct smk_bytes *bytes, bool full);
/* These follow. */
void smk_answer_goes_on(struct smk_conn_answer *answer, const struct smk_bytes *bytes);
/* Nothing is to come. */
bool smk_answer_is_whole(const struct smk_conn_answer *answer);

#endif
