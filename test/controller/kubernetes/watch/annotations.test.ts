import test from 'ava'
import {
  annotationsOf,
  readAnnotations,
  withRival,
} from '../../../../controller/kubernetes/watch/annotations.ts'
import { defaults } from '../../../../core/model/settings.ts'
import { deployment, T0 } from '../support/objects.ts'

const read = (of: Record<string, string>) => readAnnotations(of, T0)

test('settings come from both places, the Deployment wins; foreign annotations are not ours', t => {
  const both = deployment('a/b', {
    annotations: { 'outrigger.dev/max-replicas': '5', 'example.com/max-replicas': '9' },
    template: { 'outrigger.dev/max-replicas': '3', 'outrigger.dev/latency-objective': '500ms' },
  })
  const { settings, issues } = read(annotationsOf(both))
  t.deepEqual(issues, [])
  t.like(settings, { 'max-replicas': 5, 'latency-objective': 500 })
})

test('every error at once, with what was expected and what was got', t => {
  const { issues, bad, settings } = read({
    'max-replicas': 'many',
    'latency-objectiv': '1s',
    'override-replicas': '-1',
    'override-max-replicas': '3; until=tomorrow',
    mode: 'loopback',
    edge: 'yes',
    'load-balancer-metrics': 'envoy:9901',
  })
  t.true(bad)
  t.deepEqual(settings, defaults)
  t.deepEqual(issues.map(({ path }) => path).toSorted(), [
    'outrigger.dev/edge',
    'outrigger.dev/latency-objectiv',
    'outrigger.dev/load-balancer-metrics',
    'outrigger.dev/max-replicas',
    'outrigger.dev/override-max-replicas',
    'outrigger.dev/override-replicas',
  ])
  const slip = issues.find(({ path }) => path.endsWith('objectiv'))
  t.is(slip?.expected, 'a known annotation, did you mean latency-objective?')
  t.like(
    issues.find(({ path }) => path.endsWith('override-replicas')),
    { expected: 'an integer from 0 to 10000', got: '"-1"' },
  )
})

test('what nobody knows is told ten times at most, however much of it there is', t => {
  const many = (prefix: string): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`${prefix}${'x'.repeat(50)}${i}`, '1']),
    )
  t.is(read(many('')).issues.length, 10)
  t.is(read(many('override-')).issues.length, 10)
})

test('until and who are read once each: what is left over is no good value', t => {
  const text = `4${'; who=ann'.repeat(25_000)}`
  const { overrides, issues } = read({ 'override-replicas': text })
  t.deepEqual(overrides, [])
  t.is(issues.length, 1)
})

test('an annotation that is not known does not undo the settings that are', t => {
  const { settings, bad } = read({ 'max-replicas': '5', 'max-replica': '6' })
  t.false(bad)
  t.is(settings['max-replicas'], 5)
})

test('overrides: stored values, who, until when; one whose time is over is none', t => {
  const { overrides, issues } = read({
    'override-replicas': '4; until=2026-03-01T13:00:00Z; who=ann',
    'override-freeze': 'limit',
    'override-max-replicas': '7; until=2026-03-01T11:00:00Z',
    'override-behavior': '{"scaleDown": {"stabilizationWindowSeconds": 5}}; who=bob',
  })
  t.deepEqual(issues, [])
  t.like(overrides[0], { what: 'replicas', value: '4', who: 'ann', until: T0 + 3_600_000 })
  t.like(overrides[1], { what: 'freeze', value: '"limit"', who: null, until: null })
  t.is(overrides[2]?.what, 'behavior')
  t.is(overrides.length, 3)
})

test('who else scales freezes the replicas, and thaws nothing', t => {
  const rival = { kind: 'HorizontalPodAutoscaler', name: 'a/b' } as const
  const frozen = (of: Record<string, string>): (string | undefined)[] => {
    const { overrides, settings } = read(of)
    const last = withRival(overrides, settings, rival).findLast(({ what }) => what === 'freeze')
    return [last?.value, last?.who ?? undefined]
  }
  const who = 'HorizontalPodAutoscaler a/b'
  t.deepEqual(frozen({}), ['"replicas"', who])
  t.deepEqual(frozen({ freeze: 'limit' }), ['"all"', who])
  t.deepEqual(frozen({ freeze: 'limit', 'override-freeze': 'none' }), ['"replicas"', who])
  t.deepEqual(frozen({ 'override-freeze': 'all; who=ann' }), ['"all"', who])
  t.deepEqual(withRival([], defaults, null), [])
})
