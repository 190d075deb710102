#!/usr/bin/env bash
# Builds what Debian does not have into the user's cache folder: Kubernetes, CoreDNS, Helm, and the pause program.
# A second run takes seconds: Go rebuilds what changed, and a stamp of the sources skips even that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/outrigger
bin=$cache/bin
mkdir -p "$bin"
command -v go >/dev/null || {
  echo "the cluster's binaries are built with Go 1.26 or newer, and there is no go on the PATH: see go.dev/doc/install" >&2
  exit 1
}
export CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath"
# Built from modules, Kubernetes does not know its own version: clients and charts ask for it.
version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' kubernetes/go.mod)
flags="-s -w -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1"
flags+=" -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$version")"

# tools MODULE: the commands that it names as tools, but those that KUBEBUILDER_ASSETS has (as envtest lays them out).
tools() {
  local path
  awk '/^tool \(/ { list = 1; next } /^\)/ { list = 0 } list { print $1 } /^tool [^(]/ { print $2 }' "$1/go.mod" |
    while read -r path; do
      [ -x "${KUBEBUILDER_ASSETS:-/none}/$(basename "$path")" ] || echo "$path"
    done
}

for module in kubernetes helm pause; do
  mapfile -t packages < <(tools "$module")
  [ "$module" = kubernetes ] && packages+=(./dns)
  [ "$module" = pause ] && packages=(.)
  stamp=$({ echo "${packages[@]}"; find build.sh "$module" -type f -print0 | sort -z | xargs -0 cat; } | sha256sum)
  if [ "$(cat "$bin/.$module" 2>/dev/null)" = "$stamp" ]; then continue; fi
  echo "building $module (minutes the first time)"
  (cd "$module" && go build -ldflags "$flags" -o "$bin/" "${packages[@]}")
  echo "$stamp" >"$bin/.$module"
done
