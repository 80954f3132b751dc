#!/bin/sh
# The command line itself: help, versions, wrong usage, info and targets.
# shellcheck source=tests/end_to_end/lib.sh
. "$(dirname "$0")/lib.sh"

"$make_pictures" good.jpg 90x60
"$make_pictures" rotated.jpg 90x60 orientation=6
"$make_pictures" cut.jpg 90x60 cut=-60
"$make_pictures" alpha.png 30x20 rgba
echo 'just text' >text.jpg

# ---- help and version
check 'no command is wrong usage' exits 2 "$imgcore"
check '... and shows how it goes' contains stderr 'usage: imgcore COMMAND'
check '--help' exits 0 "$imgcore" --help
check '... is on stdout' contains stdout 'usage: imgcore COMMAND'
check '... and nothing on stderr' is_silent stderr
check 'help' exits 0 "$imgcore" help
check '--version' exits 0 "$imgcore" --version
version=$(sed -n 's/.*IMGCORE_VERSION_STRING *"\(.*\)"/\1/p' \
    "$top/imgcore/include/imgcore/version.h")
check '... is that of the header' contains stdout "imgcore $version"
for command in variants resize info targets; do
    check "$command --help" exits 0 "$imgcore" $command --help
    check "... names itself" contains stdout "usage: imgcore $command"
    check "... and --json" contains stdout '--json'
    check "help $command" exits 0 "$imgcore" help $command
    check "$command refuses an unknown option" exits 2 "$imgcore" $command --foo
    check "... in these words" contains stderr \
        "imgcore: unknown option --foo (see imgcore $command --help)"
done
check 'an unknown command' exits 2 "$imgcore" enlarge
check '... in these words' contains stderr 'imgcore: unknown command enlarge (see imgcore --help)'
check 'help of an unknown command' exits 2 "$imgcore" help enlarge

# ---- wrong usage
check 'resize without operands' exits 2 "$imgcore" resize
check 'resize without a size' exits 2 "$imgcore" resize good.jpg out.jpg
check '... says what is needed' contains stderr '--size or --crop is needed'
check 'a size that is invalid' exits 2 "$imgcore" resize good.jpg out.jpg --size 0x10
check 'a size without an x' exits 2 "$imgcore" resize good.jpg out.jpg --size 10
check 'an empty size' exits 2 "$imgcore" resize good.jpg out.jpg --size x
check 'a size far too large' exits 2 "$imgcore" resize good.jpg out.jpg --size 99999999999999x1
check 'an option without its value' exits 2 "$imgcore" resize good.jpg out.jpg --size
check '... is named' contains stderr '--size needs a value: WxH'
check 'a flag with a value' exits 2 "$imgcore" resize good.jpg out.jpg --size=9x9 --linear=yes
check 'quality 0' exits 2 "$imgcore" resize good.jpg out.jpg --size 9x9 --quality 0
check 'quality 101' exits 2 "$imgcore" resize good.jpg out.jpg --size 9x9 --quality 101
check 'a fit that is invalid' exits 2 "$imgcore" resize good.jpg out.jpg --size 9x9 --fit tight
check '... lists those there are' contains stderr 'inside, cover, contain, fill, outside'
check 'a colour that is invalid' exits 2 "$imgcore" resize good.jpg out.jpg --size 9x9 \
    --background '#12345'
check 'an empty output' exits 2 "$imgcore" resize good.jpg '' --size 9x9 --format png
check 'a letter that is no option' exits 2 "$imgcore" resize good.jpg out.jpg -q9
check '... is shown as typed' contains stderr 'unknown option -q9'
check 'a word behind one dash' exits 2 "$imgcore" info good.jpg -json
check 'a letter without its value' exits 2 "$imgcore" resize good.jpg out.jpg -s
check '... is named' contains stderr '-s needs a value: WxH'
check 'a letter with a value that is invalid' exits 2 "$imgcore" resize good.jpg out.jpg -sbig
check '... is named too' contains stderr "-s: 'big' is not a size"
check 'a letter takes all behind it' exits 2 "$imgcore" resize good.jpg out.jpg -s=9x9
check '... the sign as well' contains stderr "-s: '=9x9' is not a size"
check 'an unknown extension' exits 2 "$imgcore" resize good.jpg out.webp --size 9x9
check 'three operands' exits 2 "$imgcore" resize good.jpg out.jpg more.jpg --size 9x9
check 'variants without an output' exits 2 "$imgcore" variants good.jpg
check 'variants of standard input' exits 2 "$imgcore" variants - -o out
check 'a size without a name' exits 2 "$imgcore" variants good.jpg -o out --size 10x10
check 'a size whose name climbs' exits 2 "$imgcore" variants good.jpg -o out --size ../up=10x10
check 'a size named twice' exits 2 "$imgcore" variants good.jpg -o out --size a=1x1 --size a=2x2
check 'no jobs' exits 2 "$imgcore" variants good.jpg -o out --jobs 0
check 'info of nothing' exits 2 "$imgcore" info
check 'none of these made anything' not test -e out -o -e out.jpg -o -e out.webp

