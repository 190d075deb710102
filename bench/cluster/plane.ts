import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { kubeOf, type Kube } from '../../controller/kubernetes/api/client.ts'
import { binary } from '../../test/cluster/machine/places.ts'
import { until } from '../../test/cluster/machine/processes.ts'
import { file, freePort, stages, start, state } from './machine.ts'

/** A control plane and kwok, which plays the nodes: no kubelet, no container, no network. */
export interface Plane {
  /** As an administrator, whose requests are not written down. */
  kube: Kube
  /** For the controller, which the API server knows as a user of its own. */
  kubeconfig: string
  /** A line for each of its requests. */
  auditLog: string
}

/** At the default of 20 requests a second a fleet of ten thousand pods takes a quarter of an hour to make. */
const QUICK = ['--kube-api-qps=400', '--kube-api-burst=800', '--leader-elect=false']
const OURS = 'outrigger'
const ADMINS = ['admin', 'manager', 'scheduler', 'kwok']

export async function startPlane(): Promise<Plane> {
  const [client, peer, port, manager, scheduler, kwok] = await Promise.all(
    Array.from({ length: 6 }, freePort),
  )
  const etcd = `http://127.0.0.1:${client}`
  start('etcd', binary('etcd'), [
    `--data-dir=${join(state, 'etcd')}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    '--log-level=error',
    '--unsafe-no-fsync',
  ])
  await until('etcd answers', async () => (await fetch(`${etcd}/health`)).ok)
  const tokens = startApiServer(etcd, port ?? 0)
  const certificate = join(state, 'certs', 'apiserver.crt')
  await until('there is a certificate', () => readFileSync(certificate).length > 0)
  const server = `https://127.0.0.1:${port}`
  const configs = Object.fromEntries(
    Object.entries(tokens).map(([user, token]) => [user, kubeconfig(user, token, server)]),
  )
  const config = new KubeConfig()
  config.loadFromFile(configs.admin ?? '')
  const kube = kubeOf(config, { timeoutMs: 30_000 })
  await until('the API server is ready', async () => (await kube.text('/readyz')) === 'ok')
  startParts(configs, { manager, scheduler, kwok })
  return { kube, kubeconfig: configs[OURS] ?? '', auditLog: join(state, 'audit.log') }
}

/** Gives the users' tokens. Ours is in no group: the API server serves it like anybody, in turn. */
function startApiServer(etcd: string, port: number): Record<string, string> {
  const users = [...ADMINS, OURS].map(user => ({ user, token: randomBytes(16).toString('hex') }))
  const lines = users.map(({ user, token }) => {
    const group = user === OURS ? '' : ',"system:masters"'
    return `${token},${user},${user}${group}\n`
  })
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = file('sa.key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata', users: [OURS] }, { level: 'None' }],
  }
  start('kube-apiserver', binary('kube-apiserver'), [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${join(state, 'certs')}`,
    `--token-auth-file=${file('tokens.csv', lines.join(''))}`,
    '--authorization-mode=AlwaysAllow',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file('sa.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString())}`,
    `--service-account-signing-key-file=${key}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--disable-admission-plugins=ServiceAccount',
    `--audit-policy-file=${file('audit-policy.json', policy)}`,
    `--audit-log-path=${join(state, 'audit.log')}`,
  ])
  return Object.fromEntries(users.map(({ user, token }) => [user, token]))
}

function startParts(
  configs: Record<string, string>,
  ports: Record<'manager' | 'scheduler' | 'kwok', number | undefined>,
): void {
  start('kube-controller-manager', binary('kube-controller-manager'), [
    `--kubeconfig=${configs.manager}`,
    `--service-account-private-key-file=${join(state, 'sa.key')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.manager}`,
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    ...QUICK,
  ])
  start('kube-scheduler', binary('kube-scheduler'), [
    `--kubeconfig=${configs.scheduler}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.scheduler}`,
    ...QUICK,
  ])
  start('kwok', binary('kwok'), [
    `--kubeconfig=${configs.kwok}`,
    '--manage-all-nodes=true',
    ...stages().map(path => `--config=${path}`),
    `--server-address=127.0.0.1:${ports.kwok}`,
    '--node-lease-duration-seconds=40',
  ])
}

function kubeconfig(user: string, token: string, server: string): string {
  const name = 'bench'
  const ca = join(state, 'certs', 'apiserver.crt')
  return file(`${user}.kubeconfig`, {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user } }],
  })
}
