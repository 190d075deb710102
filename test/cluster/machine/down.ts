import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { files } from './configs.ts'
import { CHAINS, networkDown } from './network.ts'
import { addresses, state } from './places.ts'
import { names, running, stop } from './processes.ts'

/** Tears the cluster down and leaves nothing: processes, mounts, links, rules, cgroups, files. */
export async function down(): Promise<void> {
  if (!existsSync(state)) return
  // Whoever restarts containers goes first, then the containers, then what runs them.
  for (const name of ['kubelet', 'controller-manager', 'scheduler', 'proxy', 'dns'])
    await stop(name)
  if (running('containerd') !== null) await endContainers()
  for (const name of ['apiserver', 'containerd', 'etcd', ...names()]) await stop(name)
  await endShims()
  for (const mount of mounts()) execFileSync('umount', ['--lazy', mount], { stdio: 'pipe' })
  networkDown()
  removeCgroups()
  rmSync(state, { recursive: true, force: true })
}

async function endContainers(): Promise<void> {
  const ctr = (...args: string[]): string =>
    execFileSync('ctr', ['--address', files.socket, '-n', 'k8s.io', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  const attempt = (...args: string[]): string => {
    try {
      return ctr(...args)
    } catch {
      // Gone meanwhile.
      return ''
    }
  }
  for (let i = 0; i < 50; i++) {
    const tasks = attempt('tasks', 'ls', '-q').split('\n').filter(Boolean)
    if (tasks.length === 0) break
    for (const task of tasks) attempt('tasks', 'kill', '--signal', 'SIGKILL', task)
    await sleep(100)
    for (const task of tasks) attempt('tasks', 'delete', '--force', task)
  }
  for (const container of attempt('containers', 'ls', '-q').split('\n').filter(Boolean))
    attempt('containers', 'delete', container)
}

/** Shims whose containerd is ours: their command line names our socket. */
async function endShims(): Promise<void> {
  const ours = (): number[] =>
    readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => commandOf(pid).includes('containerd-shim') && commandOf(pid).includes(state))
  for (const pid of ours()) process.kill(pid, 'SIGKILL')
  for (let i = 0; i < 50 && ours().length > 0; i++) await sleep(50)
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** Mounts below our folder and the pods' network namespaces, the innermost first. */
function mounts(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(path => path.startsWith(`${state}/`) || path.startsWith('/run/netns/cni-'))
    .toSorted((a, b) => b.length - a.length)
}

/** The kubelet's groups, the innermost first, in every hierarchy. */
function removeCgroups(): void {
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) walk(join(folder, entry.name))
    try {
      rmdirSync(folder)
    } catch {
      // Still in use by a process that is ending: the next one to ask removes it.
    }
  }
  const root = '/sys/fs/cgroup'
  const hierarchies = [root, ...readdirSync(root).map(name => join(root, name))]
  for (const each of hierarchies)
    for (const group of ['kubepods', 'k8s.io'])
      if (existsSync(join(each, group))) walk(join(each, group))
  for (const name of existsSync('/run/netns') ? readdirSync('/run/netns') : [])
    if (name.startsWith('cni-')) rmSync(join('/run/netns', name), { force: true })
}

/** What of the cluster is still there, in words. */
function left(): string[] {
  const links = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).split('\n')
  const routes = execFileSync('ip', ['-o', 'route'], { encoding: 'utf8' }).split('\n')
  const rules = ['iptables-save', 'ip6tables-save'].flatMap(command =>
    execFileSync(command, { encoding: 'utf8', stdio: 'pipe' }).split('\n'),
  )
  const processes = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(pid => `process ${pid}: ${commandOf(Number(pid)).replaceAll('\0', ' ')}`)
  return [
    ...(existsSync(state) ? [state] : []),
    ...links.filter(line => line.includes(addresses.link)),
    ...routes.filter(line => line.includes(addresses.pods)),
    ...rules.filter(line => CHAINS.test(line)),
    ...processes.filter(line => line.includes(`${state}/`)),
    ...mounts(),
  ]
}

if (import.meta.main) {
  await down()
  const still = left()
  if (still.length > 0) {
    process.stderr.write(`still there after the cluster went:\n${still.join('\n')}\n`)
    process.exitCode = 1
  }
}
