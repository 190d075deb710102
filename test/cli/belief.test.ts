import { readFileSync } from 'node:fs'
import test from 'ava'
import { beliefLines } from '../../cli/belief.ts'
import type { Belief } from '../../controller/learned/belief.ts'

const tried = { tokens: false, answers: 100, seconds: 10, at: 0, variance: 0.01 }
const belief: Belief = {
  endpoint: 'local/a',
  revision: '0123456789abcdef',
  at: 0,
  phase: 'steady',
  limit: 12,
  objectiveUs: null,
  objective: 'none',
  slope: null,
  elasticity: { mean: 1, error: 0.4 },
  other: null,
  judgedAt: null,
  holds: [],
  curve: {
    unit: 'answers',
    tried: [
      { ...tried, limit: 4, n: 4, x: 30, bound: 1 },
      { ...tried, limit: 12, n: 7, x: 45, bound: 0.1 },
    ],
    levels: [{ n: 2, x: 18, seconds: 5, count: 90 }],
    batches: false,
    now: { n: 9, x: 50 },
    law: {
      lambda: 10,
      sigma: 0.1,
      kappa: 0,
      errors: { lambda: 1, sigma: 0.1, kappa: 0 },
      peak: null,
      misfit: 0.01,
      from: 'tried',
      least: 1,
      most: 10,
      line: [
        [1, 10],
        [12, 60],
      ],
    },
    noLaw: null,
  },
  sentences: ['One replica may hold 12 requests.', `Words ${'of many letters '.repeat(20)}93 %.`],
}

test('sentences are wrapped within the terminal, a number stays with its sign of percent', t => {
  for (const width of [60, 80]) {
    const [head, ...lines] = beliefLines(belief, width)
    t.regex(head ?? '', /local\/a {2}what is believed of the limit {2}\(revision 01234567\)/)
    t.true(Math.max(...lines.map(line => line.length)) <= width, lines.join('\n'))
    t.true(lines.some(line => line.includes('93 %.')))
  }
})

test('every sign of the chart is one that docs/learned.md explains, and the other way round', t => {
  const lines = beliefLines(belief, 80)
  const drawn = lines.flatMap(line => /^ +(\S) {2}\S/.exec(line)?.[1] ?? [])
  const page = readFileSync(new URL('../../docs/learned.md', import.meta.url), 'utf8')
  const told = [...page.matchAll(/^\| `(\S)` \|/gm)].map(match => match[1] ?? '')
  t.deepEqual(drawn.toSorted(), told.toSorted())
  t.is(drawn.length, 5)
})

test('where nothing was measured there are sentences and no chart', t => {
  const empty = { ...belief.curve, tried: [], levels: [], law: null, now: null }
  t.is(beliefLines({ ...belief, sentences: ['A.'], curve: empty }, 80).length, 2)
})
