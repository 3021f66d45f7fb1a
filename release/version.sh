#!/usr/bin/env bash
# Prints the version in Cargo.toml. With a tag, fails unless everything that names the version agrees with the tag.
#
#     version.sh [TAG]
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
if [ $# = 1 ]; then
    wrong=0
    expect() { # WHAT TEXT FILE
        grep -qF -- "$2" "$3" || { echo "$3: $1 is not $version" >&2 && wrong=1; }
    }
    [ "$1" = "v$version" ] || { echo "the tag $1 is not v$version, the version in Cargo.toml" >&2 && wrong=1; }
    expect 'the newest section' "## $version" CHANGELOG.md
    expect 'the default version' "default: $version" action.yml
    expect 'the default version' "version: {default: $version," ci/gitlab.yml
    [ "$wrong" = 0 ] || exit 1
fi
echo "$version"
