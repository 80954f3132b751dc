#!/bin/sh
# The bench itself, on tiny images and in one round: its results are complete, and bench-track
# recognises a regression. Needs no other library.
# shellcheck source=tests/end_to_end/lib.sh
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
programs=$build/bench
if ! [ -x $python ] || ! [ -x "$programs/bench_pipeline" ]; then
    skip 'the bench' 'python3 or the programs of the bench are not there'
    finish
fi
bench() {
    script=$1
    shift
    exits "$expect" $python "$top/bench/$script" "$@"
}
# Writes a result with every time of the group $2 multiplied by $3.
slowed() {
    jq --arg group "$2" --argjson by "$3" \
        '.results |= map(if .group == $group then .samples_ms |= map(. * $by) else . end)' "$1"
}

"$make_pictures" 'a photo.jpg' 240x161
expect=0
for script in bench.py track.py compare/compare.py compare/run_pillow.py; do
    check "$script --help" bench "$script" --help
    check '... prints its usage' contains stdout 'usage: '
done

check 'a small run' bench bench.py --build "$build" --work 'made here' --small --rounds 5 \
    --only pipeline,resize,memory,start,quality --out one --targets ref 'a photo.jpg'
check '... its table has a pipeline' contains stdout 'pipeline/a photo.jpg/jpeg/balanced'
check '... its result has every group' exits 0 jq -e \
    '[.results[].group] | unique == ["floor", "memory", "pipeline", "resize", "start"]' one.json
check '... each with times' exits 0 jq -e 'all(.results[]; .median_ms > 0 and .min_ms > 0)' one.json
check '... has machine and commit' exits 0 jq -e \
    '.machine | has("cpu") and has("compiler") and has("commit") and has("load")' one.json
check '... and who has read the photograph' exits 0 jq -e '.fallbacks == {} and
    all(.results[] | select(.group == "pipeline"); .about | contains("read by"))' one.json
check '... and no path of this machine' not grep -q "$scratch" one.json
check '... exact to the mark' exits 0 jq -e '[.quality[].sizes[].all] | min > 54' one.json
check '... with a plot' grep -q '</svg>' one.svg

check 'a small comparison of decoders' bench compare/compare.py --build "$build" \
    --work 'made here' --small --rounds 2 --only decode --out planes 'a photo.jpg'
check '... has every scale, with times of both decoders' exits 0 jq -e '.blocks | length > 0 and
    all(.[]; [.scales[].denom] == [1, 2, 4, 8] and all(.scales[].results; length > 1 and
        .[0].peer == "libjpeg-turbo" and all(.[]; .min_ms > 0 and .ratio > 0)))' planes.json
check '... and its goals' exits 0 jq -e '[.marks[].name] | all(contains(" to planes: imgcore "))' \
    planes.json

{ head -c -2 'a photo.jpg' && printf '\022\064\377\331'; } >longer.jpg
if "$imgcore" info --json longer.jpg | jq -e '.inputs[0].fallback' >"$scratch/fallback"; then
    reads() { "$programs/bench_pipeline" --input longer.jpg </dev/null; }
    check 'a doubt is named' exits 0 reads
    check '... with its reason' contains stdout 'read by libjpeg-turbo after a doubt: DATA_LEFT'
    cp "$scratch/stdout" described
    counts() { PYTHONPATH=$top/bench $python -c "from lib import report
print(report.count_fallbacks([{'about': line} for line in open('described')] * 2))"; }
    check '... and counted' exits 0 counts
    check '... by it' contains stdout "{'DATA_LEFT': 2}"
fi

slowed one.json pipeline 1.3 >slower.json
slowed one.json pipeline 0.7 >faster.json
slowed one.json pipeline 1.02 >near.json
check 'track: the same' bench track.py one.json one.json
check 'track: within the bound' bench track.py one.json near.json
check 'track: faster' bench track.py one.json faster.json
check '... is reported' contains stdout 'faster'
expect=1
check 'track: a regression fails' bench track.py one.json slower.json --bound 5
check '... and is named' contains stdout 'pipeline/a photo.jpg/jpeg/balanced'
expect=2
check 'track: no such commit' bench track.py no-such-commit one
echo '{"no": "result"}' >other.json
check 'track: a file that is no result' bench track.py other.json one.json
check '... is reported' contains stderr 'other.json is no result of the bench'
check 'bench: a photograph that does not exist' bench bench.py --build "$build" nowhere.jpg
check 'bench: a group that is invalid' bench bench.py --build "$build" --work 'made here' --small \
    --only nothing

finish
