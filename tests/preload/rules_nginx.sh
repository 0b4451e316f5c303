#!/bin/bash
# A rule that is set on the front of nginx's master fires in a worker, which is www-data's: the file has the worker's
# request, the ledger names the process, and the limits hold for both workers together. One that hangs is named. When
# the master is killed the worker that takes its place goes on with them.
# shellcheck disable=SC2317,SC2016 # functions and words are for wait_for
. "$(dirname "$0")/lib.sh"
for needed in nginx curl perl; do
    command -v $needed >/dev/null || exit 77
done
user=$(id -un)
[ "$user" = root ] && user=www-data
getent passwd "$user" >/dev/null || exit 77
master='' slow_server=''

ask() { curl -s -m 20 "http://127.0.0.1:$front/debug/trace/$1"; }
set_rule() {
    curl -s -m 20 -H 'Content-Type: text/plain' --data-binary "$2" "http://127.0.0.1:$front/debug/trace/rules/$1"
}
workers() { pgrep -P "$master" | sort -n; }
ledger() { ask 'ledger?format=text'; }
slow() { curl -s -m 20 -o "$tmp/got" "http://127.0.0.1:$site/slow"; }
has_them() { [[ $(ask 'rules?format=json') =~ \"have_them\":$1, ]]; }
in_ledger() { ledger | grep -qE "$1"; }

end_all() {
    [ -n "$master" ] && kill -TERM "$master" 2>/dev/null
    [ -n "$slow_server" ] && kill "$slow_server" 2>/dev/null
    wait_for 10 eval '! kill -0 "$master"'
    rm -rf "$tmp"
}
trap end_all EXIT

# ---- an upstream that sleeps 300 ms
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(Listen => 64, LocalAddr => "127.0.0.1", ReuseAddr => 1) or exit 1;
    open my $f, ">", "$ARGV[0].new"; print $f $s->sockport; close $f; rename "$ARGV[0].new", $ARGV[0];
    $SIG{CHLD} = "IGNORE";
    while (my $c = $s->accept) {
        next if fork;
        while (<$c>) { last if /^\r?\n/ }
        select undef, undef, undef, 0.3;
        print $c "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
        exit 0;
    }' "$tmp/upstream" &
slow_server=$!
wait_for 10 test -s "$tmp/upstream" || { fail "no upstream"; exit 1; }

mkdir -p "$tmp/www" "$tmp/captures"
chmod 711 "$tmp"
echo fast >"$tmp/www/index.html"
chmod -R a+rX "$tmp/www"
{
    [ "$(id -un)" = root ] && echo "user $user;"
    cat <<CONF
worker_processes 2;
pid $tmp/nginx.pid;
error_log $tmp/error.log;
events { worker_connections 64; }
http { access_log off;
    client_body_temp_path $tmp/b; proxy_temp_path $tmp/p; fastcgi_temp_path $tmp/f; uwsgi_temp_path $tmp/u; scgi_temp_path $tmp/s;
    server { listen 127.0.0.1:1; root $tmp/www; location /slow { proxy_pass http://127.0.0.1:$(cat "$tmp/upstream"); } } }
CONF
} >"$tmp/nginx.conf"
for _ in 1 2 3; do
    site=$(free_port) front=$(free_port)
    sed -i "s/listen 127.0.0.1:[0-9]*/listen 127.0.0.1:$site/" "$tmp/nginx.conf"
    env LD_PRELOAD="$preload" STALLMARK_LISTEN="127.0.0.1:$front" STALLMARK_DIRECTORY="$tmp/captures" \
        STALLMARK_RULES='of-settings: when request > 1h' STALLMARK_ALLOW_RUN=on \
        "$(command -v nginx)" -p "$tmp" -c nginx.conf -e "$tmp/error.log" || continue
    wait_for 10 test -s "$tmp/nginx.pid" && master=$(cat "$tmp/nginx.pid") && wait_for 10 has_them 2 && break
done
has_them 2 || { fail "the workers do not have the rules of the settings: $(ask 'rules?format=json')"; exit 1; }

# ---- set on the front: the answer comes when the workers have it, and one request makes it fire in a worker
answer=$(set_rule slow 'when request > 100ms on "GET /slow*" then snapshot after 600ms cooldown 1h')
[[ $answer =~ \"others\":2,\"have_them\":2, ]] || fail "the answer does not say that both have it: $answer"
slow
wait_for 10 in_ledger ' slow +fired ' || fail "it did not fire: $(ask rules) $(ledger)"
wait_for 10 in_ledger ' slow +fired .*\(there\)' || fail "no capture: $(ledger)"
line=$(ledger | grep -E ' slow +fired ')
[[ $line =~ nginx\[$master\].*GET\ /slow.*\(process\ ([0-9]+), ]] || fail "the ledger's line: $line"
worker=${BASH_REMATCH[1]:-none}
workers | grep -qx "$worker" || fail "process $worker is no worker"
file=$(ls "$tmp"/captures/*.stall)
is_clean "$file"
"$stallmark" report "$file" >"$tmp/report"
grep -q '^captured by rule slow: when request > 100ms' "$tmp/report" || fail "the report does not name the rule"
"$stallmark" dump "$file" >"$tmp/dump"
grep 'request' "$tmp/dump" | grep -q "GET /slow" || fail "the worker's request is not in the file"
grep -E "^ *[0-9.]+ +$worker " "$tmp/dump" | grep -q . || grep -q "$worker" "$tmp/dump" || fail "nothing of $worker"

# ---- the limits are both workers'
for _ in 1 2 3 4 5 6 7 8; do slow & done
# shellcheck disable=SC2046 # some numbers
wait $(jobs -p | grep -vx "$slow_server")
suppressed() { [[ $(ask 'rules?format=json') =~ \"name\":\"slow\".*\"cooldown\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 8 ]; }
wait_for 10 suppressed || fail "those of the cool-down are not all counted: $(ask 'rules?format=json')"
expect "captures" "$(find "$tmp/captures" -name '*.stall' | wc -l)" 1
expect "firings" "$(ledger | grep -cE ' slow +fired ')" 1

# ---- a worker that comes later has them
kill -KILL "$worker"
wait_for 10 eval '[ "$(workers | wc -l)" = 2 ] && ! workers | grep -qx '"$worker"
wait_for 10 has_them 2 || fail "the new worker does not have them: $(ask 'rules?format=json')"

# ---- a worker's threads and requests, at the front
view() { curl -s -m 20 "http://127.0.0.1:$front/debug/$1"; }
worker=$(workers | head -1)
view "threads?pid=$worker" | grep -q "^nginx\[$worker\]  .* threads*: " || fail "its threads: $(view "threads?pid=$worker")"
[[ $(view "threads?pid=$worker&format=json") =~ \"pid\":$worker,.*\"threads\":\[ ]] || fail "its threads as data"
seen=$(for w in $(workers); do view "requests?pid=$w&format=json"; done)
[[ $seen =~ \"route\":\"GET\ /slow\" ]] || fail "its requests: $seen"
[[ $(view "threads?pid=1") =~ allowed\ is\ $master,\ this\ process,\ [0-9]+,\ [0-9]+ ]] || fail "another's: $(view "threads?pid=1")"
[[ $(view "threads?pid=$worker&max=0") =~ max ]] || fail "what it refuses: $(view "threads?pid=$worker&max=0")"

# ---- one that hangs is named, and does not keep the answer
hangs=$(workers | head -1)
kill -STOP "$hangs"
[[ $(view "threads?pid=$hangs") =~ does\ not\ answer\ within\ three\ seconds ]] || fail "of one that hangs: $(view "threads?pid=$hangs")"
answer=$(set_rule other 'when request > 100ms on "GET /other"')
kill -CONT "$hangs"
[[ $answer =~ \"missing\":\[\"$hangs:\ its\ agent\ does\ not\ answer\"\] ]] || fail "the one that hangs is not named: $answer"
wait_for 10 has_them 2 || fail "it does not have them later: $(ask 'rules?format=json')"

# ---- a command for what is slow in a worker is the first's to run, with what it is about
cat >"$tmp/told" <<SH
#!/bin/sh
echo "\$(id -u) \$STALLMARK_RULE: \$STALLMARK_CAUSE" >$tmp/was_told.new
mv $tmp/was_told.new $tmp/was_told
SH
chmod 755 "$tmp/told"
answer=$(set_rule runs "when request > 100ms on \"GET /slow*\" then run \"$tmp/told\" cooldown 1h")
[[ $answer =~ \"have_them\":2, ]] || fail "a rule with a command: $answer"
slow
wait_for 10 test -s "$tmp/was_told" || fail "the command has not run: $(ledger)"
grep -qE "^$(id -u) runs: GET /slow (took|has been running for) .*\(process [0-9]+, " "$tmp/was_told" ||
    fail "what the command was told: $(cat "$tmp/was_told")"
wait_for 10 in_ledger ' runs +ran ' || fail "that it ran is not in the ledger: $(ledger)"

# ---- removed, it fires nowhere
answer=$(curl -s -m 20 -X DELETE "http://127.0.0.1:$front/debug/trace/rules/slow")
[[ $answer =~ \"have_them\":2 ]] || fail "removed: $answer"
set_rule slow2 'when request > 100ms on "GET /slow*" then snapshot after 10ms cooldown 1h' >/dev/null
slow
wait_for 10 in_ledger ' slow2 +fired ' || fail "a second rule does not fire: $(ledger)"
expect "firings of the one that was removed" "$(ledger | grep -cE ' slow +fired ')" 1

# ---- the master is killed: one of the workers is the first, has the rules, and the other tells it
first_is() { [[ $(ask status) =~ \"first\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" != "$master" ]; }
left=$(workers)
kill -KILL "$master"
wait_for 15 first_is || fail "nobody takes the master's place"
wait_for 10 has_them 1 || fail "the one that is left does not have them: $(ask 'rules?format=json')"
answer=$(set_rule slow3 'when request > 100ms on "GET /slow*" then snapshot after 10ms cooldown 0s at most 1000 per 1m')
[[ $answer =~ \"others\":1,\"have_them\":1, ]] || fail "the answer of the new first: $answer"
told() { slow; ledger | grep -qE "slow3 +fired .*\(process [0-9]+,"; }
wait_for 10 told || fail "what is slow in the other is not told: $(ledger)"
# shellcheck disable=SC2086 # some numbers
kill -TERM $left
exit $bad
