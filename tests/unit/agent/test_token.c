/* Tokens: what opens which scope, which files hold one, which addresses need one. */
#include "gate_heads.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "fronts.h"

/* ---- tokens ------------------------------------------------------------------------------------------- */

#define CONTROL "control-0123456789"
#define READ    "read-0123456789abc"

static struct smk_gate_rules with_tokens(void)
{
    struct smk_gate_rules rules = {0};
    rules.control.set = rules.read.set = true;
    smk_sha256(CONTROL, strlen(CONTROL), rules.control.digest);
    smk_sha256(READ, strlen(READ), rules.read.digest);
    return rules;
}

static void tokens_open_scopes(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int status;
        uint32_t scopes;
    } cases[] = {
        {"Bearer " CONTROL, 0, SMK_SCOPE_READ | SMK_SCOPE_CONTROL},
        {"bearer   " CONTROL, 0, SMK_SCOPE_READ | SMK_SCOPE_CONTROL},
        {"Bearer " READ, 0, SMK_SCOPE_READ},
        /* any:control-0123456789, :read-0123456789abc */
        {"Basic YW55OmNvbnRyb2wtMDEyMzQ1Njc4OQ==", 0, SMK_SCOPE_READ | SMK_SCOPE_CONTROL},
        {"Basic OnJlYWQtMDEyMzQ1Njc4OWFiYw==", 0, SMK_SCOPE_READ},
        {"Basic YW55OmNvbnRyb2wtMDEyMzQ1Njc4OQ", 0, SMK_SCOPE_READ | SMK_SCOPE_CONTROL},
        {"Bearer " CONTROL "0", 401, 0},
        {"Bearer control-012345678", 401, 0},
        {"Bearer " CONTROL " ", 401, 0},
        {"Bearer Control-0123456789", 401, 0},
        {"Bearer ", 401, 0},
        {"Bearer", 401, 0},
        {"", 401, 0},
        {CONTROL, 401, 0},
        {"Digest " CONTROL, 401, 0},
        {"Basic " CONTROL, 401, 0},
        {"Basic Y29udHJvbC0wMTIzNDU2Nzg5", 401, 0}, /* no colon */
        {"Basic ====", 401, 0},
        {"Basic Y", 401, 0},
        {"Basic", 401, 0},
        {"Basic YW55OmNvbnRyb2wtMDEyMzQ1Njc4OQ===", 401, 0},
        {"Basic YW55OmNvbnRyb2wtMDEyMzQ1Njc4OQ==x", 401, 0},
    };
    struct smk_gate_rules rules = with_tokens();
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        struct smk_gate_head head = good();
        struct smk_gate_verdict verdict;
        add(&head, "Authorization", cases[i].value);
        smk_gate_judge(&rules, &head, 0, &verdict);
        if (verdict.status != cases[i].status || verdict.scopes != cases[i].scopes)
            fail_msg("'%s': %d, scopes %x", cases[i].value, verdict.status, verdict.scopes);
        assert_int_equal(verdict.wrong_token, cases[i].status == 401);
    }
}

static void a_token_is_needed_where_one_is_configured(void **state)
{
    (void)state;
    struct smk_gate_rules rules = with_tokens();
    struct smk_gate_head head = good();
    struct smk_gate_verdict verdict;
    smk_gate_judge(&rules, &head, 0, &verdict);
    assert_int_equal(verdict.status, 401);
    assert_false(verdict.wrong_token);
    head.front = SMK_FRONT_EVHTTP;
    assert_int_equal(judged(&rules, &head), 401);
    head.front = SMK_FRONT_UNIX;
    assert_int_equal(judged(&rules, &head), 0);
    head = good();
    add(&head, "Authorization", "Bearer " CONTROL);
    add(&head, "Authorization", "Bearer " CONTROL);
    assert_int_equal(judged(&rules, &head), 400);
    /* A foreign page is refused before its token is looked at. */
    head = good();
    head.headers[0].value = "evil.example";
    add(&head, "Authorization", "Bearer wrong");
    smk_gate_judge(&rules, &head, 0, &verdict);
    assert_int_equal(verdict.status, 403);
    assert_false(verdict.wrong_token);
}

