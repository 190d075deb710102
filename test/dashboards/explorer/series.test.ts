import test from 'ava'
import type { Point } from '../../../dashboards/explorer/model.ts'
import { backOff, jsonLines } from '../../../dashboards/explorer/lines.ts'
import {
  addPoints,
  capacityOf,
  columns,
  smooth,
  SPAN_MS,
} from '../../../dashboards/explorer/series.ts'

function point(second: number, own: Partial<Point> = {}): Point {
  const levels = { inFlight: 0, queued: 0, held: 0, ready: 2, desired: 2, limit: 8 }
  return { t: second * 1000, offered: 0, ok: 0, rejected: 0, p95Us: null, ...levels, ...own }
}
const times = (points: readonly Point[]): number[] => points.map(({ t }) => t / 1000)

test('points are added in order, each second once, for 15 minutes', t => {
  const known = [point(1), point(2)]
  t.deepEqual(times(addPoints(known, [point(4), point(3), point(2)])), [1, 2, 3, 4])
  t.deepEqual(times(addPoints(known, [])), [1, 2])
  const later = SPAN_MS / 1000 + 2
  t.deepEqual(times(addPoints([point(1), point(2), point(3)], [point(later)])), [3, later])
})

test('a pause is a gap in the lines', t => {
  const [at, values] = columns(
    [point(1, { ok: 5 }), point(2, { ok: 6 }), point(9, { ok: 7 })],
    [({ ok }) => ok],
  )
  t.deepEqual(at, [1, 2, 3, 9])
  t.deepEqual(values, [5, 6, null, 7])
})

test('slots are the limit of every ready replica together', t => {
  t.is(capacityOf(point(1, { ready: 3, limit: 12 })), 36)
})

test('a trailing mean sees only its seconds', t => {
  const points = [4, 8, 0, 0, 10].map((offered, i) => point(i, { offered }))
  t.deepEqual(
    smooth(points, 2, ({ offered }) => offered),
    [4, 6, 4, 0, 5],
  )
})

test('lines are cut wherever the chunks are cut', t => {
  const text = '{"a":1}\n{"a":"ü"}\n\n{"a":3}\n'
  for (let size = 1; size <= text.length; size++) {
    const seen: unknown[] = []
    const take = jsonLines(value => seen.push(value))
    for (let at = 0; at < text.length; at += size) take(text.slice(at, at + size))
    t.deepEqual(seen, [{ a: 1 }, { a: 'ü' }, { a: 3 }])
  }
})

test('a lost connection is tried again soon, then less often', t => {
  t.deepEqual([1, 2, 3, 4, 5, 20].map(backOff), [500, 1000, 2000, 4000, 5000, 5000])
})
