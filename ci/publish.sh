#!/usr/bin/env bash
# Publishes the commit of a job to declared targets, one after the other.
#
#     publish.sh TARGET…
#
# FLAGCTL_BASE_BRANCH  the published branch, which declares the targets
# FLAGCTL_SIGNING_KEY  the private ssh key that signs; if it is empty, git's `user.signingkey` stays as it is
set -euo pipefail

if [ -n "${FLAGCTL_SIGNING_KEY:-}" ]; then
    keys=$(mktemp -d)
    trap 'rm -rf "$keys"' EXIT
    (umask 077 && printf '%s\n' "$FLAGCTL_SIGNING_KEY" >"$keys/key")
    # Only for this script: the settings of the clone stay as they are.
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=user.signingkey GIT_CONFIG_VALUE_0="$keys/key"
fi
unset FLAGCTL_SIGNING_KEY

code=0
for target in "$@"; do
    # A failure at one target must not stop the kills at the others.
    flagctl publish --base "refs/remotes/origin/$FLAGCTL_BASE_BRANCH" -- "$target" || code=$?
done
exit "$code"
