# shellcheck shell=bash
# Requests to the API of GitHub or GitLab, for comment.sh and label.sh, which read this file.
#
# The script gets `forge`, which is github or gitlab, `project`, the address of the repository in the API, and `request`.
#
# FLAGCTL_TOKEN   the token, which is in no command line
# FLAGCTL_NUMBER  the number of the pull request

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# shellcheck disable=SC2034 # the scripts use them
if [ -n "${GITHUB_API_URL:-}" ]; then
    forge=github project=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY header="Authorization: Bearer $FLAGCTL_TOKEN"
else
    forge=gitlab project=$CI_API_V4_URL/projects/$CI_MERGE_REQUEST_PROJECT_ID header="PRIVATE-TOKEN: $FLAGCTL_TOKEN"
fi

# Sends a request, with standard input as the JSON body if there is one. The answer is in the file $answer. Fails, with
# the status, if the status is not one of success: the text of an answer comes from outside, and is not shown.
#
#     request METHOD URL [body]
request() {
    local data=() status
    if [ "${3:-}" = body ]; then
        data=(--header 'Content-Type: application/json' --data-binary @-)
    fi
    status=$(curl --silent --show-error --max-time 60 --output "$answer" --write-out '%{http_code}' --request "$1" \
        --header @<(printf '%s\n' "$header") ${data[@]+"${data[@]}"} "$2") || return 1
    case $status in
    2??) ;;
    *)
        echo "the service answers with status $status to $1 of ${2##*/}" >&2
        return 1
        ;;
    esac
}
