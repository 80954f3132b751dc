#!/bin/sh
# imgcore variants: sizes, folders, refused files among valid ones, several jobs, the contact sheet,
# and a signal during the run.
# shellcheck source=tests/end_to_end/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir -p 'photos/one two' photos/.hidden
"$make_pictures" photos/wide.jpg 1500x900 noise
"$make_pictures" photos/small.jpg 50x40
"$make_pictures" 'photos/one two/tall & <odd>.png' 90x300
"$make_pictures" 'photos/one two/사진 100%.jpg' 500x400 stripes
"$make_pictures" photos/.hidden/no.jpg
"$make_pictures" photos/.no.jpg
echo 'notes' >photos/notes.txt
ln -s ../photos photos/loop
"$make_pictures" cut.jpg 90x60 cut=-60

# ---- the product sizes
check 'a folder' exits 0 "$imgcore" variants photos -o out --contact-sheet out/index.html
check '... counts' contains stdout '4 done, 0 refused, 1 files of other formats skipped'
check 'large' has_size out/large/wide.jpg '1200 720'
check 'medium' has_size out/medium/wide.jpg '800 480'
check 'small' has_size out/small/wide.jpg '400 240'
check 'thumbnail' has_size out/thumbnail/wide.jpg '200 120'
check 'never larger' has_size out/large/small.jpg '50 40'
check 'sub-folders and names are kept' test -s 'out/thumbnail/one two/사진 100%.jpg'
check 'a PNG stays one' test -s 'out/small/one two/tall & <odd>.png'
count_files() { [ "$(find "$1" -type f | wc -l)" = "$2" ]; }
check 'nothing else is there' count_files out 17
check 'no temporary file remains' is_tidy out

# ---- a rectangle of every image
check 'a crop' exits 1 "$imgcore" variants photos -o cropped --crop 100,50,300x200 --size half=150x --size all=900x --json
check '... of what it is inside' json '.done == 2 and .refused == 2'
check '... refuses the others, each with a sentence' json '[.inputs[] | select(.status == "INVALID_ARGUMENT") |
    .message | contains("300 x 200 pixels at 100, 50 is not inside the picture of")] == [true, true]'
check '... which have no results' count_files cropped 4
"$imgcore" resize photos/wide.jpg part.jpg --crop 100,50,300x200 >/dev/null
check '... in sizes that count from it' has_size cropped/half/wide.jpg '150 100'
check '... and never enlarged' has_size cropped/all/wide.jpg '300 200'
check '... with the bytes of resize' cmp part.jpg cropped/all/wide.jpg
check 'a crop that is no rectangle' exits 2 "$imgcore" variants photos -o cropped --crop 1,2,3
check '... shows how to write one' contains stderr 'write 40,30,800x600'

# ---- the page
page=out/index.html
check 'the page names a file as text' grep -qF 'tall &amp; &lt;odd&gt;.png' $page
check '... and as an address' grep -qF \
    'src="large/one%20two/%EC%82%AC%EC%A7%84%20100%25.jpg"' $page
check '... has a language' grep -q '<html lang="en">' $page
check '... every picture has an alt' \
    test "$(grep -o '<img ' $page | wc -l)" = "$(grep -o ' alt="[^"]' $page | wc -l)"
check '... and there are all' test "$(grep -o '<img ' $page | wc -l)" = 16
check '... takes nothing from elsewhere' not grep -qE '(src|href)="(https?:|/)' $page
mkdir elsewhere
check 'a page elsewhere' exits 0 "$imgcore" variants photos -o out \
    --contact-sheet elsewhere/deep/page.html
check '... finds its way' grep -qF 'src="../../out/large/wide.jpg"' elsewhere/deep/page.html

# ---- the same results with any number of threads, and repeated
check 'JSON by one job' exits 0 "$imgcore" variants photos -o one --jobs 1 --json
check '... is one document' json '.done == 4 and .refused == 0 and .passed_over == 1 and
    (.inputs | length == 4) and (.inputs[0].outputs | length == 4)'
check '... with every size' json '[.inputs[-1].outputs[] | .size] ==
    ["large", "medium", "small", "thumbnail"]'
check '... in bytes that are true' json ".inputs[-1].outputs[0].bytes == $(stat -c %s out/large/wide.jpg)"
check 'three jobs' exits 0 "$imgcore" variants photos -o three --jobs 3
check '... give the same bytes' diff -r one three
check 'an output inside the input' exits 0 "$imgcore" variants photos -o photos/made
check '... is not walked into the next time' exits 0 "$imgcore" variants photos -o photos/made --json
check '... nor counted' json '.done == 4'
check 'an output that is the input' exits 0 "$imgcore" variants photos/made/large -o photos/made/large
check '... is walked into, but for its sizes' exits 0 "$imgcore" variants photos/made/large \
    -o photos/made/large --json
check '... which would come back as inputs' json '.done == 4'
rm -r photos/made

# ---- threads: divided among images, or all for one
jpegtran -restart 1 -outfile marked.jpg photos/wide.jpg
head -c 60000 marked.jpg >marked-cut.jpg
# The output of a run without times, the number of jobs, and the folder.
output() {
    sed -e 's/"ms":[^,]*,//g' -e 's/"jobs":[^,]*,//' -e "s/$1\\//OUT\\//g" "$scratch/stdout"
}
for files in 'photos marked.jpg marked-cut.jpg' 'marked.jpg' 'marked-cut.jpg'; do
    case $files in *cut*) status=1 ;; *) status=0 ;; esac
    for n in 1 2 3 0; do
        # shellcheck disable=SC2086 # several files
        check "$files by $n threads" exits $status "$imgcore" variants $files -o by-$n --json \
            --threads $n
        output by-$n >output-$n
        check '... print the same' cmp output-1 output-$n
        if [ -e by-1 ]; then
            check '... and give the same bytes' diff -r by-1 by-$n
        fi
    done
    rm -rf by-?
