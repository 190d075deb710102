import test from 'ava'
import type { Summary } from '../../../core/model/decision.ts'
import type { Gain } from '../../../controller/decide/replicas-state.ts'
import { byThroughput } from '../../../controller/decide/rules/throughput.ts'
import { NOW, replicas, sight, summary } from './sight.ts'

/** Two replicas of a limit of 20 that answer 160 a second of 200; the rest is turned away. */
const busy = (seconds: number, changed: Partial<Summary> = {}): Summary =>
  summary(seconds, {
    offered: 200 * seconds,
    ok: 160 * seconds,
    rejected: 40 * seconds,
    inFlightMilli: 40_000,
    boundPermille: 900,
    ...changed,
  })

const gain = (low: number, reference: Gain['reference'] = null): Gain => ({
  since: NOW,
  low,
  reference,
  stop: null,
  stops: 0,
})

const onset = { since: NOW - 30_000, offeredMilli: 200_000 }

interface Around {
  low?: number
  reference?: Gain['reference']
  overload?: typeof onset | null
}

function need(changed: Partial<Summary>, around: Around = {}): number | undefined {
  const { low = 2, reference = null, overload = onset } = around
  const windows = {
    '3': busy(3, changed),
    '20': busy(20),
    '30': busy(30),
    '300': busy(300),
  }
  return byThroughput(
    sight({
      inputs: { replicas: replicas(2), windows },
      limit: { limit: 20 },
      state: { overload, gain: gain(low, reference) },
    }),
  )?.needMilli
}

test('busy replicas show what one can do: the others of the arrivals need more of them', t => {
  // 480 answers in 3 s, and three of their roots: 181.9 a second of two, so 200 fill 2.2 of them; and headroom.
  t.is(need({}), 2863)
  t.is(
    need({ offered: 1200, rejected: 720 }, { overload: { ...onset, offeredMilli: 400_000 } }),
    5336,
  )
})

test('it says nothing where nobody is turned away, where there is room, or where chance explains it', t => {
  t.is(need({ rejected: 0, offered: 480 }), undefined)
  t.is(need({}, { overload: null }), undefined)
  t.is(need({ offered: 540, rejected: 60 }), undefined)
  t.is(need({ ok: 5 }), 3064, 'the last 20 s tell as well')
})

test('retries ask for no more than the arrivals of the beginning', t => {
  const retried = need({ offered: 3000, rejected: 2520 })
  t.true(retried !== undefined && retried < 4500, String(retried))
})

test('one that has just come is not counted before it has been looked at for long', t => {
  t.true((need({}, { low: 1 }) ?? Infinity) < 2000)
})

test('each answers less since there are more: what they share is full, and more of them would change nothing', t => {
  // One alone answered 140 a second.
  t.is(need({}, { reference: { ready: 1, ok: 2800 } }), undefined)
  t.is(need({}, { reference: { ready: 1, ok: 1600 } }), need({}))
})
