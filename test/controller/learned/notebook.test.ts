import test from 'ava'
import type { DecisionBody } from '../../../core/model/decision.ts'
import { Notebook } from '../../../controller/learned/notebook.ts'
import { decision, foldOf } from './bodies.ts'

function noted(...bodies: DecisionBody[]): Notebook {
  const notebook = new Notebook()
  for (const body of bodies) notebook.take(body)
  return notebook
}

test('a limit that was in force is remembered with what one replica gave a second', t => {
  const body = decision({ now: 5000, folds: [foldOf(4, 200, 10), foldOf(4, 100, 5)] })
  const [tried, ...rest] = noted(body).of('local/a', 'r1').tried
  t.deepEqual(rest, [])
  t.like(tried, { limit: 4, x: 20, n: 3.6, answers: 300, seconds: 15, bound: 0.8, at: 5000 })
})

test('newer evidence of a limit replaces older, but for a few answers', t => {
  const before = decision({ now: 5000, folds: [foldOf(4, 200, 10)] })
  const few = decision({ now: 6000, folds: [foldOf(4, 5, 1)] })
  const many = decision({ now: 7000, folds: [foldOf(4, 300, 10), foldOf(5, 310, 10)] })
  t.is(noted(before, few).of('local/a', 'r1').tried[0]?.answers, 200)
  t.deepEqual(
    noted(before, few, many)
      .of('local/a', 'r1')
      .tried.map(({ limit, answers }) => [limit, answers]),
    [
      [4, 300],
      [5, 310],
    ],
  )
})

test('of tokens it counts tokens', t => {
  const [tried] = noted(decision({ folds: [{ ...foldOf(4, 200, 10), tokensOut: 20_000 }] })).of(
    'local/a',
    'r1',
  ).tried
  t.like(tried, { tokens: true, x: 2000 })
})

test('the newest judgement stays while holds follow; another revision or endpoint knows nothing', t => {
  const slope = { rule: 'slope', wants: 5, numbers: { slopeMilli: 200, errorMilli: 50 } }
  const judged = decision({ now: 5000, proposals: [slope] })
  const hold = decision({
    now: 6000,
    reasons: [{ code: 'probing', numbers: { limit: 4, other: 5 } }],
  })
  const notebook = noted(judged, hold)
  t.like(notebook.of('local/a', 'r1'), {
    judged: { at: 5000, rule: 'slope', numbers: { slopeMilli: 200 } },
    reasons: [{ code: 'probing' }],
  })
  t.like(notebook.of('local/a', 'r2'), { tried: [], judged: null })
  t.like(notebook.of('local/b', 'r1'), { tried: [], judged: null })
})

test('decisions about replicas teach nothing, and sixty limits are remembered', t => {
  t.deepEqual(
    noted({ ...decision({ folds: [foldOf(4, 200, 10)] }), what: 'replicas' }).of('local/a', 'r1')
      .tried,
    [],
  )
  const many = Array.from({ length: 80 }, (_, i) =>
    decision({ now: 1000 * i, folds: [foldOf(i + 1, 200, 10)] }),
  )
  const { tried } = noted(...many).of('local/a', 'r1')
  t.deepEqual([tried.length, tried[0]?.limit, tried.at(-1)?.limit], [60, 21, 80])
})

test('what is not remembered any more has no notes', t => {
  const notebook = noted(decision({ now: 5000, folds: [foldOf(4, 200, 10)] }))
  notebook.keep(new Map([['local/a', null]]))
  t.is(notebook.of('local/a', 'r1').tried.length, 1)
  notebook.keep(new Map())
  t.is(notebook.of('local/a', 'r1').tried.length, 0)
})
