#!/usr/bin/env bash
# Builds flagctl for one target with the settings of a release, and prints the path of the program.
#
#     build.sh TARGET [PROFILE]
#
# FLAGCTL_COMMIT is the commit that `flagctl --version` names; by default that of the checkout, if no file differs from it.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1 profile=${2:-release}
if [ -z "${FLAGCTL_COMMIT:-}" ] && [ -z "$(git status --porcelain)" ]; then
    FLAGCTL_COMMIT=$(git rev-parse HEAD)
fi
export FLAGCTL_COMMIT
flags=''
case $target in
*-linux-musl)
    # The C sources of the dependencies need the headers of musl. Debian's package musl-tools has this compiler.
    export "CC_${target//-/_}=musl-gcc"
    ;;
*-linux-gnu | *-windows-msvc) flags='-C target-feature=+crt-static' ;;
esac
RUSTFLAGS="${RUSTFLAGS:+$RUSTFLAGS }$flags" cargo build --locked --profile "$profile" --target "$target" --bin flagctl >&2

folder=$profile
if [ "$profile" = dev ]; then
    folder=debug
fi
program=${CARGO_TARGET_DIR:-target}/$target/$folder/flagctl
case $target in
*-windows-*) program=$program.exe ;;
*-linux-*)
    # A program without an interpreter loads no library, so it runs on every distribution and in an empty container.
    if readelf --program-headers "$program" | grep -q INTERP; then
        echo "$program is not static" >&2
        exit 1
    fi
    ;;
esac
"$program" --version >&2
echo "$program"
