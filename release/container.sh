#!/usr/bin/env bash
# Unpacks the static programs of the archives into the context of Containerfile.
#
#     container.sh FOLDER CONTEXT
set -euo pipefail
dist=$(realpath "$1")
mkdir -p "$2/linux-amd64" "$2/linux-arm64"
context=$(realpath "$2")
version=$("$(dirname "$0")/version.sh")
for pair in x86_64:amd64 aarch64:arm64; do
    name=flagctl-$version-${pair%:*}-unknown-linux-musl
    tar -xzf "$dist/$name.tar.gz" -C "$context/linux-${pair#*:}" --strip-components=1 "$name/flagctl"
done
