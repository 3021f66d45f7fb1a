#!/usr/bin/env bash
# Adds a label to a pull request on GitHub, or removes it.
#
#     label.sh true|false
#
# FLAGCTL_KILL_LABEL  the label; the other variables are those of api.sh
set -euo pipefail

. "$(dirname "$0")/api.sh"
labels=$project/issues/$FLAGCTL_NUMBER/labels
if [ "$1" = true ]; then
    jq -n --arg name "$FLAGCTL_KILL_LABEL" '{labels: [$name]}' | request POST "$labels" body
else
    request GET "$labels"
    if jq -e --arg name "$FLAGCTL_KILL_LABEL" 'any(.name == $name)' "$answer" >/dev/null; then
        request DELETE "$labels/$(jq -rn --arg name "$FLAGCTL_KILL_LABEL" '$name | @uri')"
    fi
fi
