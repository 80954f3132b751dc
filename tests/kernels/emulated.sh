#!/bin/sh
# emulated.sh CHECK_KERNELS CPU_MODEL...: runs check_kernels under qemu's user-mode emulator as each
# of the CPU models, and ends with the counts. A target that no model supports is skipped, never
# passed.
set -eu
check=$1
shift
emulator=qemu-x86_64-static
if [ "$(uname -m)" != x86_64 ] || ! command -v "$emulator" >/dev/null; then
    echo "skipped kernels-emulated: this is not x86_64, or there is no $emulator"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi
output=$(mktemp)
trap 'rm -f "$output"' EXIT
passed=0
failed=0
ran=' '
targets=''
for model; do
    status=0
    "$emulator" -cpu "$model" "$check" --quick --seed 1 >"$output" 2>&1 || status=$?
    # The emulator warns of features that no kernel uses.
    sed "/^qemu-.* warning: TCG/d; s/^/$model: /" "$output"
    counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$output")
    if [ -z "$counts" ] || { [ "$status" != 0 ] && [ "${counts#* }" = 0 ]; }; then
        echo "FAILED $model: check_kernels ended with $status"
        counts='0 1'
    fi
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    ran="$ran$(sed -nE 's/^([a-z0-9_]+) +[0-9]+ kernels, .*/\1/p' "$output" | tr '\n' ' ')"
    targets="$targets $(sed -nE 's/^([a-z0-9_]+) +[0-9]+ kernels, .*/\1/p
        s/^# skipped: target ([a-z0-9_]+):.*/\1/p' "$output" | tr '\n' ' ')"
done
skipped=0
for target in $(echo "$targets" | tr ' ' '\n' | sort -u); do
    case $ran in
    *" $target "*) ;;
    *)
        echo "skipped kernels-emulated: $target: no CPU model of the emulator supports it"
        skipped=$((skipped + 1))
        ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
