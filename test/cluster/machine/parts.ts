import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { files, kubeconfigOf } from './configs.ts'
import { addresses, binary, nodeName, state } from './places.ts'
import { pki } from './pki.ts'
import { start, startKept, stop, until } from './processes.ts'

/** The processes of the cluster: how each is started and when it is ready. */
export interface Part {
  start(): void
  ready(): Promise<void>
}

const at = (name: string): string => join(pki, name)
const ETCD = 'http://127.0.0.1:12379'

function ok(url: string, seconds: number, log: string): Promise<void> {
  return until(`${log} is healthy`, async () => (await fetch(url)).ok, { seconds, log })
}

/** In the order in which they start; ended in the opposite one. */
export const parts: Record<string, Part> = {
  etcd: {
    start: () =>
      start('etcd', binary('etcd'), [
        `--data-dir=${join(state, 'etcd')}`,
        `--listen-client-urls=${ETCD}`,
        `--advertise-client-urls=${ETCD}`,
        '--listen-peer-urls=http://127.0.0.1:12380',
        // The cluster lives for a test: what a power cut would lose is worth less than the disk's time.
        '--unsafe-no-fsync',
      ]),
    ready: () => ok(`${ETCD}/health`, 30, 'etcd'),
  },
  containerd: {
    start: () => start('containerd', 'containerd', ['--config', files.containerd]),
    ready: () =>
      until('containerd answers', () => readFileSync(join(state, 'opt')) !== null, {
        seconds: 1,
      }).catch(() => undefined),
  },
  apiserver: {
    start: startApiServer,
    ready: () =>
      until('the API server is ready', () => kubeReady(), { seconds: 60, log: 'apiserver' }),
  },
  'controller-manager': {
    start: () =>
      startKept('controller-manager', binary('kube-controller-manager'), [
        `--kubeconfig=${kubeconfigOf('controller-manager')}`,
        '--use-service-account-credentials=true',
        `--service-account-private-key-file=${at('sa.key')}`,
        `--root-ca-file=${at('ca.crt')}`,
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
        '--node-monitor-grace-period=20s',
      ]),
    ready: () => Promise.resolve(),
  },
  scheduler: {
    start: () =>
      startKept('scheduler', binary('kube-scheduler'), [
        `--kubeconfig=${kubeconfigOf('scheduler')}`,
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
      ]),
    ready: () => Promise.resolve(),
  },
  kubelet: {
    start: () =>
      start('kubelet', binary('kubelet'), [
        `--config=${files.kubelet}`,
        `--kubeconfig=${kubeconfigOf('kubelet')}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${addresses.node}`,
        `--root-dir=${join(state, 'kubelet')}`,
        `--cert-dir=${join(state, 'kubelet-pki')}`,
      ]),
    ready: () => Promise.resolve(),
  },
  proxy: {
    start: () => start('proxy', binary('kube-proxy'), [`--config=${files.proxy}`]),
    ready: () => ok('http://127.0.0.1:10256/healthz', 60, 'proxy'),
  },
  dns: {
    start: () => start('dns', binary('dns'), ['-conf', files.dns]),
    ready: () => Promise.resolve(),
  },
}

/** Who asks the API server ever more seldom while it is away. */
const PATIENT = ['kubelet', 'controller-manager', 'scheduler']

/**
 * Takes the API server away. The controller manager ends with it, as one with a lease does: one that lived on
 * would find each node's heartbeat too old the moment it can read it again, and take every pod out of its Service.
 */
export async function removeApiServer(): Promise<void> {
  await stop('apiserver')
  await stop('controller-manager')
}

/** Brings the API server back, and starts anew who would ask it only in a minute or two. */
export async function restoreApiServer(): Promise<void> {
  startApiServer()
  await parts['apiserver']?.ready()
  for (const name of PATIENT) {
    await stop(name)
    parts[name]?.start()
  }
}

function startApiServer(): number {
  return start('apiserver', binary('kube-apiserver'), [
    `--etcd-servers=${ETCD}`,
    '--bind-address=0.0.0.0',
    `--advertise-address=${addresses.node}`,
    '--secure-port=6443',
    `--tls-cert-file=${at('apiserver.crt')}`,
    `--tls-private-key-file=${at('apiserver.key')}`,
    `--token-auth-file=${files.tokens}`,
    `--client-ca-file=${at('ca.crt')}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${at('sa.pub')}`,
    `--service-account-signing-key-file=${at('sa.key')}`,
    `--service-cluster-ip-range=${addresses.services}`,
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-certificate-authority=${at('ca.crt')}`,
    `--kubelet-client-certificate=${at('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${at('apiserver-kubelet.key')}`,
  ])
}

async function kubeReady(): Promise<boolean> {
  const { kubectl } = await import('./kubectl.ts')
  return (await kubectl(['get', '--raw', '/readyz'])) === 'ok'
}
