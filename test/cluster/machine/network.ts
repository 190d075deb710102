import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addresses, state } from './places.ts'

/** The node's link, the fence around pod addresses, and the rules that kube-proxy leaves behind. */

const before = join(state, 'network-before.json')
const forward = '/proc/sys/net/ipv4/ip_forward'

/** Of kube-proxy, the kubelet and the CNI plugins. */
export const CHAINS = /KUBE-|CNI-/

export function networkUp(): void {
  const { link, node, pods, services } = addresses
  writeFileSync(before, JSON.stringify({ forward: readFileSync(forward, 'utf8') }))
  ip(`link add ${link} type bridge`)
  ip(`addr add ${node}/32 dev ${link}`)
  ip(`link set ${link} up`)
  // What is sent to a pod that is gone must not leave the machine by its default route.
  ip(`route add unreachable ${pods}`)
  // Nor what is sent to a Service before kube-proxy knows it: here nobody answers.
  ip(`route add ${services} dev ${link} src ${node}`)
  writeFileSync(forward, '1')
}

export function networkDown(): void {
  quietly(() => ip(`route del unreachable ${addresses.pods}`))
  quietly(() => ip(`link del ${addresses.link}`))
  quietly(() => {
    const { forward: value } = JSON.parse(readFileSync(before, 'utf8')) as { forward: string }
    writeFileSync(forward, value)
  })
  for (const tables of ['iptables', 'ip6tables']) quietly(() => removeRules(tables))
}

/** Removes kube-proxy's and the CNI plugins' chains and the rules that jump to them, nothing else. */
function removeRules(tables: string): void {
  const saved = execFileSync(`${tables}-save`, { encoding: 'utf8', stdio: 'pipe' })
  if (!CHAINS.test(saved)) return
  const kept = saved.split('\n').filter(line => !CHAINS.test(line))
  execFileSync(`${tables}-restore`, { input: kept.join('\n'), stdio: 'pipe' })
}

function ip(command: string): void {
  execFileSync('ip', command.split(' '), { stdio: 'pipe' })
}

/** Nothing to undo is as good as undone. */
function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // It was not there.
  }
}
