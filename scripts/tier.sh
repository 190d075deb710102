#!/usr/bin/env bash
# scripts/tier.sh NAME MINUTES COMMAND...: runs every command, also after one that failed, within the
# minutes that the tier has together. Fails when one failed or time ran out.
set -u
name=$1
minutes=$2
shift 2
deadline=$((SECONDS + $(awk -v m="$minutes" 'BEGIN { printf "%d", m * 60 + 0.5 }')))
failed=0
for command in "$@"; do
  left=$((deadline - SECONDS))
  if [ "$left" -le 0 ]; then
    echo "make $name: no time left for: $command" >&2
    failed=1
    continue
  fi
  timeout --kill-after=20 "$left" bash -c "$command"
  code=$?
  if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
    echo "make $name: ran past its budget of $minutes minutes and was stopped: $command" >&2
  fi
  if [ "$code" -ne 0 ]; then
    echo "make $name: exit code $code: $command" >&2
    failed=1
  fi
done
exit "$failed"
