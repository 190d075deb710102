import test from 'ava'
import { readdirSync } from 'node:fs'
import { directionChanges, play, type Played } from './play.ts'
import { ms, readScenario, scenarioFrom, type Scenario } from './scenario.ts'

const here = new URL('.', import.meta.url)
const files = readdirSync(here).filter(name => name.endsWith('.yaml'))

for (const name of files) {
  test(name.replace('.yaml', ''), t => {
    const scenario = readScenario(new URL(name, here))
    const played = play(scenario)
    t.log(figures(played))
    t.deepEqual(misses(scenario, played), [])
  })
}

test('a scenario file with an unknown key is an error', t => {
  const error = t.throws(() => scenarioFrom({ plant: { cores: 1 }, trafic: {} }))
  t.regex(error.message, /plant\.cores: expected a known key/)
  t.regex(error.message, /trafic: expected a known key/)
  t.regex(error.message, /run: expected a duration/)
})

test('the same scenario plays the same twice', t => {
  const [name = ''] = files
  const scenario = readScenario(new URL(name, here))
  t.deepEqual(play(scenario), play(scenario))
})

function figures(played: Played): string {
  const { desired, offered, bad, lost, replicaSeconds, moves, reasons } = played
  const every = desired.filter((_, second) => second % 60 === 0).join(' ')
  return [
    `bad ${share(bad, offered)} lost ${share(lost, offered)} mean ${replicaSeconds / desired.length}`,
    `directions ${directionChanges(played)} each minute ${every}`,
    `moves ${moves.map(m => `${m.at}:${m.change}`).join(' ')}`,
    [...reasons].join(' '),
  ].join('\n')
}

function share(part: number, whole: number): number {
  return Math.round((part / Math.max(1, whole)) * 100_000) / 100_000
}

/** Everything that was expected and is not so, in words. */
function misses({ expect }: Scenario, played: Played): string[] {
  const { desired, offered, moves, reasons } = played
  const out: string[] = []
  const within = (what: string, got: number, range: readonly number[] | undefined): void => {
    const [least = 0, most = Infinity] = range ?? []
    if (got < least || got > most) out.push(`${what}: expected ${least} to ${most}, got ${got}`)
  }
  for (const [at, range] of Object.entries(expect.replicasAt ?? {})) {
    within(`replicas at ${at}`, desired[ms(at) / 1000] ?? -1, range)
  }
  within('fewest replicas', Math.min(...desired), expect.replicasBetween)
  within('most replicas', Math.max(...desired), expect.replicasBetween)
  within('direction changes', directionChanges(played), expect.directionChanges)
  within('bad', share(played.bad, offered), expect.bad)
  within('lost', share(played.lost, offered), expect.lost)
  within('mean replicas', played.replicaSeconds / desired.length, expect.meanReplicas)
  if (expect.firstUpAt !== undefined) {
    const first = moves.find(move => move.change > 0)?.at ?? -1
    within(
      'first up',
      first,
      expect.firstUpAt.map(at => ms(at) / 1000),
    )
  }
  for (const code of expect.reasons ?? []) if (!reasons.has(code)) out.push(`never said ${code}`)
  for (const code of expect.notReasons ?? []) if (reasons.has(code)) out.push(`said ${code}`)
  return out
}
