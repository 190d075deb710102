import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeArchive } from '../../../scripts/archive.ts'
import { down } from './down.ts'
import { files, writeConfigs } from './configs.ts'
import { kubectl } from './kubectl.ts'
import { networkUp } from './network.ts'
import { parts } from './parts.ts'
import { addresses, binary, kubeconfig, nodeName, state } from './places.ts'
import { makePki } from './pki.ts'
import { running, until } from './processes.ts'
import { giveVolumes } from './volumes.ts'

/**
 * node up.ts [IMAGE.tar...]: brings the cluster up from nothing, or finds it up, and loads the images.
 * What a broken one left behind is cleared away first.
 */
async function up(images: string[]): Promise<void> {
  const began = performance.now()
  if (!isUp()) await bringUp()
  for (const image of images) loadImage(image)
  await giveVolumes()
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  say(`the cluster is up after ${seconds} s: export KUBECONFIG=${kubeconfig}`)
}

function isUp(): boolean {
  return Object.keys(parts).every(name => running(name) !== null)
}

async function bringUp(): Promise<void> {
  if (existsSync(state)) await down()
  mkdirSync(state, { recursive: true, mode: 0o755 })
  for (const folder of ['containerd', 'run/containerd', 'kubelet', 'volume-plugins'])
    mkdirSync(join(state, folder), { recursive: true })
  makePki()
  writeConfigs()
  networkUp()
  const { etcd, containerd, apiserver, ...others } = parts
  for (const first of [etcd, containerd]) first?.start()
  await Promise.all([etcd?.ready(), containerReady()])
  loadImage(await pauseImage())
  apiserver?.start()
  await apiserver?.ready()
  for (const part of Object.values(others)) part.start()
  await Promise.all(Object.values(others).map(part => part.ready()))
  await until('the node is ready', nodeReady, { seconds: 90, log: 'kubelet' })
  await until('DNS answers', dnsAnswers, { seconds: 60, log: 'dns' })
}

/** The image that holds a pod's namespaces. Gives the archive's path. */
async function pauseImage(): Promise<string> {
  const from = binary('pause')
  const output = join(state, 'pause.tar')
  const entry = { path: 'pause', mode: 0o755, file: { from, size: statSync(from).size } }
  const run = { User: '65535', Entrypoint: ['/pause'] }
  await writeArchive([entry], { tag: 'docker.io/outrigger-test/pause:1', run, output })
  return output
}

function containerReady(): Promise<void> {
  return until('containerd answers', () => ctr(['version']) !== '', { log: 'containerd' })
}

async function nodeReady(): Promise<boolean> {
  const path = '{.status.conditions[?(@.type=="Ready")].status}'
  const ready = await kubectl(['get', 'node', nodeName, '-o', `jsonpath=${path}`])
  // Pods are refused until their namespace has its service account.
  await kubectl(['-n', 'default', 'get', 'serviceaccount', 'default'])
  return ready === 'True'
}

async function dnsAnswers(): Promise<boolean> {
  const { Resolver } = await import('node:dns/promises')
  const resolver = new Resolver({ timeout: 1000, tries: 1 })
  resolver.setServers([addresses.node])
  const [found] = await resolver.resolve4('kubernetes.default.svc.cluster.local')
  return found === addresses.apiService
}

/** Loads a docker-archive into the kubelet's own name space of containerd. */
function loadImage(tar: string): void {
  if (!existsSync(tar)) throw new Error(`there is no image ${tar}`)
  ctr(['-n', 'k8s.io', 'images', 'import', tar])
}

export function ctr(args: string[]): string {
  return execFileSync('ctr', ['--address', files.socket, ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`)
}

if (import.meta.main) {
  if (process.getuid?.() !== 0) {
    say('the cluster needs root: containers, links and routes. Or give another one in KUBECONFIG.')
    process.exit(1)
  }
  if (!readFileSync('/proc/filesystems', 'utf8').includes('overlay'))
    say('this kernel has no overlayfs: containers will not start')
  await up(process.argv.slice(2))
}
