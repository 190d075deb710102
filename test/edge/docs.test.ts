import { readFileSync } from 'node:fs'
import test from 'ava'
import { parse } from 'yaml'
import { rejectReasons, RESUME } from '../../core/model/sample.ts'
import { REPLAY_BYTES } from '../../edge/attempt.ts'
import { BUDGET } from '../../edge/dispatch/budget.ts'
import { TIMES } from '../../edge/dispatch/replica.ts'
import { variables } from '../../edge/env-table.ts'

const page = readFileSync(new URL('../../docs/edge.md', import.meta.url), 'utf8')

test('docs/edge.md lists every variable with its default and sentence, and no other', t => {
  for (const [name, { default: value, sentence }] of Object.entries(variables)) {
    const shown = value === null ? 'required' : value === '' ? 'none' : `\`${value}\``
    t.true(page.includes(`| \`${name}\` | ${shown} | ${sentence} |`), name)
  }
  const named = [...page.matchAll(/^\| `(OUTRIGGER_[A-Z_]+)`/gm)].map(match => match[1])
  t.deepEqual(new Set(named), new Set(Object.keys(variables)))
})

test('docs/edge.md names every reason for which a request is turned away', t => {
  for (const reason of rejectReasons) t.true(page.includes(`\`${reason}\``), reason)
})

test('docs/edge.md says the times and bounds of the code and of the chart', t => {
  const { edge } = parse(
    readFileSync(new URL('../../deploy/chart/values.yaml', import.meta.url), 'utf8'),
  ) as { edge: { drainGraceSeconds: number; terminationGracePeriodSeconds: number } }
  const seconds = (us: number): string => `${us / 1_000_000} s`
  for (const words of [
    `rests ${TIMES.downUs / 1000} ms, doubling to ${seconds(TIMES.downMostUs)}`,
    `not been heard of for ${TIMES.tryUs / 1000} ms`,
    `its first ${seconds(TIMES.slowStartUs)} (slow start)`,
    `Ejected for ${seconds(TIMES.ejectUs)}, longer each time up to ${seconds(TIMES.ejectMostUs)}`,
    `starts with ${BUDGET.startMilli / 1000} and saves up ${BUDGET.mostMilli / 1000}`,
    `Bodies up to ${REPLAY_BYTES / 1024} KiB`,
    `what was missed, at most ${RESUME} s`,
    `\`OUTRIGGER_DRAIN_GRACE=${edge.drainGraceSeconds * 1000}\``,
    `together (${edge.terminationGracePeriodSeconds} s)`,
  ])
    t.true(page.includes(words), words)
})
