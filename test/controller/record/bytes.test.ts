import { readFileSync, statSync } from 'node:fs'
import test from 'ava'
import { logDirOf } from '../../../controller/journal.ts'
import { logFiles } from '../../../controller/record/files.ts'
import { Fleet } from '../support/fleet.ts'
import { folder } from '../support/folder.ts'
import { bench } from '../support/hour.ts'

/** Bytes a day as docs/decision-log.md has them: the real tick, deciders and log for a simulated hour, times 24. */
const docs = readFileSync(new URL('../../../docs/decision-log.md', import.meta.url), 'utf8')
const MIB = 1024 * 1024

const kinds: Record<string, (second: number) => number> = {
  idle: () => 0,
  'traffic a third of the time': s => (s % 900 < 300 ? 60 : 0),
  'traffic that changes all the time': s => 40 + 30 * Math.sin(s / 300),
}

for (const [kind, rate] of Object.entries(kinds)) {
  test(`bytes a day of an endpoint: ${kind}`, async t => {
    const stateDir = folder(t)
    const hour = await bench(stateDir, [new Fleet('local/one', 1, rate)])
    await hour.run(3600)
    await hour.close()
    const sizes = (await logFiles(logDirOf(stateDir))).map(({ path }) => statSync(path).size)
    const day = (sizes.reduce((sum, size) => sum + size, 0) * 24) / MIB
    const row = docs.split('\n').find(line => line.startsWith(`| ${kind} |`)) ?? ''
    const [one = NaN, hundred = NaN, thousand = NaN] = [...row.matchAll(/([\d.]+) (MiB|GiB)/g)].map(
      ([, number, unit]) => Number(number) * (unit === 'GiB' ? 1024 : 1),
    )
    t.log(`${day.toFixed(1)} MiB a day`)
    for (const [stated, count] of [
      [one, 1],
      [hundred, 100],
      [thousand, 1000],
    ] as const) {
      t.true(Math.abs(stated - day * count) < 0.2 * day * count, `${count}: ${stated} MiB stated`)
    }
  })
}