static void an_unset_token_equals_nothing(void **state)
{
    (void)state;
    struct smk_gate_rules rules = with_tokens();
    struct smk_gate_head head = good();
    memset(&rules.read, 0, sizeof(rules.read));
    add(&head, "Authorization", "Bearer " READ);
    assert_int_equal(judged(&rules, &head), 401);
    struct smk_token unset = {0};
    uint8_t zero[SMK_SHA256_BYTES] = {0};
    assert_false(smk_token_equals(&unset, zero));
}

static void other_machines_need_a_token(void **state)
{
    (void)state;
    struct smk_gate_rules rules = {0};
    struct smk_gate_head head = good();
    head.peer_is_local = false;
    assert_int_equal(judged(&rules, &head), 403);
    rules.allow_remote = true;
    assert_int_equal(judged(&rules, &head), 403);
    rules = with_tokens();
    add(&head, "Authorization", "Bearer " CONTROL);
    assert_int_equal(judged(&rules, &head), 403);
    rules.allow_remote = true;
    assert_int_equal(judged(&rules, &head), 0);
}

static void wrong_tokens_run_dry(void **state)
{
    (void)state;
    struct smk_gate_bucket bucket = {0};
    uint64_t now = UINT64_C(1000000000000);
    int taken = 0;
    while (taken < 1000 && smk_gate_bucket_take(&bucket, now))
        taken++;
    assert_int_equal(taken, SMK_GATE_WRONG_TOKENS);
    assert_false(smk_gate_bucket_take(&bucket, now + SMK_GATE_WRONG_TOKEN_NS - 1));
    assert_true(smk_gate_bucket_take(&bucket, now + SMK_GATE_WRONG_TOKEN_NS));
    assert_false(smk_gate_bucket_take(&bucket, now + SMK_GATE_WRONG_TOKEN_NS));
}

static void sha256_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
         "m"
         "nopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        uint8_t digest[SMK_SHA256_BYTES];
        char hex[2 * SMK_SHA256_BYTES + 1];
        smk_sha256(cases[i].text, strlen(cases[i].text), digest);
        for (int at = 0; at < SMK_SHA256_BYTES; at++)
            sprintf(hex + 2 * at, "%02x", digest[at]);
        assert_string_equal(hex, cases[i].hex);
    }
}

/* ---- token files, addresses ------------------------------------------------------------------------------ */

