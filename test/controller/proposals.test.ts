import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { explain } from '../../controller/explain.ts'
import { logDirOf } from '../../controller/journal.ts'
import { proposalWords } from '../../controller/proposals.ts'
import { recordOf } from '../../controller/record/line.ts'
import { readLog } from '../../controller/record/read.ts'
import { Fleet } from './support/fleet.ts'
import { folder } from './support/folder.ts'
import { bench } from './support/hour.ts'

const VERTICAL = new URL('../../controller/decide/vertical/', import.meta.url)

test('each rule that proposes a limit has a sentence', t => {
  const sources = readdirSync(VERTICAL).map(name => readFileSync(new URL(name, VERTICAL), 'utf8'))
  const rules = sources.flatMap(source =>
    [...source.matchAll(/rule: (.*?), wants/g)].flatMap(([, named = '']) =>
      [...named.matchAll(/'([a-z-]+)'/g)].map(([, rule = '']) => rule),
    ),
  )
  t.true(rules.length >= 10, rules.join())
  // Whatever a rule may count.
  const numbers = Object.fromEntries(
    ['early', 'late']
      .map(name => [`${name}Permille`, 12])
      .concat(
        ['elasticity', 'slope', 'error', 'observed', 'model', 'loss'].map(name => [
          `${name}Milli`,
          34,
        ]),
        [
          ['seconds', 5],
          ['server', 6],
          ['ok', 7],
        ],
      ),
  ) as Record<string, number>
  for (const rule of rules) {
    const words = proposalWords('limit', { rule, wants: 8, numbers })
    t.regex(words, new RegExp(`^${rule} wants 8: [A-Z0-9][^{}]*\\.$`))
  }
})

test('the proposals of an hour read as sentences, those of an older log with their numbers', async t => {
  const stateDir = folder(t)
  const hour = await bench(stateDir, [new Fleet('local/busy', 1, s => (s > 100 ? 150 : 10))])
  await hour.run(900)
  await hour.close()
  const said: string[] = []
  for await (const { line } of readLog(logDirOf(stateDir))) {
    const record = recordOf(line)
    if (record.kind !== 'decision' || record.body.what !== 'limit') continue
    said.push(...explain(record).proposals)
  }
  t.true(said.length > 5)
  for (const words of said) t.regex(words, /^[a-z-]+ wants \d+: [A-Z0-9].*\.$/)
  t.is(
    proposalWords('limit', { rule: 'model', wants: 3, numbers: { xMilli: 1500 } }),
    'model wants 3 (x 1.5).',
  )
  t.is(
    proposalWords('limit', { rule: 'regret', wants: 3, numbers: { lossMilli: 105 } }),
    'regret wants 3: The last step lost 10 % of the good answers.',
  )
})
