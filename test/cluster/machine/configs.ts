import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pki } from './pki.ts'
import { addresses, kubeconfig, nodeName, state } from './places.ts'

/** The files that configure each part of the cluster. */

export const files = {
  tokens: join(state, 'tokens.csv'),
  kubelet: join(state, 'kubelet.json'),
  containerd: join(state, 'containerd.toml'),
  socket: join(state, 'containerd.sock'),
  cni: join(state, 'cni'),
  dns: join(state, 'Corefile'),
  proxy: join(state, 'kube-proxy.json'),
}

const users = {
  admin: ['admin', 'system:masters'],
  'controller-manager': ['system:kube-controller-manager', ''],
  scheduler: ['system:kube-scheduler', ''],
  kubelet: [`system:node:${nodeName}`, 'system:nodes'],
  proxy: ['system:kube-proxy', ''],
  dns: ['system:coredns', 'system:masters'],
} as const

/** The kubeconfig of one of the cluster's users. */
export function kubeconfigOf(user: keyof typeof users): string {
  return user === 'admin' ? kubeconfig : join(state, `${user}.kubeconfig`)
}

export function writeConfigs(): void {
  mkdirSync(files.cni, { recursive: true })
  writeUsers()
  writeFileSync(files.kubelet, JSON.stringify(kubelet))
  writeFileSync(files.proxy, JSON.stringify(proxy))
  writeFileSync(files.containerd, containerd)
  writeFileSync(join(files.cni, '10-ptp.conflist'), JSON.stringify(network))
  writeFileSync(files.dns, corefile())
}

/** A token for each user, in the API server's token file and in a kubeconfig. */
function writeUsers(): void {
  const ca = readFileSync(join(pki, 'ca.crt')).toString('base64')
  const lines = Object.entries(users).map(([user, [name, group]]) => {
    const token = randomBytes(16).toString('hex')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'outrigger-test',
      clusters: [
        {
          name: 'outrigger-test',
          cluster: {
            server: `https://${addresses.node}:6443`,
            'certificate-authority-data': ca,
          },
        },
      ],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: 'outrigger-test', context: { cluster: 'outrigger-test', user } }],
    }
    writeFileSync(kubeconfigOf(user as keyof typeof users), JSON.stringify(config), { mode: 0o600 })
    return `${token},${name},${name}${group === '' ? '' : `,"${group}"`}`
  })
  writeFileSync(files.tokens, `${lines.join('\n')}\n`, { mode: 0o600 })
}

const kubelet = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: addresses.node,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: join(pki, 'ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: join(pki, 'kubelet.crt'),
  tlsPrivateKeyFile: join(pki, 'kubelet.key'),
  // This machine may have cgroup v1, no systemd and no swap accounting.
  failCgroupV1: false,
  cgroupDriver: 'cgroupfs',
  cgroupsPerQOS: true,
  enforceNodeAllocatable: [],
  failSwapOn: false,
  containerRuntimeEndpoint: `unix://${join(state, 'containerd.sock')}`,
  resolvConf: '',
  clusterDNS: [addresses.node],
  clusterDomain: 'cluster.local',
  evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
  maxPods: 200,
  volumePluginDir: join(state, 'volume-plugins'),
  podLogsDir: join(state, 'pod-logs'),
  shutdownGracePeriod: '0s',
  // Pods of a burst start within the second.
  registryPullQPS: 0,
  eventRecordQPS: 0,
  kubeAPIQPS: 100,
  kubeAPIBurst: 200,
}

const proxy = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'iptables',
  clientConnection: { kubeconfig: kubeconfigOf('proxy') },
  clusterCIDR: addresses.pods,
  hostnameOverride: nodeName,
  // Limits of the machine stay as they are.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  healthzBindAddress: '127.0.0.1:10256',
  metricsBindAddress: '127.0.0.1:10249',
}

const containerd = `version = 2
root = "${state}/containerd"
state = "${state}/run/containerd"
[grpc]
  address = "${files.socket}"
[debug]
  level = "warn"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "outrigger-test/pause:1"
  restrict_oom_score_adj = true
  disable_tcp_service = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${files.cni}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.internal.v1.opt"]
  path = "${state}/opt"
`

/** Point to point: a bridge would need br_netfilter, or Service replies between its pods skip NAT. */
const network = {
  cniVersion: '1.0.0',
  name: 'outrigger-test',
  plugins: [
    {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        dataDir: join(state, 'ipam'),
        ranges: [[{ subnet: addresses.podRange }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
}

function corefile(): string {
  return `cluster.local:53 {
  bind ${addresses.node}
  errors
  kubernetes cluster.local {
    kubeconfig ${kubeconfigOf('dns')}
    ttl 5
  }
}
`
}
