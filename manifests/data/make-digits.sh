#!/bin/sh
# Makes digits.tar.gz, the quick start's dataset: ten digits as 5x7 bitmaps (PBM) and a list of labels.
# The archive's bytes depend on nothing but this script: names are sorted, times and owners fixed.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/digits/train" "$work/digits/test"

# digit WHERE NUMBER ROW...: a row is five cells, '#' is ink.
digit() {
    file="$work/digits/$1/$2.pbm"
    echo "$1/$2.pbm,$2" >> "$work/labels"
    shift 2
    { echo P1; echo 5 7; for row; do echo "$row" | sed 's/#/1 /g; s/\./0 /g; s/ $//'; done; } > "$file"
}
digit train 0 .###. '#...#' '#..##' '#.#.#' '##..#' '#...#' .###.
digit train 1 ..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.
digit train 2 .###. '#...#' ....# ...#. ..#.. .#... '#####'
digit train 3 .###. '#...#' ....# ..##. ....# '#...#' .###.
digit train 4 ...#. ..##. .#.#. '#..#.' '#####' ...#. ...#.
digit train 5 '#####' '#....' '####.' ....# ....# '#...#' .###.
digit train 6 .###. '#....' '#....' '####.' '#...#' '#...#' .###.
digit train 7 '#####' ....# ...#. ..#.. .#... .#... .#...
digit test 8 .###. '#...#' '#...#' .###. '#...#' '#...#' .###.
digit test 9 .###. '#...#' '#...#' .#### ....# ....# .###.
{ echo file,label; cat "$work/labels"; } > "$work/digits/labels.csv"

tar -C "$work" --format=ustar --sort=name --mtime='2026-01-01 00:00:00Z' --owner=0 --group=0 --numeric-owner \
    --mode='u+rw,go=r,a+X' -cf "$work/digits.tar" digits
gzip -n -9 < "$work/digits.tar" > digits.tar.gz
