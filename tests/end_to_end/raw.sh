#!/bin/sh
# imgcore resize with raw samples as its input and output: their layout against an independent decoder, the same
# results as with files, and the limits.
# shellcheck source=tests/end_to_end/lib.sh
. "$(dirname "$0")/lib.sh"

"$make_pictures" in.jpg 300x200 stripes
"$make_pictures" grey.jpg 64x48 grey noise
"$make_pictures" rgba.png 120x80 rgba
"$make_pictures" rotated.jpg 64x48 orientation=6 grey noise
"$make_pictures" p3.jpg 40x30 p3

# ---- the layout of an output
pnm_samples() { djpeg -pnm "$1" | tail -c "$2"; }
check 'grey samples' exits 0 "$imgcore" resize grey.jpg grey.raw --crop 0,0,64x48
check '... report their layout' contains stdout 'grey.raw: 64x48x1, 3,072 bytes'
pnm_samples grey.jpg 3072 >grey.pnm
check '... are those of libjpeg-turbo' cmp grey.pnm grey.raw
check 'by --format' exits 0 "$imgcore" resize grey.jpg grey.bin --crop 0,0,64x48 --format raw
check '... the same' cmp grey.raw grey.bin
check 'RGB, and JSON' exits 0 "$imgcore" resize in.jpg rgb.RAW --size 30x30 --json
check '... reports the layout' json '.status == "OK" and .format == "raw" and .width == 30 and .height == 20 and
    .channels == 3 and .bytes == 1800'
check '... of what is written' test "$(stat -c %s rgb.RAW)" = 1800
check 'RGBA, and JSON' exits 0 "$imgcore" resize rgba.png rgba.raw --crop 0,0,120x80 --json
check '... reports four channels' json '.channels == 4 and .bytes == 38400'
check 'no channels of a file' exits 0 "$imgcore" resize rgba.png out.png --size 60x60 --json
check '... are in JSON' json 'has("channels") | not'
check 'samples are upright' exits 0 "$imgcore" resize rotated.jpg rotated.raw --crop 0,0,48x64
check '... in their sides' contains stdout '48x64x1'
check 'a profile is not kept' exits 0 "$imgcore" resize p3.jpg kept.raw --size 20x20 --keep-icc
"$imgcore" resize p3.jpg srgb.raw --size 20x20 >/dev/null
check '... but converted' cmp kept.raw srgb.raw

# ---- the layout of an input
# Four pixels of 16 x 16: red, green, blue and white.
python3 -c '
import sys
for pixels in (b"\xff\0\0", b"\0\xff\0"), (b"\0\0\xff", b"\xff\xff\xff"):
    sys.stdout.buffer.write(b"".join(pixel * 16 for pixel in pixels) * 16)' >four.raw
check 'RGB into a JPEG' exits 0 "$imgcore" resize four.raw four.jpg --raw-input 32x32x3 --size 32x32 --quality 95 \
    --subsampling 444
pnm_samples four.jpg 3072 >four.pnm
has_colors() {
    python3 -c '
import sys
got, wanted = (open(name, "rb").read() for name in ("four.pnm", "four.raw"))
sys.exit(len(got) != len(wanted) or max(abs(a - b) for a, b in zip(got, wanted)) > 3)'
}
check '... has its colours in their places' has_colors
check 'RGBA into a PNG' exits 0 "$imgcore" resize rgba.raw from-raw.png --raw-input 120x80x4 --size 60x60
check '... gives the bytes that a PNG of it gives' cmp out.png from-raw.png
for layout in 19200x1x2 9600x1x4 12800x1x3 38400x1x1; do
    "$imgcore" resize rgba.raw there.png --raw-input $layout --size 40000x1 >/dev/null
    check "there and back: $layout" exits 0 "$imgcore" resize there.png back.raw --size 40000x1
    check '... is the same' cmp rgba.raw back.raw
done
check 'a crop' exits 0 "$imgcore" resize four.raw corner.raw --raw-input 32x32x3 --crop 16,16,16x16
check '... is of its place' test "$(tr -d '\377' <corner.raw | wc -c)" = 0

