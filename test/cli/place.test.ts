import test from 'ava'
import { endpointNamed, endpointPath, placeOf, shortName, timeOf } from '../../cli/place.ts'

test('what is said names the place', t => {
  t.deepEqual(placeOf({ url: 'http://x:1//' }), {
    kind: 'url',
    url: 'http://x:1',
    state: '.outrigger',
  })
  t.deepEqual(placeOf({ state: 's' }), { kind: 'state', dir: 's' })
  const cluster = { kind: 'cluster', context: undefined, release: 'outrigger-system' } as const
  t.deepEqual(placeOf({ cluster: true }), cluster)
  t.deepEqual(placeOf({ namespace: 'ml' }), { ...cluster, release: 'ml' })
  t.deepEqual(placeOf({ context: 'c' }), { ...cluster, context: 'c' })
  t.throws(() => placeOf({ state: 's', cluster: true }), {
    message: /leave out what names a cluster/,
  })
})

test('a name without a namespace is of where one is', t => {
  t.is(endpointNamed('a', 'ml'), 'ml/a')
  t.is(endpointNamed('b/a', 'ml'), 'b/a')
  t.is(shortName('local/a'), 'a')
  t.is(shortName('ml/a'), 'ml/a')
})

test('times are UTC wherever one sits, and what is no time is refused', t => {
  const now = Date.UTC(2026, 0, 31, 12)
  const at = Date.UTC(2026, 0, 31, 3, 12)
  for (const text of [
    '2026-01-31T03:12',
    '2026-01-31 03:12',
    '2026-01-31 03:12:00Z',
    '03:12',
    '3:12Z',
  ])
    t.is(timeOf(text, now), at, text)
  t.is(timeOf('2026-01-31T03:12:00.250+01:00', now), at - 3_600_000 + 250)
  t.is(timeOf('2026-01-31', now), Date.UTC(2026, 0, 31))
  t.is(timeOf('10m', now), now - 600_000)
  for (const text of ['5', 'yesterday 3', '10 m', '31 Jan 2026 03:12', '25:00', '2026-13-01', ''])
    t.throws(() => timeOf(text, now), { message: /is no time/ }, text)
})

test('whatever is typed as an endpoint stays one in a path', t => {
  t.is(endpointPath('ml/digits'), 'ml/digits')
  t.is(endpointPath('ml/a b?x=1#y'), 'ml/a%20b%3Fx%3D1%23y')
  for (const name of ['../activate/x', 'ml/', './x'])
    t.throws(() => endpointPath(name), { message: /is no endpoint/ }, name)
})
