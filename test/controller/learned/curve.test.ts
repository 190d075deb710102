import test from 'ava'
import { bucketOf } from '../../../core/model/histogram.ts'
import type { EndpointWindows } from '../../../core/model/windows.ts'
import { curveOf } from '../../../controller/learned/curve.ts'
import type { Tried } from '../../../controller/learned/notebook.ts'
import { playWith } from '../../support/backstage.ts'

/** The windows of a simulated model at the end of two minutes. */
function windowsOf(model: object, rate: number, limit = 16): EndpointWindows {
  let last: EndpointWindows | null = null
  const scenario = {
    plant: { model },
    traffic: { constant: { rate } },
    settings: { 'fixed-limit': limit, 'max-replicas': 1 },
    run: '120s',
  }
  playWith(scenario, { windows: answer => (last = answer ?? last) })
  if (last === null) throw new Error('no windows')
  return last
}

const cores = { kind: 'cores', cores: 2, work: { mean: '50ms', spread: 'exponential' } }
const batch = { kind: 'batch', most: 16, fixed: '60ms', each: '1ms' }

function tried(limit: number, x: number, more: Partial<Tried> = {}): Tried {
  const about = { tokens: false, bound: 0.9, answers: 400, seconds: 10, at: 1000 * limit }
  return { limit, n: 0.95 * limit, x, variance: 0.001, ...about, ...more }
}

test('by number in flight: two cores serve two at once, and a third adds nothing', t => {
  const { levels, batches, law, noLaw, now } = curveOf([], windowsOf(cores, 30), 'r1')
  t.false(batches)
  const at = (n: number): number => levels.find(level => level.n === n)?.x ?? 0
  t.true(at(1) > 17 && at(1) < 23, `${at(1)}`)
  t.true(at(2) > 35 && at(2) < 45 && at(4) > 34 && at(4) < 46, JSON.stringify(levels))
  t.is(noLaw, null)
  t.like(law, { from: 'levels', least: 1 })
  t.true(now !== null && now.n > 1 && now.x > 20)
})

test('where batches end within no time, by number in flight nothing is drawn', t => {
  // Sixteen clients that wait for each other: a batch of 16 each 100 ms, and all come again at once.
  const rows = Array.from({ length: 16 }, (_, i) => [i + 1, i === 15 ? 99_000_000 : 1000, 1000, 0])
  const service = {
    count: 16_000,
    sum: 16e8,
    squares: '160000000000000',
    histogram: [bucketOf(1e5), 16_000],
  }
  const windows = windowsOf(cores, 30)
  const span = windows.windows['300']
  if (span === undefined) throw new Error('no window')
  const replicas = { ...span.replicas, occupancy: rows, service }
  const batches = { ...windows, windows: { ...windows.windows, '300': { ...span, replicas } } }
  t.like(curveOf([], batches, 'r1'), { batches: true, levels: [], law: null, noLaw: 'few' })
  // What limits gave is right for it.
  const limits = [1, 2, 4, 8, 16].map(limit => tried(limit, (limit * 1000) / (60 + limit)))
  t.is(curveOf(limits, batches, 'r1').law?.from, 'tried')
})

test('a batcher under open traffic is drawn as what it gives', t => {
  const { batches, levels } = curveOf([], windowsOf(batch, 120), 'r1')
  t.false(batches)
  t.true(Math.max(...levels.map(({ x }) => x)) < 1.1 * (16_000 / 76), JSON.stringify(levels))
})

test('a law takes limits that were reached, and levels only where these hardly varied', t => {
  const windows = windowsOf(cores, 30)
  const good = [1, 2, 3, 4, 6, 8].map(limit => tried(limit, Math.min(20 * limit, 40)))
  t.is(curveOf(good, windows, 'r1').law?.from, 'tried')
  const alike = [10, 11, 12, 13].map(limit => tried(limit, 40))
  t.is(curveOf(alike, windows, 'r1').law?.from, 'levels')
  t.like(curveOf(alike, null, 'r1'), { law: null, noLaw: 'spread' })
  const unreached = good.map(each => ({ ...each, bound: 0.2 }))
  t.like(curveOf(unreached, null, 'r1'), { law: null, noLaw: 'few' })
})

test('while replicas are of two revisions, windows are of neither', t => {
  const windows = windowsOf(cores, 30)
  t.like(curveOf([], windows, 'r2'), { levels: [], now: null, law: null })
})

test('tokens and answers are never in one curve: the newest says which it is', t => {
  const answers = tried(2, 10)
  const tokens = tried(4, 900, { tokens: true })
  t.like(curveOf([answers, tokens], null, 'r1'), { unit: 'tokens', tried: [tokens] })
  t.like(curveOf([tokens, tried(8, 12)], null, 'r1'), { unit: 'answers' })
})
