#!/usr/bin/env bash
# Installs a released flagctl into a folder, after comparing the archive with its SHA-256 digest.
#
#     install.sh VERSION FOLDER
#
# FLAGCTL_RELEASES  the address below which each version is a folder; by default the releases on GitHub
# FLAGCTL_SHA256    the expected digest; by default the one in the file SHA256SUMS of the release
#
# GITHUB_PATH, if it is set, gets the folder, so that the next steps find the program.
set -euo pipefail

version=${1#v} folder=$2
releases=${FLAGCTL_RELEASES:-https://github.com/flagctl/flagctl/releases/download}

fail() {
    echo "${GITHUB_ACTIONS:+::error title=flagctl::}cannot install flagctl: $1" >&2
    exit 3
}

case $version in
'' | *[!0-9A-Za-z.+-]*) fail "the version must be like 0.1.0" ;;
esac

extension=tar.gz
case $(uname -s)-$(uname -m) in
Linux-x86_64) target=x86_64-unknown-linux-musl ;;
Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
Darwin-x86_64) target=x86_64-apple-darwin ;;
Darwin-arm64) target=aarch64-apple-darwin ;;
MINGW*-x86_64 | MSYS*-x86_64) target=x86_64-pc-windows-msvc extension=zip ;;
*) fail "there is no release for $(uname -s) on $(uname -m)" ;;
esac
name=flagctl-$version-$target archive=flagctl-$version-$target.$extension

# Only the machine itself may be asked without encryption.
case $releases in
https://*) protocol='=https' ;;
http://127.0.0.1:* | http://localhost:*) protocol='=http' ;;
*) fail "the address of the releases must begin with https://" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
download() {
    curl --fail --silent --show-error --location --proto "$protocol" --proto-redir "$protocol" --retry 3 \
        --max-time 300 --output "$work/$1" "$releases/v$version/$1" || fail "$1 of version $version cannot be downloaded"
}

download "$archive"
expected=${FLAGCTL_SHA256:-}
if [ -z "$expected" ]; then
    download SHA256SUMS
    expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
fi
if command -v sha256sum >/dev/null; then
    found=$(sha256sum <"$work/$archive")
else
    found=$(shasum -a 256 <"$work/$archive")
fi
[ "$expected" = "${found%% *}" ] || fail "$archive has another SHA-256 digest than expected"

if [ "$extension" = zip ]; then
    unzip -q "$work/$archive" -d "$work"
else
    tar -xzf "$work/$archive" -C "$work"
fi
mkdir -p "$folder"
cp -R "$work/$name/." "$folder/"
"$folder/flagctl" --version
if [ -n "${GITHUB_PATH:-}" ]; then
    echo "$folder" >>"$GITHUB_PATH"
fi
