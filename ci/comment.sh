#!/usr/bin/env bash
# Writes a file as a comment on a pull request, or replaces the comment that is there.
#
#     comment.sh FILE
#
# The first line of the file is a hidden marker. The comment to replace begins with the same line and was written by the
# same author: a comment of another person with that line is never changed. The variables are those of api.sh, and
#
# FLAGCTL_COMMENT_AUTHOR  the login of the token on GitHub; on GitLab, the service is asked
set -euo pipefail

. "$(dirname "$0")/api.sh"
marker=$(head -n 1 "$1")

if [ "$forge" = github ]; then
    comments=$project/issues/$FLAGCTL_NUMBER/comments comment=$project/issues/comments update=PATCH
    author=$FLAGCTL_COMMENT_AUTHOR
else
    comments=$project/merge_requests/$FLAGCTL_NUMBER/notes comment=$comments update=PUT
    request GET "$CI_API_V4_URL/user"
    author=$(jq -r .username "$answer")
fi

id='' page=1
while [ -z "$id" ]; do
    request GET "$comments?per_page=100&page=$page"
    id=$(jq -r --arg marker "$marker" --arg author "$author" '
        map(select((.user // .author | .login // .username) == $author and (.body // "" | startswith($marker))))[0].id // empty
    ' "$answer")
    [ "$(jq length "$answer")" = 100 ] || break
    page=$((page + 1))
done

body() {
    jq -Rs '{body: .}' "$1"
}
if [ -n "$id" ]; then
    body "$1" | request "$update" "$comment/$id" body
else
    body "$1" | request POST "$comments" body
fi
