#!/bin/sh
# imgcore resize: formats, standard input and output, options that change the result, and outputs
# that are written completely or not at all.
# shellcheck source=tests/end_to_end/lib.sh
. "$(dirname "$0")/lib.sh"

"$make_pictures" in.jpg 300x200 stripes
"$make_pictures" rotated.jpg 300x200 orientation=6
"$make_pictures" in.png 120x80 rgba
"$make_pictures" cut.jpg 300x200 noise cut=-300
echo 'just text' >text.jpg

# ---- sizes and formats
check 'inside a box' exits 0 "$imgcore" resize in.jpg out.jpg --size 100x100
check '... reports what it did' contains stdout 'out.jpg: 100x67, '
check '... in that size' has_size out.jpg '100 67'
check 'by width' exits 0 "$imgcore" resize in.jpg w.jpg --size 150x
check '... in that size' has_size w.jpg '150 100'
check 'by height, with =' exits 0 "$imgcore" resize --size=x50 in.jpg h.jpg
check '... in that size' has_size h.jpg '75 50'
check 'with letters' exits 0 "$imgcore" resize in.jpg letter.jpg -s x50
check '... in the same size' cmp h.jpg letter.jpg
check 'with letters and values in one word' exits 0 "$imgcore" resize in.jpg letter.jpg -sx40
check '... in that size' has_size letter.jpg '60 40'
check 'never larger unasked' exits 0 "$imgcore" resize in.jpg same.jpg --size 900x900
check '... stays' has_size same.jpg '300 200'
check 'larger on request' exits 0 "$imgcore" resize in.jpg big.jpg --size 600x600 --enlarge
check '... grows' has_size big.jpg '600 400'
check 'cover fills the box' exits 0 "$imgcore" resize in.jpg cover.jpg --size 50x50 --fit cover
check '... all of it' has_size cover.jpg '50 50'
check 'upright' exits 0 "$imgcore" resize rotated.jpg up.jpg --size 100x150
check '... with its sides swapped' has_size up.jpg '100 150'
check 'a PNG becomes a JPEG by name' exits 0 "$imgcore" resize in.png fromng.JPG --size 60x60
check '... of that size' has_size fromng.JPG '60 40'
check 'a JPEG becomes a PNG by --format' exits 0 "$imgcore" resize in.jpg out.bin --size 9x9 \
    --format png
is_png() { [ "$(head -c 4 "$1" | tail -c 3)" = PNG ]; }
check '... by its magic' is_png out.bin
check 'resize --json' exits 0 "$imgcore" resize in.jpg j.jpg --size 30x30 --json
check '... reports all' json '.status == "OK" and .width == 30 and .height == 20 and
    .format == "jpeg" and .bytes > 100 and .output == "j.jpg"'

# ---- a rectangle
check 'a crop of the upright image' exits 0 "$imgcore" resize rotated.jpg upright.jpg --crop 90,250,110x50
check '... without a size is not resized' has_size upright.jpg '110 50'
check 'a crop as stored' exits 1 "$imgcore" resize rotated.jpg never.jpg --crop 250,90,50x110
check 'a crop with a size' exits 0 "$imgcore" resize in.jpg crop.jpg --crop=100,0,200x200 --size 40x
check '... is resized from it' has_size crop.jpg '40 40'
check 'a crop that is not inside' exits 1 "$imgcore" resize in.jpg never.jpg --crop 101,0,200x200
check '... is refused with a sentence' contains stderr \
    'the crop of 200 x 200 pixels at 101, 0 is not inside the picture of 300 x 200'
check '... and leaves nothing' not test -e never.jpg
for crop in 1,2,3 1,2,3x 1,2,0x4 1,2,4x0 -1,2,3x4 1,2,3x4x 1,2x3x4 4294967296,0,1x1 ''; do
    check "--crop=$crop" exits 2 "$imgcore" resize in.jpg never.jpg --crop="$crop" --size 9x9
    check '... shows how to write one' contains stderr 'write 40,30,800x600'
done

