#!/bin/sh
# Runs test programs and adds up what they count: run_tests.sh PROGRAM...
#
# A program reports by TAP lines ("ok 1 - name", "not ok 2 - name", "1..N"; cmocka's own and those of
# the shell tests), or by a last line "N passed, N failed"; one that does neither is one test, by its
# exit status. One that crashes, hangs or leaves out planned tests has failed; skipped tests count as
# neither. The output of failing programs is shown. Ends with the total alone on a line.
#
# The longest programs of the last run start first, so that none of them is left alone at the end.
# Before the total stand the longest programs of this run, with the processor time that each took.
#
# BUILD CONFIG   the build folder (default build/release) and its configuration (default release)
# RUN_WITH   a command in front of each program (valgrind ...)
# JOBS       programs at once (default: two more than there are CPUs, since many wait for servers)
# TEST_SECONDS   how long one may take (default 600)
# TEST_TIMES     where the durations are kept (default build/test_times)
#
# The calls that functions make in the local cloud are kept below BUILD/calls, a file for each program
# (lambda/local/calls.mjs); infra/checks/semantics.mjs --calls holds the functions' policies against them. There the
# functions have the rights that Terraform gives their roles (infra/checks/enforce.mjs).
set -eu

# One program: its output, status, counts and duration as files of $2. A process of its own for each,
# so that several may run at once.
if [ "${1:-}" = --one ]; then
    results=$2
    program=$3
    name=$(printf '%s' "$program" | tr '/' '_')
    case $program in
    *.sh) set -- sh "$program" ;;
    *.mjs) set -- build/local/node --import ./infra/checks/enforce.mjs --test-reporter=tap "$program" ;;
    *) set -- "$program" ;;
    esac
    RECORD_CALLS=$(pwd)/${BUILD:-build/release}/calls/$name.jsonl
    export RECORD_CALLS
    rm -f "$RECORD_CALLS"
    status=0
    begin=$(date +%s)
    # shellcheck disable=SC2086 # a command and its options
    CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "${TEST_SECONDS:-600}" ${RUN_WITH:-} "$@" \
        </dev/null >"$results/$name.output" 2>&1 || status=$?
    seconds=$(($(date +%s) - begin))
    # User and system time, of this shell and of all that it waited for. In $() it were another shell's.
    times >"$results/$name.cpu"
    cpu=$(awk '{ gsub(/[ms]/, " "); cpu += $1 * 60 + $2 + $3 * 60 + $4 } END { printf "%.1f", cpu }' "$results/$name.cpu")
    echo "$seconds $cpu $program" >"$results/$name.duration"
    echo "$seconds ${program#"${BUILD:-build/release}"/}" >"$results/$name.seconds"
    awk -v status="$status" -v seconds=$seconds -v cpu="$cpu" -v name="$program" -v counts="$results/$name.counts" \
        -v skips="$results/$name.skips" -v title="${CONFIG:-release} ${program#"${BUILD:-build/release}"/}" '
        function skip(test, reason) {
            all_skipped++
            printf "skipped %s: %s%s\n", title, test, reason == "" ? "" : " # " reason >skips
        }
        # "ok 1 - NAME # SKIP REASON"; "not ok 1 # SKIP NAME" (cmocka). Subtests are in no plan.
        /^ *(not )?ok [0-9]+( .*)? # SKIP/ {
            at = match($0, / # SKIP/)
            before = substr($0, 1, at - 1)
            after = substr($0, at + 8)
            sub(/^ *(not )?ok [0-9]+ *-? */, "", before)
            if (before == "") skip(after, ""); else skip(before, after)
            skipped += !/^ /
            next
        }
        /^# skipped: / {
            at = match(substr($0, 12), /: /)
            if (at) skip(substr($0, 12, at - 1), substr($0, 12 + at + 1)); else skip(substr($0, 12), "")
        }
        /^ok / { ok++ }
        /^not ok / { bad++ }
        /^1\.\.[0-9]+$/ { has_plan = 1; planned += substr($0, 4) }
        /^[0-9]+ passed, [0-9]+ failed$/ { is_counted = 1; own_ok = $1; own_bad = $3 }
        END {
            if (is_counted) { ok = own_ok; bad = own_bad }
            else if (planned > ok + bad + skipped) bad = planned - ok - skipped
            else if (!has_plan && !ok && status == 0) ok = 1
            if (status != 0 && !bad) bad = 1
            if (status == 0 && bad) status = 1
            printf "%-50s %4d s (CPU %5.1f s) %4d passed", name, seconds, cpu, ok
            if (all_skipped) printf ", %d skipped", all_skipped
            if (bad) printf ", %d failed (exit status %d)", bad, status
            printf "\n"
            print ok + 0, bad + 0, all_skipped + 0 >counts
        }' "$results/$name.output" >"$results/$name.summary"
    # In one piece, so that programs running at once do not mix their reports.
    if grep -q ' failed (exit' "$results/$name.summary"; then
        sed '/^ok /d; s/^/    /' "$results/$name.output" >"$results/$name.report"
    fi
    if [ -s "$results/$name.skips" ]; then cat "$results/$name.skips" >>"$results/$name.report"; fi
    cat "$results/$name.summary" >>"$results/$name.report"
    # Not with cat: to a regular file it copies within the kernel, where programs that share the file's
    # position overwrite each other.
    awk 1 "$results/$name.report"
    exit 0
fi

begin=$(date +%s)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
times=${TEST_TIMES:-build/test_times}
# One line for each program: its last duration, and where it stands among the arguments. A program
# without a duration comes first: it is new, or was never run here.
for program in "$@"; do
    printf '%s\n' "$program"
done | awk -v build="${BUILD:-build/release}/" -v times="$times" '
    BEGIN {
        while ((getline line <times) > 0) {
            at = index(line, " ")
            last[substr(line, at + 1)] = substr(line, 1, at - 1)
        }
    }
    {
        name = index($0, build) == 1 ? substr($0, length(build) + 1) : $0
        printf "%d %d %s\n", name in last ? last[name] : 999999, NR, $0
    }' | sort -k1,1nr -k2,2n | cut -d ' ' -f 3- | tr '\n' '\0' |
    xargs -0 -r -n 1 -P "${JOBS:-$(($(nproc) + 2))}" sh "$0" --one "$results" || :
: >"$results/all.counts"
: >"$results/all.seconds"
# Durations of programs that did not run this time are kept.
mkdir -p "$(dirname "$times")"
touch "$times"
cat "$results"/*.seconds "$times" |
    awk '{ name = substr($0, index($0, " ") + 1) } !seen[name]++' >"$results/times"
cp "$results/times" "$times"
: >"$results/all.duration"
cat "$results"/*.duration | sort -k1,1nr -k2,2nr | awk -v seconds=$(($(date +%s) - begin)) -v cpus="$(nproc)" '
    NR <= 15 { longest = longest sprintf("%6d s, %5.1f s of CPU  %s\n", $1, $2, $3) }
    { sum += $1; cpu += $2 }
    END {
        printf "\n%d s for %d programs of %d s, with %d s of CPU on %d CPUs; the longest:\n%s", seconds, NR, sum, cpu,
            cpus, longest
    }'
cat "$results"/*.counts | awk -v programs=$# '
    { passed += $1; failed += $2; skipped += $3; seen++ }
    END {
        # One whose counts are not there never ran.
        failed += programs - seen
        printf "\n%d passed, %d failed", passed, failed
        if (skipped) printf ", %d skipped", skipped
        printf "\n"
        exit failed > 0 || passed == 0
    }'
