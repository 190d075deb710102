import test from 'ava'
import { endpointNamed, placeOf, shortName } from '../../cli/place.ts'

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
