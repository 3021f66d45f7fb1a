#!/usr/bin/env bash
# Prints the licence texts of all libraries that are compiled into flagctl for a target. Equal texts are printed once.
#
#     licences.sh TARGET
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line for each library: its name, its version, its licence, and its folder.
cargo tree --locked --edges normal --target "$1" --prefix none --format '{p}' | awk 'NF > 1 && $1 != "flagctl" { sub("^v", "", $2); print $1 "\t" $2 }' |
    sort -u >"$work/linked"
cargo metadata --locked --format-version 1 --filter-platform "$1" |
    jq -r '.packages[] | select(.source) | [.name, .version, .license // "see the text", (.manifest_path | sub("[/\\\\]Cargo.toml$"; ""))] | @tsv' |
    awk -F '\t' 'NR == FNR { linked[$1 FS $2]; next } ($1 FS $2) in linked' "$work/linked" - | sort >"$work/packages"

echo 'flagctl contains the libraries below, in this version and under these licences. The texts follow.'
echo
cut -f 1-3 "$work/packages" | tr '\t' ' '
while IFS=$'\t' read -r name version _ folder; do
    # The sources of C libraries are in subfolders.
    find "$folder" -maxdepth 4 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) \
        ! -name '*.rs' ! -path '*/tests/*' | LC_ALL=C sort | while IFS= read -r file; do
        digest=$(sha256sum <"$file")
        digest=${digest%% *}
        [ -e "$work/text-$digest" ] || cp "$file" "$work/text-$digest"
        echo "$name $version: ${file#"$folder"/}" >>"$work/names-$digest"
    done
done <"$work/packages"
for names in "$work"/names-*; do
    printf '\n%s\n' '----------------------------------------------------------------------'
    cat "$names"
    echo
    cat "$work/text-${names##*-}"
done