# ---- info
check 'info of good files' exits 0 "$imgcore" info good.jpg alpha.png
check 'info of a rotated one' exits 0 "$imgcore" info rotated.jpg
check '... reports both sizes' contains stdout '90x60, displayed as 60x90 (orientation 6)'
"$make_pictures" p3.jpg p3
"$make_pictures" srgb.png srgb
check 'info of profiles' exits 0 "$imgcore" info --json p3.jpg srgb.png
check '... one to be converted' json '.inputs[0] | .icc_bytes > 300 and (.icc_is_srgb | not)'
check '... one as good as none' json '.inputs[1] | .icc_bytes > 300 and .icc_is_srgb'
"$make_pictures" dark.png gamma=100000
check 'info of what states the colours' exits 0 "$imgcore" info --json p3.jpg srgb.png dark.png good.jpg
check '... names it' json '[.inputs[].color_source] == ["icc", "icc", "gama", "none"]'
check '... and its value' json '.inputs[2] | .color_detail == "gAMA 1.00000" and (.icc_is_srgb | not)'
check '... for people' exits 0 "$imgcore" info dark.png
check '... too' contains stdout 'chunks    gAMA 1.00000, to be converted to sRGB'
for file in p3.jpg srgb.png; do
    check "a profile over its limit: $file" exits 1 "$imgcore" info --max-icc 300 $file
    check '... is refused, not ignored' contains stdout 'refused   TOO_LARGE'
    check '... by its name' contains stdout 'profile is'
done
check 'info --json' exits 1 "$imgcore" info --json good.jpg rotated.jpg cut.jpg alpha.png text.jpg \
    missing.jpg
check '... is one document' json '.inputs | length == 6'
check '... reports the good' json '.inputs[0] | .status == "OK" and .format == "jpeg" and
    .width == 90 and .height == 60 and .subsampling == "4:2:0" and .orientation == 1'
check '... the rotated' json '.inputs[1] | .oriented_width == 60 and .oriented_height == 90'
check '... the cut' json '.inputs[2] | .status == "TRUNCATED" and (.message | length > 10)'
check '... the PNG' json '.inputs[3] | .format == "png" and .has_alpha and .bits == 8'
check '... the text' json '.inputs[4].status == "UNSUPPORTED"'
check '... the missing' json '.inputs[5].status == "READ_FAILED"'
check '... and counts' json '.accepted == 3 and .refused == 3'
check '... and has all the sentences' is_silent stderr
on_one_terminal() { "$imgcore" info --json good.jpg cut.jpg text.jpg missing.jpg 2>&1; }
check 'both streams on one terminal' exits 1 on_one_terminal
check '... are one document still' json '.refused == 3'
check 'info for people' exits 1 "$imgcore" info good.jpg cut.jpg text.jpg
check '... has a sentence with its name for each refusal' contains stderr 'imgcore: cut.jpg: '
check '... and another' contains stderr 'imgcore: text.jpg: '
check 'info --header-only does not see the cut' exits 0 "$imgcore" info --header-only cut.jpg
info_stdin() { "$imgcore" info --json - <"$1"; }
info_pipe() { cat "$1" | "$imgcore" info --json -; }
info_pipe_for_exits() { info_pipe good.jpg; }
check 'info of standard input' info_stdin good.jpg
check 'info of a pipe' exits 0 info_pipe_for_exits
check '... reads all of it' json '.inputs[0] | .status == "OK" and .width == 90'
mkfifo fifo
feed() { timeout 20 sh -c 'cat good.jpg >fifo'; }
feed &
check 'info of a FIFO' exits 0 timeout 20 "$imgcore" info --json fifo
check '... reads all of it' json '.inputs[0] | .status == "OK" and .width == 90'
wait
"$make_pictures" noise.jpg 90x60 noise cut=-300
{ cat noise.jpg && printf '\377\331'; } >early.jpg
check 'a JPEG whose end comes too early' exits 1 "$imgcore" info early.jpg
check '... is reported in good English' contains stderr ': a scan ends early ('
check 'a limit given to info' exits 1 "$imgcore" info good.jpg --max-pixels 5399
check '... counts pixels exactly' exits 0 "$imgcore" info good.jpg --max-pixels 5400