done
check 'more threads than jobs' exits 0 "$imgcore" variants photos marked.jpg -o by-5 -j 2 --threads 5
check '... give the same bytes' cmp by-5/large/marked.jpg by-5/large/wide.jpg
check 'threads that are no number' exits 2 "$imgcore" variants photos -o by-6 --threads two
check 'far too many threads' exits 2 "$imgcore" variants photos -o by-6 --threads 65

# ---- colour profiles, with contexts of several threads
mkdir profiles
for i in 1 2 3 4 5 6 7 8; do
    "$make_pictures" profiles/p3-$i.jpg 300x200 p3 stripes
    "$make_pictures" profiles/srgb-$i.png 60x40 srgb
done
check 'profiles by one job' exits 0 "$imgcore" variants profiles -o profiles-one --jobs 1
check '... by eight' exits 0 "$imgcore" variants profiles -o profiles-eight --jobs 8
check '... give the same bytes' diff -r profiles-one profiles-eight
check '... and are gone' not grep -rqaE 'ICC_PROFILE|iCCP' profiles-one
check '... or kept on request' exits 0 "$imgcore" variants profiles/p3-1.jpg -o kept --keep-icc
check '... as they were' grep -qa ICC_PROFILE kept/small/p3-1.jpg

# ---- other sizes
check 'sizes of one'"'"'s own' exits 0 "$imgcore" variants photos/wide.jpg -o own \
    --size square=64x64 --size 'long one=x30' --fit cover
check '... the square' has_size own/square/wide.jpg '64 64'
check '... the long one' test -s 'own/long one/wide.jpg'
check '... and no other' count_files own 2

check 'letters with values behind them' exits 0 "$imgcore" variants photos/small.jpg -oletters -j2
check '... are understood' test -s letters/large/small.jpg

# ---- refusals
echo 'just text' >text.jpg
check 'bad ones among good ones' exits 1 "$imgcore" variants photos/wide.jpg cut.jpg text.jpg \
    missing.jpg photos/small.jpg -o some --contact-sheet some/page.html
check '... the good are done' count_files some 9
check '... each of the bad has a sentence: cut' contains stderr 'imgcore: cut.jpg: the file ends before'
check '... text' contains stderr 'imgcore: text.jpg: the file is of a kind'
check '... missing' contains stderr 'imgcore: missing.jpg: cannot be opened'
check '... and is counted' contains stdout '2 done, 3 refused'
check '... and on the page' grep -qF '<b>cut.jpg</b>' some/page.html
check '... and in JSON' exits 1 "$imgcore" variants photos/wide.jpg cut.jpg -o some --json
check '... with its reason' json '.inputs[1] | .status == "TRUNCATED" and (.message | length > 10)'
check '... nowhere else' is_silent stderr
wrong=$(printf 'wrong\377')
cp photos/small.jpg "$wrong.jpg"
check 'a name and a size that are not UTF-8' exits 0 "$imgcore" variants "$wrong.jpg" -o some --json \
    --size "$wrong=9x9"
check '... have their bytes beside them' json '.inputs[0] | .input_hex == "77726f6e67ff2e6a7067" and
    (.outputs[0] | .size_hex == "77726f6e67ff" and (.output_hex | length > 20))'

mkdir -p named/in
cp photos/small.jpg named
cp photos/small.jpg named/picture.dat
echo 'just text' >named/text.Jpg
: >named/in/empty.PNG
printf 'RIFF\044\0\0\0WEBPVP8 ' >named/in/web.jpeg
printf 'RIFF\044\0\0\0WEBPVP8 ' >named/web.webp
: >named/empty.txt
: >named/jpg
: >named/.hidden.jpg
cp text.jpg named/old.jfif
check 'images by name only, in a folder' exits 1 "$imgcore" variants named -o by-name
check '... are counted' contains stdout '2 done, 4 refused, 3 files of other formats skipped'
check '... and have a sentence: text' contains stderr 'imgcore: named/text.Jpg: the file is of a kind'
check '... JFIF' contains stderr 'imgcore: named/old.jfif: '
check '... empty' contains stderr 'imgcore: named/in/empty.PNG: '
check '... WebP' contains stderr 'imgcore: named/in/web.jpeg: the file is of a kind'
check '... the others do not' not contains stderr 'web.webp'
check '... and leave nothing' count_files by-name 8
mkdir empty
check 'a folder without pictures' exits 1 "$imgcore" variants empty -o nothing
check '... makes nothing' not test -e nothing

