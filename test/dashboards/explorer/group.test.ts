import test from 'ava'
import fc from 'fast-check'
import { merge, rowsOf } from '../../../dashboards/explorer/group.ts'
import type { Action, Decision } from '../../../dashboards/explorer/model.ts'

function decision(seq: number, action: Action, endpoint = 'local/a'): Decision {
  const id = `id-${seq}`
  const rest = { what: 'replicas', from: 1, to: 1, act: false, sentence: 'Why.' } as const
  return { id, seq, now: seq * 1000, endpoint, action, ...rest }
}

test('holds that follow one another are one row; changes stand alone', t => {
  const rows = rowsOf([
    decision(9, 'hold'),
    decision(8, 'hold', 'local/b'),
    decision(7, 'hold'),
    decision(6, 'up'),
    decision(5, 'hold'),
    decision(4, 'down'),
  ])
  t.deepEqual(
    rows.map(row => row.key),
    ['holds-id-7', 'id-6', 'id-5', 'id-4'],
  )
  const [holds] = rows
  t.like(holds, { kind: 'holds', from: 7000, to: 9000, endpoints: ['local/a', 'local/b'] })
})

test('a group keeps its key while newer holds come', t => {
  const before = rowsOf([decision(2, 'hold'), decision(1, 'hold')])
  const after = rowsOf([decision(3, 'hold'), decision(2, 'hold'), decision(1, 'hold')])
  t.is(after[0]?.key, before[0]?.key)
})

const actions: Action[] = ['up', 'down', 'hold', 'raise', 'cut', 'probe']
const decisions = fc
  .uniqueArray(fc.nat(200))
  .chain(seqs =>
    fc
      .array(fc.constantFrom(...actions), { minLength: seqs.length, maxLength: seqs.length })
      .map(own => seqs.map((seq, i) => decision(seq, own[i] ?? 'hold'))),
  )

test('no decision is lost or shown twice', t => {
  fc.assert(
    fc.property(decisions, all => {
      const sorted = merge([], all, 1000)
      const shown = rowsOf(sorted).flatMap(row =>
        row.kind === 'one' ? [row.decision] : row.decisions,
      )
      t.deepEqual(shown, sorted)
    }),
  )
  t.pass()
})

test('what came is merged newest first, each once, and bounded', t => {
  fc.assert(
    fc.property(decisions, fc.nat(20), (all, most) => {
      const twice = merge(merge([], all, 1000), all, 1000)
      t.is(twice.length, all.length)
      const seqs = merge([], all, most).map(({ seq }) => seq)
      t.deepEqual(
        seqs,
        all
          .map(({ seq }) => seq)
          .toSorted((a, b) => b - a)
          .slice(0, most),
      )
    }),
  )
  t.pass()
})
