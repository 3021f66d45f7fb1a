#!/usr/bin/env bash
# Finds the two ends of the change that a CI job is about, and fetches what the clone lacks.
#
#     range.sh
#
# Prints `base=COMMIT` and `head=COMMIT`, also into GITHUB_OUTPUT if that is set. Both are commit ids, so the name of a
# branch is in no later command. `base` is empty if it is not known what the change is compared with.
#
# FLAGCTL_EVENT        pull_request, merge_group, push or another event
# FLAGCTL_BASE_BRANCH  the branch into which the change goes, or the default branch; empty if there is no change
# FLAGCTL_BASE         the commit before the change, for merge_group and push
# FLAGCTL_HEAD         the last commit of the change
# FLAGCTL_REF          the ref that the service has checked out, such as refs/pull/1/merge
# FLAGCTL_REMOTE       where the base branch is; by default origin
set -euo pipefail

fail() {
    echo "${GITHUB_ACTIONS:+::error title=flagctl::}$1" >&2
    exit 3
}

has_commit() {
    git cat-file -e "$1^{commit}" 2>/dev/null
}

case $FLAGCTL_EVENT in
pull_request_target)
    # The job has secrets, and the definitions would be those of a stranger, or those of the base.
    fail 'run this on pull_request: pull_request_target does not check out the change'
    ;;
esac

if [ -z "$FLAGCTL_BASE_BRANCH" ]; then
    # A schedule, for example, is about no change.
    printf 'base=\nhead=%s\n' "$FLAGCTL_HEAD" | tee -a "${GITHUB_OUTPUT:-/dev/null}"
    exit 0
fi
unshallow=
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
    unshallow=--unshallow
fi
tip=refs/remotes/origin/$FLAGCTL_BASE_BRANCH
# Always, because a clone that is used again may have an old base.
git fetch --quiet --no-tags $unshallow "${FLAGCTL_REMOTE:-origin}" "+refs/heads/$FLAGCTL_BASE_BRANCH:$tip" \
    ${FLAGCTL_REF:+"+$FLAGCTL_REF:refs/flagctl/job"} ||
    fail 'the branches cannot be fetched: the job must be able to read the repository; on GitHub, leave persist-credentials of actions/checkout as it is'
has_commit "$FLAGCTL_HEAD" ||
    fail 'the commit of this job cannot be fetched: the branch was probably replaced, and a newer job checks it'

case $FLAGCTL_EVENT in
merge_group) base=$FLAGCTL_BASE ;;
push)
    base=$FLAGCTL_BASE
    # A new branch, or a branch whose history was replaced, is compared with the base branch.
    if ! git merge-base --is-ancestor "$base" "$FLAGCTL_HEAD" 2>/dev/null; then
        base=$(git rev-parse "$tip^{commit}")
    fi
    ;;
pull_request) base=$(git rev-parse "$tip^{commit}") ;;
*) base= ;;
esac
if [ -n "$base" ] && { ! has_commit "$base" || ! git merge-base "$base" "$FLAGCTL_HEAD" >/dev/null; }; then
    fail 'the change has no common history with the branch into which it goes'
fi
head=$(git rev-parse "$FLAGCTL_HEAD^{commit}")
if [ "$base" = "$head" ]; then
    base=
fi
printf 'base=%s\nhead=%s\n' "$base" "$head" |
    tee -a "${GITHUB_OUTPUT:-/dev/null}"
