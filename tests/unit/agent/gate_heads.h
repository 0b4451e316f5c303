/* gate_heads.h: heads of requests for the tests of the gate and of tokens. */
#ifndef SMK_TESTS_AGENT_GATE_HEADS_H
#define SMK_TESTS_AGENT_GATE_HEADS_H

#include "unit/smk_test.h"

#include "gate.h"

/* What a friendly curl sends to 127.0.0.1:6060. */
static inline struct smk_gate_head good(void)
{
    struct smk_gate_head head = {
        .front = SMK_FRONT_TCP, .method = "GET", .path = "/debug/trace", .peer_is_local = true};
    head.headers[0].name = "Host";
    head.headers[0].value = "127.0.0.1:6060";
    head.header_count = 1;
    return head;
}

static inline void add(struct smk_gate_head *head, const char *name, const char *value)
{
    head->headers[head->header_count].name = name;
    head->headers[head->header_count++].value = value;
}

static inline int judged(struct smk_gate_rules *rules, const struct smk_gate_head *head)
{
    struct smk_gate_rules none = {0};
    struct smk_gate_verdict verdict;
    smk_gate_judge(rules ? rules : &none, head, 0, &verdict);
    if (verdict.status != 0) {
        assert_non_null(verdict.title);
        assert_int_equal(verdict.scopes, 0);
    }
    return verdict.status;
}

#endif
