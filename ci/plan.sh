#!/usr/bin/env bash
# Writes what a change does to people: to the summary of the job, and as one comment on the pull request.
#
#     plan.sh BASE HEAD
#
# BASE and HEAD are commit ids. Without BASE, nothing is done. Exits with 1 if a limit is exceeded.
#
# FLAGCTL_FAIL_ON, FLAGCTL_MAX_SHARE  the limits of `flagctl diff`
# FLAGCTL_COMMENT                     `true` to write a comment
# FLAGCTL_NUMBER                      the number of the pull request; without it there is only the summary
# FLAGCTL_FORK                        `true` if the pull request comes from a fork, whose job may not write comments
# FLAGCTL_PLAN                        the file that gets the comment, besides
#
# GITHUB_OUTPUT gets `kill-only=true` if the change is proven to do nothing but turn flags off. That is not an approval.
set -euo pipefail

base=$1 head=$2 here=$(dirname "$0")
place=${FLAGCTL_PLAN:-the summary of the job}
[ -n "$base" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

annotate() {
    echo "${GITHUB_ACTIONS:+::$1 title=flagctl::}$2"
}

echo "${GITHUB_ACTIONS:+::group::}is the change only a kill?"
kill_only=false
if flagctl verify-kill "$base..$head"; then
    kill_only=true
fi
echo "${GITHUB_ACTIONS:+::endgroup::}"
echo "kill-only=$kill_only" >>"${GITHUB_OUTPUT:-/dev/null}"

code=0
flagctl diff "$base...$head" --format markdown ${FLAGCTL_FAIL_ON:+--fail-on "$FLAGCTL_FAIL_ON"} \
    ${FLAGCTL_MAX_SHARE:+--max-share "$FLAGCTL_MAX_SHARE"} >"$work/diff.md" || code=$?
[ -s "$work/diff.md" ] || exit "$code"

# A monorepo can have several folders with flags, and one comment for each.
key=$(printf %s "${FLAGCTL_DIRECTORY:-.}" | tr -c 'A-Za-z0-9._/' _)
{
    echo "<!-- flagctl: $key -->"
    if [ "$kill_only" = true ]; then
        echo "**Only a kill:** \`flagctl verify-kill\` proves that this change, merged into \`${base:0:10}\`, turns flags off and does nothing else. This is not an approval."
        echo
    fi
    cat "$work/diff.md"
} >"$work/comment.md"
cat "$work/comment.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
if [ -n "${FLAGCTL_PLAN:-}" ]; then
    cp "$work/comment.md" "$FLAGCTL_PLAN"
fi

if [ "${FLAGCTL_COMMENT:-}" = true ] && [ -n "${FLAGCTL_NUMBER:-}" ]; then
    if [ "${FLAGCTL_FORK:-}" = true ]; then
        annotate notice "the job of a pull request from a fork cannot write comments: the plan is in $place"
    elif [ -z "${FLAGCTL_TOKEN:-}" ]; then
        annotate notice "FLAGCTL_TOKEN is not set, so there is no comment: the plan is in $place"
    else
        # The checks count, and not whether the service takes a comment.
        "$here/comment.sh" "$work/comment.md" ||
            annotate warning "the comment could not be written: the plan is in $place"
        if [ -n "${FLAGCTL_KILL_LABEL:-}" ]; then
            "$here/label.sh" "$kill_only" || annotate warning 'the label could not be changed'
        fi
    fi
fi

case $code in
0) ;;
1) annotate error 'the change does more than the limits allow' ;;
*)
    annotate warning 'a part of the plan is not known, and the plan says which'
    # What is not known is within no limit.
    if [ -z "${FLAGCTL_FAIL_ON:-}${FLAGCTL_MAX_SHARE:-}" ]; then
        code=0
    fi
    ;;
esac
exit "$code"
