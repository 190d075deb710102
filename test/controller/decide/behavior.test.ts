import test from 'ava'
import type { ScalingRules } from '../../../core/model/behavior.ts'
import { downPolicy, upPolicy, window } from '../../../controller/decide/bounds/behavior.ts'
import type { ReplicasState } from '../../../controller/decide/replicas-state.ts'
import { horizontal } from '../../../controller/decide/horizontal.ts'
import { needOf } from '../../../controller/decide/rules/demand.ts'
import { replicas, sight, windows, NOW } from './sight.ts'

const up = (rules: ScalingRules, wanted: number, state: Partial<ReplicasState> = {}): number => {
  const settings = { behavior: { scaleUp: rules } }
  const seen = sight({ inputs: { replicas: replicas(10) }, settings, state })
  return upPolicy(wanted * 1000, seen).milli / 1000
}
const down = (rules: ScalingRules, wanted: number, state: Partial<ReplicasState> = {}): number => {
  const settings = { behavior: { scaleDown: rules } }
  const seen = sight({ inputs: { replicas: replicas(10) }, settings, state })
  return downPolicy(wanted * 1000, seen).milli / 1000
}
const pods = (value: number, periodSeconds = 60) => ({
  type: 'Pods' as const,
  value,
  periodSeconds,
})
const percent = (value: number, periodSeconds = 60) => ({
  type: 'Percent' as const,
  value,
  periodSeconds,
})

test('a policy of pods or percent bounds what a period adds', t => {
  t.is(up({ policies: [pods(3)] }, 50), 13)
  t.is(up({ policies: [percent(25)] }, 50), 13)
  t.is(up({ policies: [percent(100)] }, 15), 15)
})

test('what the period added already counts', t => {
  t.is(up({ policies: [pods(3)] }, 50, { added: [[NOW - 59_000, 2]] }), 11)
  t.is(up({ policies: [pods(3)] }, 50, { added: [[NOW - 61_000, 2]] }), 13)
  t.is(up({ policies: [pods(3)] }, 50, { added: [[NOW - 1000, 9]] }), 10)
  t.is(up({ policies: [pods(3)] }, 50, { removed: [[NOW - 1000, 2]] }), 15)
})

test('Max takes the policy that changes most, Min the least, Disabled none', t => {
  const policies = [pods(3), percent(100)]
  t.is(up({ policies }, 50), 20)
  t.is(up({ policies, selectPolicy: 'Min' }, 50), 13)
  t.is(up({ policies, selectPolicy: 'Disabled' }, 50), 10)
  t.is(down({ policies: [pods(3), percent(50)] }, 1), 5)
  t.is(down({ policies: [pods(3), percent(50)], selectPolicy: 'Min' }, 1), 7)
  t.is(down({ selectPolicy: 'Disabled' }, 1), 10)
})

test('without policies a direction that is given has those of Kubernetes', t => {
  t.is(up({}, 50), 20)
  t.is(up({}, 50, { added: [[NOW - 14_000, 8]] }), 10)
  t.is(down({}, 1), 1)
})

test('a percentage down is rounded towards fewer, as Kubernetes has it', t => {
  t.is(down({ policies: [percent(15)] }, 1), 8)
  t.is(down({ policies: [pods(4)] }, 1, { removed: [[NOW - 1000, 3]] }), 9)
  t.is(down({ policies: [pods(4)] }, 1, { removed: [[NOW - 1000, 9]] }), 10)
})

test('a direction that is left out is not bounded', t => {
  const settings = { behavior: { scaleDown: { selectPolicy: 'Disabled' as const } } }
  t.is(upPolicy(90_000, sight({ settings })).milli, 90_000)
})

test('scaleUp.stabilizationWindowSeconds takes the lowest need of the window', t => {
  const settings = { behavior: { scaleUp: { stabilizationWindowSeconds: 60 } } }
  const held = window(9000, sight({ settings, state: { lows: [[NOW - 30_000, 6000]] } }))
  t.is(held.milli, 6000)
  t.is(held.reason, 'scale-up-window')
  t.is(window(9000, sight({ settings, state: { lows: [[NOW - 61_000, 6000]] } })).milli, 9000)
  t.is(window(9000, sight({ settings, state: { lows: [[NOW - 30_000, 1000]] } })).milli, 4000)
})

test('scaleDown.stabilizationWindowSeconds stands in for scale-down-window', t => {
  const settings = { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } }
  t.is(window(1000, sight({ settings, state: { highs: [[NOW - 1000, 3000]] } })).milli, 1000)
})

test('the scale-up window remembers whole needs, what a backlog takes among them', t => {
  const settings = { behavior: { scaleUp: { stabilizationWindowSeconds: 60 } } }
  const waits = windows({ inFlightMilli: 16_000, heldMilli: 200_000 })
  const { state } = horizontal(sight({ inputs: { windows: waits }, settings }))
  const [, low] = state.lows.at(-1) ?? []
  t.is(low, needOf(18_000, sight({ settings })))
})
