#!/bin/sh
# One repository over HTTP, NAME.git. The first push to a name makes it.
set -eu
name=${PATH_INFO#/}
name=${name%%.git/*}
case $name in
"" | .* | *[!A-Za-z0-9._-]*)
  printf 'Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nA repository is NAME.git, of letters, digits, ._-\n'
  exit
  ;;
esac
if [ "$QUERY_STRING" = service=git-receive-pack ] && [ -n "${REMOTE_USER:-}" ]; then
  [ -f "$GIT_PROJECT_ROOT/$name.git/HEAD" ] ||
    git init --quiet --bare --initial-branch=main "$GIT_PROJECT_ROOT/$name.git" >&2
fi
exec git http-backend
