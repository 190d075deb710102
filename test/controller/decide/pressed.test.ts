import test from 'ava'
import { isPressed, mayGrow } from '../../../controller/decide/pressed.ts'
import { freshReplicas } from '../../../controller/decide/replicas-state.ts'
import type { PlatformEndpoint } from '../../../core/model/tables.ts'
import { defaults, type Settings } from '../../../core/model/settings.ts'
import { NOW } from './sight.ts'

const counted = (waiting: number, rejected: Record<string, number> = {}) => ({
  offered: 100,
  inFlight: { integral: 20_000_000 },
  queued: { integral: waiting },
  rejected,
})

const none = { offered: 0, inFlight: { integral: 0 }, queued: { integral: 0 }, rejected: {} }

test('pressed: more than a tenth waits at edges, or is turned away; chance is neither', t => {
  const busy = counted(0)
  const waiting = (us: number) => ({ ...none, queued: { integral: us } })
  t.false(isPressed(waiting(2_000_000), busy))
  t.true(isPressed(waiting(2_000_001), busy))
  t.false(isPressed(none, counted(0, { full: 10 })))
  t.true(isPressed(none, counted(0, { full: 11 })))
  t.false(
    isPressed(none, counted(0, { 'no-slot': 90, upgrades: 90 })),
    'those wait at their edge, or want no slot',
  )
  t.false(isPressed(waiting(500_000), none))
  t.true(isPressed(waiting(500_001), none))
})

test('pressed: at sidecars some wait by chance, behind a plain Service', t => {
  t.false(isPressed(none, counted(20_000_000)))
  t.true(isPressed(none, counted(20_000_001)))
})

type Row = PlatformEndpoint['replicas'][number]
const starting = (since: number) => ({ state: 'starting', started: NOW - since }) as Row
const grows = (
  desired: number,
  more: {
    replicas?: Row[]
    settings?: Partial<Settings>
    stop?: number
    pin?: string
    able?: boolean
  } = {},
): boolean => {
  const stop = more.stop === undefined ? null : { most: 3, added: 1, until: NOW + more.stop }
  const gain = { since: 0, low: 0, reference: null, stop, stops: 1 }
  const pins =
    more.pin === undefined ? [] : [{ what: 'replicas', value: more.pin, who: null, until: null }]
  return mayGrow(
    { desired, replicas: more.replicas ?? [] } as unknown as PlatformEndpoint,
    { ...freshReplicas(), startUps: [10_000], gain },
    { ...defaults, 'max-replicas': 4, ...more.settings },
    { overrides: pins, now: NOW, able: more.able ?? true },
  )
}

test('more replicas may come while some start, or would be asked for', t => {
  t.true(grows(3))
  t.false(grows(4))
  t.true(grows(4, { replicas: [starting(30_000)] }))
  t.false(grows(4, { replicas: [starting(30_001)] }), 'stuck')
  t.false(grows(3, { settings: { freeze: 'replicas' } }))
  t.false(grows(3, { settings: { 'advise-only': true } }))
  t.false(grows(3, { pin: '3' }))
  t.false(grows(3, { stop: 1000 }), 'more of them were of no use')
  t.true(grows(3, { stop: 0 }))
  t.false(grows(3, { replicas: [starting(30_001)] }), 'another would be stuck as well')
  t.false(grows(3, { able: false }), 'nothing is seen, or may be done')
  t.false(grows(3, { settings: { behavior: { scaleUp: { selectPolicy: 'Disabled' } } } }))
})
