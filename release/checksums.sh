#!/usr/bin/env bash
# Writes SHA256SUMS for the archives in a folder, and checks it.
#
#     checksums.sh FOLDER
set -euo pipefail
cd "$1"
shopt -s nullglob
archives=(flagctl-*.tar.gz flagctl-*.zip)
if [ "${#archives[@]}" = 0 ]; then
    echo "$1 has no archives" >&2
    exit 1
fi
sha256sum "${archives[@]}" >SHA256SUMS
sha256sum --check --strict --quiet SHA256SUMS
cat SHA256SUMS