# ---- a request that would overwrite a file is refused before anything is written
mkdir a b
cp photos/small.jpg a/x.jpg
cp photos/small.jpg b/x.jpg
check 'two inputs of one name' exits 2 "$imgcore" variants a/x.jpg b/x.jpg -o clash
check '... are both named' contains stderr 'a/x.jpg and b/x.jpg would write the same outputs'
check '... nothing was done' not test -e clash
mkdir -p own2/large
cp photos/wide.jpg own2/large/wide.jpg
cp photos/wide.jpg before.jpg
check 'an output over an input' exits 2 "$imgcore" variants own2/large/wide.jpg -o own2
check '... leaves it' cmp before.jpg own2/large/wide.jpg
cp photos/small.jpg sheeted.jpg
ln -s sheeted.jpg page.html
for page in sheeted.jpg ./sheeted.jpg page.html; do
    check "a page over an input: $page" exits 2 "$imgcore" variants sheeted.jpg -o paged \
        --contact-sheet $page
    check '... leaves it' cmp photos/small.jpg sheeted.jpg
    check '... nothing was done' not test -e paged
done
mkdir -p paged/large
for page in paged/large/sheeted.jpg paged/./large/sheeted.jpg; do
    check "a page over an output: $page" exits 2 "$imgcore" variants sheeted.jpg -o paged \
        --contact-sheet $page
    check '... is named' contains stderr 'are one file, an output and the contact sheet'
done
check 'a page of the name of an input' exits 0 "$imgcore" variants sheeted.jpg -o paged \
    --contact-sheet paged/sheeted.jpg
mkdir -p linked/large deep/sub deeper/large/sub deeper/small
ln -s large linked/small
check 'two sizes in one folder' exits 2 "$imgcore" variants photos/wide.jpg -o linked
check '... are named' contains stderr 'large and small lead to the same folder'
check '... nothing was done' not test -e linked/large/wide.jpg
cp photos/small.jpg deep/sub
ln -s ../large/sub deeper/small/sub
check '... further down' exits 2 "$imgcore" variants deep -o deeper
check '... nothing was done' not test -e deeper/large/sub/small.jpg
check 'a place that cannot be written' exits 1 "$imgcore" variants photos/wide.jpg -o text.jpg/out
check '... is reported' contains stderr 'cannot be written'
check '... with JSON too' exits 1 "$imgcore" variants photos/wide.jpg -o text.jpg/out --json
check '... on both streams' contains stderr 'cannot be written'
check '... in one document' json '.inputs[0].status == "WRITE_FAILED"'
check 'folders are made' exits 0 "$imgcore" variants photos/small.jpg -o deep/er
check '... for the results' test -s deep/er/large/small.jpg

mkdir halfway
echo 'in the way' >halfway/medium
check 'a second size that cannot be written' exits 1 "$imgcore" variants photos/wide.jpg -o halfway
check '... leaves nothing aside of the first' is_tidy halfway
check '... nor the first itself' not test -e halfway/large/wide.jpg

# ---- no progress bar without a terminal
check 'no bar off a terminal' exits 0 "$imgcore" variants photos -o bar
check '... nothing on stderr' is_silent stderr

# ---- a signal: complete images or none, no temporary files
mkdir many
i=0
while [ $i -lt 40 ]; do
    ln photos/wide.jpg many/$i.jpg
    i=$((i + 1))
done
# stop_after SECONDS OPTION...: processes many images and ends the run by a signal.
stop_after() {
    seconds=$1
    shift
    status=0
    "$imgcore" variants many -o stopped --jobs 2 "$@" >/dev/null 2>&1 &
    pid=$!
    sleep "$seconds"
    kill -TERM $pid
    wait $pid 2>/dev/null || status=$?
}
stop_after 0.05
check 'a signal ends it as signals do' test $status = 143
# Large files that are cheap to make, so that some signal arrives while a file is half written.
"$make_pictures" flat.png 1500x1500 flat
i=0
while [ $i -lt 40 ]; do
    ln -f flat.png many/$i.png
    i=$((i + 1))
done
for seconds in 0.1 0.13 0.17 0.2 0.23 0.27 0.3 0.33 0.37 0.4; do
    stop_after $seconds --size big=3000x3000 --enlarge --filter box --png-level 0
done
check '... with nothing left aside' is_tidy stopped
all_complete() {
    find stopped -name '*.jpg' | while read -r file; do
        djpeg "$file" >/dev/null 2>"$scratch/djpeg" || echo "$file"
        cat "$scratch/djpeg"
    done >"$scratch/broken"
    cat "$scratch/broken"
    [ ! -s "$scratch/broken" ]
}
check '... and only complete pictures' all_complete

finish
