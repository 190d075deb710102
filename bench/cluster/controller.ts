import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { logDirOf } from '../../controller/journal.ts'
import { Page } from './figures.ts'
import { until } from '../../test/cluster/machine/processes.ts'
import { freePort, logOf, root, start, state } from './machine.ts'
import { CONTROLLER_POD, SYSTEM } from './objects.ts'

/** The real controller, as its container starts it. */
const NAME = 'controller'
const logDir = logDirOf(join(state, NAME))
const admin = await freePort()

export function startController(options: {
  kubeconfig: string
  aggregator: number
  webhook: number
  profile: string
}): void {
  const profiled = options.profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`]
  const args = ['--max-semi-space-size=16', ...profiled, join(root, 'dist/cli/main.js'), NAME]
  start(NAME, process.execPath, args, {
    KUBECONFIG: options.kubeconfig,
    OUTRIGGER_PLATFORM: 'kubernetes',
    OUTRIGGER_NAMESPACE: SYSTEM,
    OUTRIGGER_POD: CONTROLLER_POD,
    OUTRIGGER_IMAGE: 'outrigger:bench',
    OUTRIGGER_ADMIN: `127.0.0.1:${admin}`,
    OUTRIGGER_WEBHOOK: `127.0.0.1:${options.webhook}`,
    OUTRIGGER_AGGREGATOR: `127.0.0.1:${options.aggregator}`,
    // Fake nodes have none.
    OUTRIGGER_KUBELETS: 'off',
    OUTRIGGER_STATE_DIR: join(state, NAME),
  })
}

export async function page(): Promise<Page> {
  return new Page(await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text())
}

/** Bytes of the decision log. */
export function logBytes(): number {
  return readdirSync(logDir).reduce((sum, name) => sum + statSync(join(logDir, name)).size, 0)
}

/** Waits for decisions after a start; gives when (s after `began`) it was leader, and when it had decided of all. */
export async function decided(
  endpoints: number,
  began: number,
): Promise<{ leaderS: number; firstS: number; allS: number }> {
  const seconds = (): number => Math.round((performance.now() - began) / 100) / 10
  const times = saidSince(logOf(NAME).length)
  await until('the controller decides', () => times().includes('"deciding"'), { seconds: 300 })
  const leaderS = seconds()
  let firstS = 0
  await until(
    'all endpoints are decided of',
    async () => {
      const made = (await page()).sum('outrigger_decisions_total', 'what="replicas"')
      if (made > 0 && firstS === 0) firstS = seconds()
      return made >= endpoints
    },
    { seconds: 300 },
  )
  return { leaderS, firstS, allS: seconds() }
}

function saidSince(length: number): () => string {
  return () => logOf(NAME).slice(length)
}

/** Waits until nothing is decided but that all stays as it is, or for so many seconds. */
export async function settled(seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  let before = -1
  while (performance.now() < deadline) {
    const now = await page()
    const changes =
      now.sum('outrigger_decisions_total') - now.sum('outrigger_decisions_total', 'action="hold"')
    console.log(`settling: ${changes} changes so far`)
    if (changes === before) return
    before = changes
    await sleep(20_000)
  }
}
