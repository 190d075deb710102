#!/usr/bin/env bash
# test/cluster/up.sh: brings the test cluster of this machine up, with our image in it. Ends with 3 where this
# machine can't have one, after one line that says why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cannot() {
  echo "no cluster: $1. Give one in KUBECONFIG (its nodes need the image, make image) to run these tests." >&2
  exit 3
}
[ "$(uname -s)" = Linux ] || cannot 'this is not Linux'
[ "$(id -u)" -eq 0 ] || cannot 'containers, links and routes of this machine need root'
command -v go >/dev/null || cannot 'its binaries are built with Go 1.26 or newer, and there is no go'
etcd=etcd
[ ! -x "${KUBEBUILDER_ASSETS:-/none}/etcd" ] || etcd=$KUBEBUILDER_ASSETS/etcd
scripts/debian-packages.sh "$etcd:etcd-server" containerd:containerd runc:runc ip:iproute2 iptables:iptables \
  conntrack:conntrack openssl:openssl /usr/lib/cni/ptp:containernetworking-plugins
test/cluster/machine/build.sh
node scripts/image.ts
node test/cluster/machine/up.ts .cache/image.tar
