#!/usr/bin/env bash
# The jobs of ci/gitlab.yml: sets what the other scripts need from GitLab's variables, and calls them.
#
#     gitlab.sh check|plan|publish
#
# FLAGCTL_DIRECTORY, FLAGCTL_FAIL_ON, FLAGCTL_MAX_SHARE, FLAGCTL_POLICY and FLAGCTL_TARGETS are inputs of the template.
# The reports are written into the project's root folder.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

if [ "${CI_MERGE_REQUEST_EVENT_TYPE:-}" = merge_train ]; then
    # The merge with all that is before it in the train.
    export FLAGCTL_EVENT=merge_group FLAGCTL_HEAD=$CI_COMMIT_SHA FLAGCTL_REF=
    FLAGCTL_BASE=$(git rev-parse HEAD^1)
    export FLAGCTL_BASE FLAGCTL_BASE_BRANCH=$CI_MERGE_REQUEST_TARGET_BRANCH_NAME
elif [ "$CI_PIPELINE_SOURCE" = merge_request_event ]; then
    export FLAGCTL_EVENT=pull_request FLAGCTL_BASE_BRANCH=$CI_MERGE_REQUEST_TARGET_BRANCH_NAME
    export FLAGCTL_HEAD=${CI_MERGE_REQUEST_SOURCE_BRANCH_SHA:-$CI_COMMIT_SHA} FLAGCTL_REF=$CI_MERGE_REQUEST_REF_PATH
    export FLAGCTL_NUMBER=$CI_MERGE_REQUEST_IID
else
    export FLAGCTL_EVENT=push FLAGCTL_BASE_BRANCH=$CI_DEFAULT_BRANCH
    export FLAGCTL_BASE=${CI_COMMIT_BEFORE_SHA:-} FLAGCTL_HEAD=$CI_COMMIT_SHA FLAGCTL_REF=
fi
if [ "${CI_MERGE_REQUEST_SOURCE_PROJECT_ID:-}" != "${CI_MERGE_REQUEST_PROJECT_ID:-}" ]; then
    export FLAGCTL_FORK=true
fi
if [ "${CI_MERGE_REQUEST_PROJECT_ID:-$CI_PROJECT_ID}" != "$CI_PROJECT_ID" ]; then
    # The job runs in the project of the fork.
    export FLAGCTL_REMOTE=$CI_MERGE_REQUEST_PROJECT_URL.git
fi
range=$("$here/range.sh")
base=$(sed -n 's/^base=//p' <<<"$range") head=$(sed -n 's/^head=//p' <<<"$range")
cd "$CI_PROJECT_DIR/$FLAGCTL_DIRECTORY"

code=0
case $1 in
check)
    since=
    # Of a push, all problems count.
    if [ "$FLAGCTL_EVENT" != push ]; then
        since=$base
    fi
    flagctl validate ${since:+--new-since "$since"} --format gitlab >"$CI_PROJECT_DIR/codequality.json" || true
    flagctl validate ${since:+--new-since "$since"} || code=$?
    flagctl test ${since:+--new-since "$since"} --format junit >"$CI_PROJECT_DIR/junit.xml" || true
    flagctl test ${since:+--new-since "$since"} || code=$?
    if [ -n "$since" ] && [ "$FLAGCTL_POLICY" = true ]; then
        flagctl policy "$base...$head" || code=$?
    fi
    ;;
plan)
    export FLAGCTL_PLAN=$CI_PROJECT_DIR/plan.md FLAGCTL_COMMENT=true
    GITHUB_OUTPUT=$(mktemp) && export GITHUB_OUTPUT
    "$here/plan.sh" "$base" "$head" || code=$?
    sed -n 's/^kill-only=/FLAGCTL_KILL_ONLY=/p' "$GITHUB_OUTPUT" >"$CI_PROJECT_DIR/flagctl.env"
    rm -f "$GITHUB_OUTPUT"
    ;;
publish)
    read -r -a targets <<<"$(tr ',\n' '  ' <<<"$FLAGCTL_TARGETS")"
    "$here/publish.sh" "${targets[@]}" || code=$?
    ;;
esac
exit "$code"
