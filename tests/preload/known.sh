#!/bin/bash
# Waits whose answer is known, in programs that know nothing of us: what is in the file is what happened, once,
# with its kind, its length and whoever ended it. Lengths are compared from below: no machine is too slow for that.
. "$(dirname "$0")/lib.sh"
known=$programs/known

# made WAY…: records the program, whose words are then in $tmp/words and whose waits in $tmp/waits.
made() {
    recorded "$tmp/a.stall" "$@" >"$tmp/words" || fail "$*: code $?"
    is_clean "$tmp/a.stall"
    "$stallmark" dump "$tmp/a.stall" >"$tmp/waits"
}

# word NAME [N]: the number that the program gave with it, the N-th time.
word() { sed -n "s/^$1 //p" "$tmp/words" | sed -n "${2:-1}p"; }

# waits TID EVENT [TEXT…] MS: how often the thread waited so, at least so long; each TEXT is in the line.
waits() {
    local tid=$1 event=$2 at_least=${!#} texts=("${@:3:$#-3}")
    grep -E "^[0-9.]+ [0-9]+/$tid:[^ ]* $event " "$tmp/waits" | {
        local line duration n=0
        while read -r line; do
            duration=${line#*duration=}
            duration=${duration%%ns*}
            [ "$duration" -ge $((at_least * 1000000)) ] || continue
            for text in "${texts[@]}"; do
                case $line in *"$text"*) ;; *) continue 2 ;; esac
            done
            n=$((n + 1))
        done
        echo "$n"
    }
}

# Each kind once: the helper comes 100 ms later, and the first thread was there before that, however busy the machine is.
once() { # EVENT CALL [TEXT]: by the first thread
    expect "$2: as $1, with all that is known of it" "$(waits "$first" "$1" ":\"$2\"" "${@:3}" 20)" 1
    expect "$2: in whichever way" "$(grep -c "/$first:.*_wait .*:\"$2\"" "$tmp/waits")" 1
}
made "$known" each
first=$(word first)
once lock_wait pthread_mutex_lock 'result=0'
once lock_wait pthread_rwlock_rdlock 'result=0'
once lock_wait mtx_lock 'result=0'
once cond_wait pthread_cond_wait 'result=0'
once cond_wait cnd_wait 'result=0'
once cond_wait sem_wait 'result=0'
once cond_wait pthread_barrier_wait
once join_wait pthread_join 'result=0'
# Who let it go on is another thread, and the one that slept.
for call in pthread_mutex_lock:releaser pthread_rwlock_rdlock:releaser mtx_lock:releaser pthread_cond_wait:waker cnd_wait:waker sem_wait:waker; do
    from=$(sed -n "s/.*\/$first:.* ${call#*:}=\([0-9]*\):.*:\"${call%:*}\".*/\1/p" "$tmp/waits")
    { [ -n "$from" ] && [ "$(waits "$from" sleep_wait 100)" = 1 ]; } || fail "$call: it is '$from'"
done

made "$programs/known_cpp"
first=$(word first)
once lock_wait pthread_mutex_lock 'result=0'   # std::mutex
once lock_wait pthread_rwlock_rdlock 'result=0' # std::shared_mutex
once cond_wait pthread_cond_wait 'result=0'    # std::condition_variable
once cond_wait futex 'result=0'                # std::counting_semaphore

# The first waits for the second, the second for the third, who sleeps: each wait names the next one.
made "$known" chain
expect "chain: first for second" "$(waits "$(word first)" lock_wait "holder=$(word second):" "releaser=$(word second):" 100)" 1
expect "chain: second for third" "$(waits "$(word second)" lock_wait "holder=$(word third):" "releaser=$(word third):" 100)" 1
expect "chain: third" "$(waits "$(word third)" sleep_wait 300)" 1
expect "chain: all waits for locks" "$(count lock_wait "$tmp/a.stall")" 2
"$stallmark" report "$tmp/a.stall" >"$tmp/report"
grep -q 'Held in  *third .* by known/'"$(word third)" "$tmp/report" || fail "the report does not name the third"
grep -q 'Meanwhile .* sleep: usleep in third' "$tmp/report" || fail "the report does not say what the third did"

# Three answers that were asked for one after the other: three waits, in that order, each of its own socket, none
# before the end of the one before.
made "$known" sockets
first=$(word first)
grep "/$first:.* net_wait .*:\"read\"" "$tmp/waits" >"$tmp/reads"
expect "sockets" "$(sed 's/.* fd=\([0-9]*\).*/\1/' "$tmp/reads" | tr '\n' ' ')" "$(word socket 1) $(word socket 2) $(word socket 3) "
for at in 1 2 3; do
    expect "socket $at" "$(waits "$first" net_wait ':"read"' "fd=$(word socket $at) " 'result=1' 20)" 1
done
awk '{ d = $0; sub(/.*duration=/, "", d); begin = $1 * 1e9 - d
       if (begin < end - 1000) { print "one began before the end of the one before"; bad = 1 }
       end = $1 * 1e9 } END { exit bad }' "$tmp/reads" || fail "the reads are not one after the other"

# A disk that takes its time; ours stands in front of whoever makes it slow.
env LD_PRELOAD="$preload:$programs/libslow_sync.so" STALLMARK_RECORD="$tmp/a.stall" "$known" sync "$tmp/file" >"$tmp/words" ||
    fail "sync: code $?"
is_clean "$tmp/a.stall"
"$stallmark" dump "$tmp/a.stall" >"$tmp/waits"
expect "fdatasync" "$(waits '[0-9]*' disk_wait ':"fdatasync"' "fd=$(word file) " 'result=0' "$tmp/file" 80)" 1
"$stallmark" report "$tmp/a.stall" >"$tmp/report"
grep -A1 '^disk  *fdatasync  *1 ' "$tmp/report" | grep -q ' in handle_write ' || fail "the report does not say who waited for the disk"

made "$known" handler
expect "sleep" "$(waits "$(word first)" sleep_wait ':"nanosleep"' 80)" 1
"$stallmark" report "$tmp/a.stall" >"$tmp/report"
grep -A1 '^sleep  *nanosleep  *1 ' "$tmp/report" | grep -q ' in handle_slowly ' || fail "the report does not say who slept"
exit $bad
