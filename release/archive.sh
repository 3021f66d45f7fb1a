#!/usr/bin/env bash
# Packs a program with its manual pages, completions, licences and CI scripts, unpacks the archive again, and checks it.
#
#     archive.sh PROGRAM TARGET FOLDER
#
# PROGRAM must run on this machine, because it writes the pages. The path of the archive is printed. The same program gives
# the same bytes, if tar is GNU's: SOURCE_DATE_EPOCH is the time of all files, by default that of the commit.
set -euo pipefail

program=$(realpath "$1") target=$2
mkdir -p "$3"
dist=$(realpath "$3")
cd "$(dirname "$0")/.."

version=$(release/version.sh)
name=flagctl-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/$name
mkdir -p "$root/ci" "$root/man" "$root"/completions/{bash,elvish,fish,powershell,zsh}

binary=flagctl
case $target in
*-windows-*) binary=flagctl.exe ;;
esac
install -m 755 "$program" "$root/$binary"
cp README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$root"
release/licences.sh "$target" >"$root/LICENSES-OF-LIBRARIES.txt"
cp ci/*.sh "$root/ci"
"$root/$binary" man "$root/man/man1" >&2
"$root/$binary" completions bash >"$root/completions/bash/flagctl"
"$root/$binary" completions elvish >"$root/completions/elvish/flagctl.elv"
"$root/$binary" completions fish >"$root/completions/fish/flagctl.fish"
"$root/$binary" completions powershell >"$root/completions/powershell/_flagctl.ps1"
"$root/$binary" completions zsh >"$root/completions/zsh/_flagctl"

case $target in
*-windows-*)
    archive=$dist/$name.zip
    rm -f "$archive"
    (cd "$work" && 7z a -bso0 "$archive" "$name")
    ;;
*)
    archive=$dist/$name.tar.gz
    order=()
    if tar --version | grep -q GNU; then
        order=(--sort=name --owner=0 --group=0 --numeric-owner "--mode=go=rX,u+rw"
            "--mtime=@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}")
    fi
    tar ${order[@]+"${order[@]}"} -cf - -C "$work" "$name" | gzip -n -9 >"$archive"
    ;;
esac

# What a person gets is checked, and not what was packed.
mkdir "$work/unpacked"
case $archive in
*.zip) (cd "$work/unpacked" && 7z x -bso0 "$archive") ;;
*) tar -xzf "$archive" -C "$work/unpacked" ;;
esac
cd "$work/unpacked/$name"
fail() {
    echo "$archive: $1" >&2
    exit 1
}
case $("./$binary" --version) in
"flagctl $version ("*) ;;
*) fail "the program is not version $version" ;;
esac
for file in README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT completions/{bash/flagctl,elvish/flagctl.elv,fish/flagctl.fish,powershell/_flagctl.ps1,zsh/_flagctl} \
    ci/{api,comment,gitlab,install,label,plan,publish,range}.sh man/man1/flagctl.1; do
    [ -s "$file" ] || fail "$file is missing or empty"
done
commands=$("./$binary" help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
[ "$(wc -w <<<"$commands")" -gt 20 ] || fail 'the commands cannot be listed'
for command in $commands; do
    [ -s "man/man1/flagctl-$command.1" ] || fail "flagctl-$command has no manual page"
done
grep -q '^libgit2-sys ' LICENSES-OF-LIBRARIES.txt || fail 'the licences of the libraries are incomplete'
grep -q 'Permission is hereby granted' LICENSES-OF-LIBRARIES.txt || fail 'the texts of the licences are missing'
echo "$archive"
