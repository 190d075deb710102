#!/usr/bin/env bash
# test/cluster/run.sh COMMAND...: runs the tests against KUBECONFIG's cluster, or against one that is brought up
# for them and torn down after. A machine that can't have one skips them and says why; CI must not skip.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
own=/tmp/outrigger-cluster/kubeconfig
# Which of the tests; empty: all.
export CLUSTER_FILES=
export PATH=${XDG_CACHE_HOME:-$HOME/.cache}/outrigger/bin:$PATH
if [ "${KUBECONFIG:-$own}" != "$own" ]; then
  for tool in kubectl helm; do
    command -v "$tool" >/dev/null || { echo "to test on the cluster of KUBECONFIG, install $tool" >&2; exit 1; }
  done
  if [ "${CI:-}" = true ]; then
    echo 'CI skips nothing: unset KUBECONFIG for a cluster of this machine, or CI to leave out test/cluster/node' >&2
    exit 1
  fi
  CLUSTER_FILES='test/cluster/*.test.ts'
  echo 'skipped: test/cluster/node, which kills and freezes processes of the node; KUBECONFIG is not the cluster of this machine' >&2
elif [ -z "${KUBECONFIG:-}" ]; then
  kept=no
  [ ! -e "$own" ] || kept=yes
  test/cluster/up.sh
  code=$?
  if [ "$code" -eq 3 ] && [ "${CI:-}" != true ]; then exit 0; fi
  if [ "$code" -ne 0 ]; then
    [ "$kept" = yes ] || node test/cluster/machine/down.ts
    exit 1
  fi
  export KUBECONFIG=$own
fi
"$@"
code=$?
if [ "${kept:-yes}" = no ]; then node test/cluster/machine/down.ts || code=1; fi
exit "$code"