# ---- who decodes
"$make_pictures" photo.jpg 1200x900 noise
head -c -2 photo.jpg >endless.jpg
progressive() { "$imgcore" resize photo.jpg progressive.jpg --size 200x200 --progressive; }
check 'a progressive JPEG' exits 0 progressive
check 'info of a JPEG' exits 0 "$imgcore" info --json photo.jpg progressive.jpg alpha.png
if [ "$(jq -r '.inputs[0].decoder' "$scratch/stdout")" = libjpeg-turbo ]; then
    skip 'the own JPEG decoder' 'this build or this CPU has none'
else
    check '... read by the own decoder' json '.inputs[0] | .decoder == "imgcore" and .fallback == null'
    check '... a progressive one, too' json '.inputs[1] | .decoder == "imgcore" and .fallback == null'
    check 'info of one without its end' exits 1 "$imgcore" info --json endless.jpg
    check '... is read by both' json '.inputs[0] | .decoder == "libjpeg-turbo" and
        .fallback == "MARKER" and .status == "TRUNCATED"'
    check 'info for people' exits 1 "$imgcore" info endless.jpg
    check '... too' contains stdout 'decoder   libjpeg-turbo, after a doubt of imgcore: MARKER'
fi
check 'IMGCORE_JPEG=libjpeg' exits 0 env IMGCORE_JPEG=libjpeg "$imgcore" info --json photo.jpg
check '... is obeyed' json '.inputs[0] | .decoder == "libjpeg-turbo" and .fallback == null'
check 'IMGCORE_JPEG of nonsense' exits 2 env IMGCORE_JPEG=nonsense "$imgcore" info photo.jpg
check '... is named' contains stderr 'IMGCORE_JPEG is neither own nor libjpeg'
by() { IMGCORE_JPEG=$1 "$imgcore" resize photo.jpg "$1.jpg" --size 300x300; }
check 'resize by the one' by own
check '... and the other' by libjpeg
check '... gives the same bytes' cmp own.jpg libjpeg.jpg

# ---- targets
check 'targets' exits 0 "$imgcore" targets
check '... the last is ref' contains stdout 'ref'
check 'targets --json' exits 0 "$imgcore" targets --json
check '... those of the jobs are in use, ref is usable' json '
    ([.targets[] | select(.in_use) | .name] | sort) == ([.jobs[].target] | unique) and
    (.jobs | keys == ["resize", "transform"]) and ([.jobs[].reason | length > 9] | all) and
    (.targets[-1] | .name == "ref" and .usable)'
check 'IMGCORE_TARGETS limits them' exits 0 env IMGCORE_TARGETS=ref "$imgcore" targets --json
check '... to what it names' json '.targets[-1].in_use and ([.jobs[].target] | unique == ["ref"])'
check 'IMGCORE_TARGETS of nonsense' exits 2 env IMGCORE_TARGETS=nonsense "$imgcore" targets

# ---- a full standard output
full() { "$imgcore" targets >/dev/full; }
if [ -e /dev/full ]; then
    check 'a full standard output is an error' exits 1 full
fi

# ---- names cannot control a terminal
name=$(printf 'red\033[31m\nline.jpg')
cp good.jpg "$name"
check 'a name with control characters' exits 0 "$imgcore" info "$name"
check '... is shown, not obeyed' contains stdout 'red\x1b[31m\x0aline.jpg'
check '... and stays itself in JSON' exits 0 "$imgcore" info --json "$name"
check '... escaped' json '.inputs[0].input == "red\u001b[31m\nline.jpg"'
name=$(printf 'wrong\377.jpg')
cp good.jpg "$name"
check 'a name that is not UTF-8' exits 0 "$imgcore" info --json "$name" good.jpg
check '... is in the document as bytes too' json '.inputs[0] | .input == "wrong\ufffd.jpg" and
    .input_hex == "77726f6e67ff2e6a7067"'
check '... as only such names are' json '.inputs[1] | has("input_hex") | not'
check '... which --help shows' exits 0 "$imgcore" info --help
check '... by the name of the member' contains stdout input_hex

finish