static char directory[] = "/tmp/smk-gate-XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void put(const char *name, const char *text, size_t len, mode_t mode)
{
    int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void token_files(void **state)
{
    (void)state;
    static char big[1 << 20];
    memset(big, 'a', sizeof(big));
    static const struct {
        const char *text;
        size_t len;
        mode_t mode;
        bool good;
    } cases[] = {
        {CONTROL, 18, 0600, true},
        {CONTROL "\n", 19, 0400, true},
        {CONTROL "\r\n", 20, 0600, true},
        {big, 512, 0600, true},
        {big, 16, 0600, true},
        {big, 15, 0600, false},
        {big, 513, 0600, false},
        {big, sizeof(big), 0600, false},
        {"", 0, 0600, false},
        {"\n", 1, 0600, false},
        {CONTROL, 18, 0644, false},
        {CONTROL, 18, 0640, false},
        {CONTROL, 18, 0604, false},
        {CONTROL, 18, 0620, false},
        {CONTROL " x", 20, 0600, false},
        {CONTROL "\0x", 20, 0600, false},
        {CONTROL "\nmore", 23, 0600, false},
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        struct smk_token token;
        put("token", cases[i].text, cases[i].len, cases[i].mode);
        int rc = smk_token_read(&token, "token_file", in_directory("token"));
        if ((rc == 0) != cases[i].good)
            fail_msg("case %zu: %d %s", i, rc, smk_last_error());
        assert_int_equal(token.set, cases[i].good);
        if (rc < 0) {
            assert_int_equal(rc, SMK_E_INVALID);
            assert_non_null(strstr(smk_last_error(), "token_file"));
        }
    }
}

static void token_files_that_are_none(void **state)
{
    (void)state;
    struct smk_token token;
    char link_path[128];
    put("token", CONTROL, 18, 0600);
    strcpy(link_path, in_directory("link"));
    assert_int_equal(symlink(in_directory("token"), link_path), 0);
    assert_int_equal(smk_token_read(&token, "token_file", link_path), SMK_E_INVALID);
    assert_non_null(strstr(smk_last_error(), "symbolic link"));
    assert_int_equal(smk_token_read(&token, "token_file", directory), SMK_E_INVALID);
    assert_int_equal(smk_token_read(&token, "token_file", "/dev/null"), SMK_E_INVALID);
    assert_int_equal(smk_token_read(&token, "token_file", in_directory("none")), SMK_E_INVALID);
    assert_int_equal(mkfifo(in_directory("fifo"), 0600), 0);
    assert_int_equal(smk_token_read(&token, "token_file", in_directory("fifo")), SMK_E_INVALID);
    if (geteuid() == 0) {
        assert_int_equal(chown(in_directory("token"), 12345, 12345), 0);
        assert_int_equal(smk_token_read(&token, "token_file", in_directory("token")),
                         SMK_E_INVALID);
        assert_non_null(strstr(smk_last_error(), "12345"));
    }
    unlink(in_directory("token"));
    unlink(in_directory("fifo"));
    unlink(link_path);
}

static void listen_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *listen;
        bool remote, token, good;
    } cases[] = {
        {NULL, false, false, true},
        {"127.0.0.1:6060", false, false, true},
        {"127.0.0.1:0", false, false, true},
        {"127.1.2.3:65535", false, false, true},
        {"127.0.0.1", false, false, false},
        {"127.0.0.1:", false, false, false},
        {"127.0.0.1:65536", false, false, false},
        {"127.0.0.1:x", false, false, false},
        {"127.0.0.1:6060s", false, false, false},
        {"127.0.0.1:6060,0.0.0.0:6061", true, true, false},
        {"6060", false, false, false},
        {":6060", false, false, false},
        {"+6060", true, true, false},
        {"localhost:6060", false, false, false},
        {"[::1]:6060", false, false, false},
        {"x/path.sock", false, false, false},
        {"", false, false, false},
        {"0.0.0.0:6060", false, false, false},
        {"0.0.0.0:6060", true, false, false},
        {"0.0.0.0:6060", false, true, false},
        {"0.0.0.0:6060", true, true, true},
        {"10.0.0.1:6060", true, true, true},
    };
    char token[128];
    put("token", CONTROL, 18, 0600);
    strcpy(token, in_directory("token"));
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        struct smk_settings settings = {.listen = cases[i].listen,
                                        .allow_remote = cases[i].remote,
                                        .token_file = cases[i].token ? token : NULL};
        int rc = smk_gate_open_doors(&settings);
        if ((rc == 0) != cases[i].good)
            fail_msg("case %zu: %d %s", i, rc, smk_last_error());
    }
    unlink(token);
}

static void the_doors_count_wrong_tokens(void **state)
{
    (void)state;
    char token[128];
    put("token", CONTROL, 18, 0600);
    strcpy(token, in_directory("token"));
    struct smk_settings settings = {.token_file = token};
    struct smk_gate_verdict verdict;
    int codes[2] = {0};
    assert_int_equal(smk_gate_open_doors(&settings), 0);
    struct smk_gate_head wrong = good(), right = good(), missing = good();
    add(&wrong, "Authorization", "Bearer nothing-that-opens");
    add(&right, "Authorization", "Bearer " CONTROL);
    for (int i = 0; i < 100; i++) {
        smk_gate_pass(&wrong, &verdict);
        assert_true(verdict.status == 401 || verdict.status == 429);
        codes[verdict.status == 429]++;
    }
    assert_true(codes[0] >= SMK_GATE_WRONG_TOKENS);
    assert_true(codes[1] > 50);
    /* Whoever has the token is not hurt, nor is the unix socket. */
    smk_gate_pass(&right, &verdict);
    assert_int_equal(verdict.status, 0);
    smk_gate_pass(&missing, &verdict);
    assert_int_equal(verdict.status, 401);
    missing.front = SMK_FRONT_UNIX;
    smk_gate_pass(&missing, &verdict);
    assert_int_equal(verdict.status, 0);
    smk_gate_close_doors();
    unlink(token);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_open_scopes),
        cmocka_unit_test(a_token_is_needed_where_one_is_configured),
        cmocka_unit_test(an_unset_token_equals_nothing),
        cmocka_unit_test(other_machines_need_a_token),
        cmocka_unit_test(wrong_tokens_run_dry),
        cmocka_unit_test(sha256_of_the_standard),
        cmocka_unit_test(token_files),
        cmocka_unit_test(token_files_that_are_none),
        cmocka_unit_test(listen_addresses),
        cmocka_unit_test(the_doors_count_wrong_tokens),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