# ---- options have an effect
differs() { not cmp -s "$1" "$2"; }
"$imgcore" resize in.jpg base.jpg --size 100x100 >/dev/null
for option in '--filter box' '--quality 40' '--subsampling 444' '--progressive' '--optimize' \
    '--linear' '--fit fill'; do
    # shellcheck disable=SC2086 # an option and its value
    check "$option is taken" exits 0 "$imgcore" resize in.jpg other.jpg --size 100x100 $option
    check '... and makes a difference' differs base.jpg other.jpg
done
check 'a background' exits 0 "$imgcore" resize in.png red.jpg --size 60x60 --background '#ff0000'
check '... makes a difference' differs red.jpg fromng.JPG

# ---- standard input and output
through() { "$imgcore" resize - - --size 100x100 <"$1" >"$2"; }
check 'from standard input to standard output' through in.jpg piped.jpg
check '... gives the same bytes' cmp base.jpg piped.jpg
piped() { cat in.jpg | "$imgcore" resize - - --size 100x100 >piped2.jpg; }
check 'through pipes' piped
check '... gives the same bytes' cmp base.jpg piped2.jpg
check 'the format of standard output is the input'"'"'s' through in.png piped.png
check '... PNG here' is_png piped.png
check '- and --json exclude each other' exits 2 "$imgcore" resize in.jpg - --size 9x9 --json
refused_to_stdout() { "$imgcore" resize cut.jpg - --size 9x9; }
check 'a refusal with standard output' exits 1 refused_to_stdout
check '... writes nothing there' is_silent stdout
check '... and a sentence elsewhere' contains stderr 'imgcore: cut.jpg: the file ends before'

# ---- threads
jpegtran -restart 1 -outfile marked.jpg in.jpg
for n in 1 2 8 0; do
    check "by $n threads" exits 0 "$imgcore" resize marked.jpg by-$n.jpg --size 100x100 --threads $n
    check '... in the same bytes' cmp base.jpg by-$n.jpg
done
marked_through() { "$imgcore" resize - - --size 100x100 --threads 2 <marked.jpg >by-through.jpg; }
check 'by 2 threads from standard input' marked_through
check '... in the same bytes' cmp base.jpg by-through.jpg
behind() { { read -r _ && "$imgcore" resize - - --size 100x100 --threads 2; } <behind.bin >behind.jpg; }
{ echo; cat marked.jpg; } >behind.bin
check 'a picture that begins within a file' behind
check '... in the same bytes' cmp base.jpg behind.jpg
marked_piped() { cat marked.jpg | "$imgcore" resize - - --size 100x100 --threads 2 >by-piped.jpg; }
check 'by 2 threads through pipes' marked_piped
check '... in the same bytes' cmp base.jpg by-piped.jpg
check 'a number of threads that is invalid' exits 2 "$imgcore" resize in.jpg x.jpg --size 9x9 --threads x

# ---- complete or not at all
check 'a cut file is refused' exits 1 "$imgcore" resize cut.jpg never.jpg --size 50x50
check '... and leaves nothing' not test -e never.jpg
check '... unless tolerated' exits 0 "$imgcore" resize cut.jpg tolerated.jpg --size 50x50 --tolerant
check 'a text file is refused' exits 1 "$imgcore" resize text.jpg never.jpg --size 50x50
check '... and leaves nothing' not test -e never.jpg
echo 'what was there' >kept.jpg
check 'a refusal over an existing file' exits 1 "$imgcore" resize cut.jpg kept.jpg --size 50x50
check '... leaves it as it was' grep -qx 'what was there' kept.jpg
check 'a refusal as JSON' exits 1 "$imgcore" resize cut.jpg never.jpg --size 50x50 --json
check '... reports why' json '.status == "TRUNCATED" and (.message | length > 10)'
check '... there only' is_silent stderr
check 'a limit by name' exits 1 "$imgcore" resize in.jpg never.jpg --size 9x9 --max-side 299
check 'a missing folder' exits 1 "$imgcore" resize in.jpg deep/er/out.jpg --size 9x9
check '... is reported' contains stderr 'imgcore: in.jpg: deep/er/out.jpg cannot be written: no such folder'
check '... and not made' not test -e deep
check 'a missing folder and JSON' exits 1 "$imgcore" resize in.jpg deep/out.jpg --size 9x9 --json
check '... is in the document' json '.status == "WRITE_FAILED"'
check '... and reported' contains stderr 'deep/out.jpg cannot be written: no such folder'
check 'a file where the folder would be' exits 1 "$imgcore" resize in.jpg in.png/out.jpg --size 9x9
mkdir -p deep/er
check 'a folder that is there' exits 0 "$imgcore" resize in.jpg deep/er/out.jpg --size 9x9
check '... gets the output' test -s deep/er/out.jpg
check 'an output that is a folder' exits 1 "$imgcore" resize in.jpg deep --format jpeg --size 9x9
check 'a missing input' exits 1 "$imgcore" resize missing.jpg never.jpg --size 9x9
cp in.jpg self.jpg
check 'over itself' exits 0 "$imgcore" resize self.jpg self.jpg --size 100x100
check '... gives the same bytes' cmp base.jpg self.jpg
ln -s base.jpg link.jpg
check 'through a link' exits 0 "$imgcore" resize in.jpg link.jpg --size 20x20
check '... which stays one' test -L link.jpg
check '/dev/null stays a device' exits 0 "$imgcore" resize in.jpg /dev/null --size 20x20 \
    --format jpeg
