#!/bin/bash
# The main job from end to end: a shop that is slow under load, armed with one curl, stopped by a timer, its
# trace downloaded, checked and read; then the same shop with the fault switched off. Each line of curl and
# stallmark that begins with $ was run as it stands there. Fails, with a sentence, where the answer is not the
# right one.
# usage: examples/demo.sh BUILD OUTPUT
set -u
build=$1
out=$2
shop=$build/examples/shop
stallmark=$build/bin/stallmark
load_seconds=30 # at most; the load ends earlier, with the download
shop_pid=""
load_pid=""

end() {
    [ -z "$1" ] || kill "$1" 2>/dev/null
    [ -z "$1" ] || wait "$1" 2>/dev/null
}

end_all() {
    end "$load_pid"
    end "$shop_pid"
    load_pid=""
    shop_pid=""
}
trap end_all EXIT
trap 'exit 1' INT TERM

fail() {
    printf '\ndemo: %s\n' "$*" >&2
    exit 1
}

title() { printf '\n── %s ' "$1" && printf '─%.0s' $(seq ${#1} 100) && printf '\n\n'; }
prompt() { printf '$ %s\n' "$*"; }
# Two blanks in front; what is wider than a terminal (JSON, which comes in one line) goes on below.
indent() {
    sed 's/\r$//' | awk '
        /^{/ { while (length($0) > 110 && match(substr($0, 1, 110), /.*,/)) { print "  " substr($0, 1, RLENGTH); $0 = " " substr($0, RLENGTH + 1) } }
        { print "  " $0 }'
}

# show COMMAND: runs it as it is written and shows what it says, which is kept in $out/said.
show() {
    prompt "$1"
    eval "$1" 2>&1 | tee "$out/said" | indent
    local code=${PIPESTATUS[0]}
    printf '\n'
    return "$code"
}

# said PATTERN SENTENCE: what was shown has it, or the demo fails.
said() { grep -qE -- "$1" "$out/said" || fail "$2"; }

need() { command -v "$1" >/dev/null || fail "$1 is not installed; ./dev demo installs it"; }

# start_shop NAME FLAGS…: keeps its captures in $out/captures; with its two addresses in $web and $debug, and wrk asking as fast as it is answered.
start_shop() {
    local name=$1 tries=0
    shift
    prompt "$shop --port 0 --debug 127.0.0.1:0 ${*:+$* }&"
    rm -f "$out/$name.shop" # an earlier one has other addresses
    "$shop" --port 0 --debug 127.0.0.1:0 --log "$out/$name.log" "$@" >"$out/$name.shop" 2>&1 &
    shop_pid=$!
    until web=$(sed -n 's|^shop: \(http://.*[0-9]\)/$|\1|p' "$out/$name.shop" 2>/dev/null) && [ -n "$web" ]; do
        tries=$((tries + 1))
        if ! kill -0 "$shop_pid" 2>/dev/null || [ $tries = 100 ]; then
            fail "the shop does not start: $(cat "$out/$name.shop")"
        fi
        sleep 0.05
    done
    debug=$(sed -n 's|^shop: tracer on \(http://.*\)/debug/$|\1|p' "$out/$name.shop")
    indent <"$out/$name.shop"
    [ -n "$debug" ] || fail "the shop has no tracer"
    prompt "wrk -t1 -c16 -s examples/shop/mix.lua $web &"
    wrk -t1 -c16 -d${load_seconds}s --timeout 5s -s "$(dirname "$0")/shop/mix.lua" "$web" >"$out/$name.wrk" 2>&1 &
    load_pid=$!
    sleep 1
}

# capture NAME: arms, waits for the timer, lists, downloads, checks.
capture() {
    local file=$out/$1.stall id state="" tries=0
    show "curl -si '$debug/debug/trace?duration=5s'"
    said '^HTTP/1\.1 202 ' "arming was not answered with 202"
    said '^Location: /debug/traces/' "the answer has no Location"
    id=$(sed -n 's/^Location: \/debug\/traces\/\([a-z0-9-]*\)\r*$/\1/Ip' "$out/said")
    [ -n "$id" ] || fail "the answer names no capture"

    echo "Its timer stops it after 5 seconds. Then it is in the list, and can be downloaded:"
    echo
    sleep 5
    until [ "$state" = 200 ]; do
        state=$(curl -so /dev/null -w '%{http_code}' -I "$debug/debug/traces/$id")
        tries=$((tries + 1))
        [ $tries -lt 100 ] || fail "the capture did not end by itself: HTTP $state"
        sleep 0.1
    done
    show "curl -s '$debug/debug/traces'"
    said "$id" "the capture is not listed"
    said '"reason_ended": *"timer"' "the capture was not ended by its timer"

    rm -f "$file"
    show "curl -so $file -w '%{http_code}, %{size_download} bytes\n' '$debug/debug/traces/$id'"
    said '^200, ' "the download failed"
    end_all
    show "$stallmark check $file" || fail "the trace is not valid"
}

# ---- the demonstration ---------------------------------------------------------------------------------

need curl
need wrk
for program in "$shop" "$stallmark"; do
    [ -x "$program" ] || fail "$program is not there; ./dev demo builds it"
done
mkdir -p "$out" && rm -rf "$out/captures" && mkdir -m 700 "$out/captures" || exit 1
STALLMARK_DIRECTORY=$(cd "$out" && pwd)/captures
export STALLMARK_DIRECTORY
unset STALLMARK_CONFIG STALLMARK_TOKEN_FILE STALLMARK_READ_TOKEN_FILE

title "A shop that misbehaves, under load"
start_shop cart-lock --fault cart-lock
title "Armed with one curl"
capture cart-lock
title "Why are requests slow?"
show "$stallmark report --top 2 $out/cart-lock.stall" || fail "the report failed"
said 'cart_lock' "the report does not name the lock, cart_lock"
said 'render_log' "the report does not name render_log, the function that held the lock"
said 'GET /(cart|checkout)' "the report does not name the route that is slow"
said '[0-9]+ % of its time' "the report does not say what share of the route's time the lock took"

title "The same shop with the fault switched off"
start_shop healthy
capture healthy
show "$stallmark report --top 2 $out/healthy.stall" || fail "the report failed"
# That others use its CPUs is no fault of the shop, and is said where it is so.
"$stallmark" report --fail-on lock-contention,deadlock,event-loop,disk,sleep,memory,sequence "$out/healthy.stall" >/dev/null ||
    fail "the report finds fault with the healthy shop"

rm -f "$out/said"
cat <<END

The traces are there to be looked at:
  $stallmark report $out/cart-lock.stall
  $stallmark dump $out/cart-lock.stall | less
END