# ---- standard input and output
through() { "$imgcore" resize - - --raw-input 120x80x4 --size 60x60 <rgba.raw >piped.raw; }
check 'from standard input to standard output' exits 0 through
check '... reports the layout elsewhere' contains stderr 'imgcore: standard output: 60x40x4, 9,600 bytes'
"$imgcore" resize rgba.png half.raw --size 60x60 >/dev/null
check '... gives the same bytes' cmp half.raw piped.raw
piped() { cat rgba.raw | "$imgcore" resize - - --raw-input 120x80x4 --size 60x60 --threads 2 >piped.raw; }
check 'through pipes' piped
check '... gives the same bytes' cmp half.raw piped.raw
behind() { { dd bs=1 count=100 of=/dev/null && "$imgcore" resize - behind.raw --raw-input 120x80x4 --size 60x60; } <behind.bin; }
{ head -c 100 in.jpg && cat rgba.raw; } >behind.bin
check 'samples that begin within a file' behind
check '... give the same bytes' cmp half.raw behind.raw

# ---- an input of another size, and limits
echo 'what was there' >never.png
refused() { # NAME STATUS SENTENCE OPTION...
    name=$1 status=$2 sentence=$3
    shift 3
    check "$name" exits 1 "$imgcore" resize rgba.raw never.png --size 9x9 "$@"
    check '... in these words' contains stderr "imgcore: rgba.raw: $sentence"
    check '... leaves what was there' grep -qx 'what was there' never.png
    exits 1 "$imgcore" resize rgba.raw never.png --size 9x9 --json "$@"
    check "... is $status" json ".status == \"$status\""
}
refused 'a row too few' TRUNCATED 'has 38,400 bytes, but 120x81 pixels of 4 channels are 38,880' --raw-input 120x81x4
refused 'a row too many' CORRUPT 'has more than 37,920 bytes, but 120x79 pixels of 4 channels are 37,920' \
    --raw-input 120x79x4
refused 'a side over its limit' TOO_LARGE 'the picture or a part' --raw-input 120x80x4 --max-side 119
refused 'pixels over their limit' TOO_LARGE 'the picture or a part' --raw-input 120x80x4 --max-pixels 9599
refused 'samples over the memory' BUDGET 'the picture needs more memory than the budget allows: its samples alone are 1,073,610,756 bytes' \
    --raw-input 16383x16383x4
refused 'the largest sides' TOO_LARGE 'the picture or a part' --raw-input 16777215x16777215x4
refused 'a crop outside' INVALID_ARGUMENT 'an argument' --raw-input 120x80x4 --crop 100,0,21x80
# The samples count: with 1 MiB for both, 1000x1000 grey ones leave too little to enlarge them.
head -c 1000000 /dev/zero >million.raw
check 'memory that samples leave too little of' exits 1 "$imgcore" resize million.raw never.png --raw-input 1000x1000x1 \
    --size 1200x --enlarge --memory 1
check '... is enough with 100 MiB' exits 0 "$imgcore" resize million.raw enough.png --raw-input 1000x1000x1 --size 1200x \
    --enlarge --memory 100
check 'a short one, tolerated' exits 0 "$imgcore" resize four.raw tolerated.raw --raw-input 32x64x3 --size 32x64 --tolerant
check '... is black below' cmp -n 3072 -i 3072:0 tolerated.raw /dev/zero
check '... and itself above' cmp -n 3072 tolerated.raw four.raw
endless() { timeout 60 "$imgcore" resize /dev/zero never.png --raw-input 100x100x3 --size 9x9; }
check 'an endless input' exits 1 endless
check '... is not read to its end' contains stderr 'has more than 30,000 bytes'
check 'a folder' exits 1 "$imgcore" resize . never.png --raw-input 1x1x1 --size 9x9
for layout in 120x80 120x80x5 120x80x0 0x80x4 120x0x4 120x80x4x1 x80x4 -1x80x4 16777216x1x1 120,80,4 ''; do
    check "--raw-input=$layout" exits 2 "$imgcore" resize rgba.raw never.png --raw-input="$layout" --size 9x9
    check '... shows how to write one' contains stderr 'write 800x600x3'
done
check 'samples without the option' exits 1 "$imgcore" resize rgba.raw never.png --size 9x9
check '... are no image' contains stderr 'not supported'
check 'still what was there' grep -qx 'what was there' never.png
check 'no temporary file remains' is_tidy .

finish