check '... afterwards too' test -c /dev/null
umask 027
"$imgcore" resize in.jpg mode.jpg --size 20x20 >/dev/null
umask 022
check 'a new file has the usual mode' test "$(stat -c %a mode.jpg)" = 640
check 'no temporary file remains' is_tidy .

# ---- a profile for images without one
"$make_pictures" inks.jpg 40x30 cmyk gradient && "$make_pictures" press.icc
"$make_pictures" p3.jpg 40x30 p3
"$imgcore" resize inks.jpg formula.png --format png --size 20x20 >/dev/null
"$imgcore" resize in.jpg rgb.jpg --size 20x20 >/dev/null
check 'a profile for CMYK' exits 0 "$imgcore" resize inks.jpg press.png --format png --size 20x20 \
    --cmyk-profile press.icc
differs() { ! cmp -s "$1" "$2"; }
check '... gives other colours' differs formula.png press.png
check '... and changes no other image' exits 0 "$imgcore" resize in.jpg rgb2.jpg --size 20x20 --cmyk-profile press.icc
check '... not a byte' cmp rgb.jpg rgb2.jpg
check 'variants has it too' exits 0 "$imgcore" variants -o pressed --size x=20x20 --cmyk-profile press.icc inks.jpg
check 'the last one counts' exits 0 "$imgcore" resize inks.jpg again.png --format png --size 20x20 \
    --cmyk-profile press.icc --cmyk-profile press.icc
check '... with the same result' cmp press.png again.png
head -c 200 press.icc >cut.icc
for file in p3.jpg missing.icc . cut.icc; do
    check "no profile of CMYK: $file" exits 2 "$imgcore" resize inks.jpg never.png --format png --size 9x9 --cmyk-profile "$file"
    check '... is named' contains stderr "$file"
    check '... and nothing is written' test ! -e never.png
done
check 'a damaged one is found without a picture of inks' exits 2 "$imgcore" resize in.jpg never.jpg --size 9x9 --cmyk-profile cut.icc
check '... by its name' contains stderr damaged

# ---- names
cp in.jpg '상품 사진.jpg'
check 'a Korean name with a space' exits 0 "$imgcore" resize '상품 사진.jpg' '결과 작은.jpg' --size 20x20
check '... is written' test -s '결과 작은.jpg'
wrong=$(printf 'wrong\351')
check 'names that are not UTF-8' exits 0 "$imgcore" resize in.jpg "$wrong.jpg" --size 9x9 --json
check '... have their bytes beside them' json '.output == "wrong\ufffd.jpg" and
    .output_hex == "77726f6e67e92e6a7067" and (has("input_hex") | not)'
cp in.jpg ./-dash.jpg
check 'a name with a dash, after --' exits 0 "$imgcore" resize --size 9x9 -- -dash.jpg -out.jpg
check '... is written' test -s ./-out.jpg

finish
