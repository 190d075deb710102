import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logDirOf } from '../../controller/journal.ts'
import { logFiles } from '../../controller/record/files.ts'
import { Fleet } from './support/fleet.ts'
import { bench } from './support/hour.ts'

/**
 * Bytes a day of the decision log, for docs/decision-log.md: the real tick, deciders and log for a simulated
 * hour on made-up fleets, times 24. Run: node test/controller/bytes-a-day.ts
 */
const kinds: Record<string, (second: number) => number> = {
  idle: () => 0,
  busy: s => 40 + 30 * Math.sin(s / 300),
  mixed: s => (s % 900 < 300 ? 60 : 0),
}
const MIB = 1024 * 1024

for (const [kind, rate] of Object.entries(kinds)) {
  for (const count of [1, 10]) {
    const stateDir = mkdtempSync(join(tmpdir(), 'outrigger-bytes-'))
    const fleets = Array.from({ length: count }, (_, i) => new Fleet(`local/${kind}-${i}`, i + 1, rate))
    const hour = await bench(stateDir, fleets)
    await hour.run(3600)
    await hour.close()
    const sizes = (await logFiles(logDirOf(stateDir))).map(({ path }) => statSync(path).size)
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    rmSync(stateDir, { recursive: true })
    const day = (bytes * 24) / MIB
    console.log(`${kind}: ${count} endpoints, ${day.toFixed(1)} MiB a day, ${(day / count).toFixed(1)} an endpoint`)
  }
}
