import test from 'ava'
import fc from 'fast-check'
import { hashOf, readRoute } from '../../../dashboards/explorer/route.ts'

test('an address says which endpoint and which decision', t => {
  t.deepEqual(readRoute(''), { endpoint: null, decision: null })
  t.deepEqual(readRoute('#/decision/42'), { endpoint: null, decision: '42' })
  t.deepEqual(readRoute('#/endpoint/local/agent'), { endpoint: 'local/agent', decision: null })
  t.deepEqual(readRoute('#/endpoint/local/agent/decision/a-b'), {
    endpoint: 'local/agent',
    decision: 'a-b',
  })
})

test('nonsense is the overview, never an error', t => {
  for (const hash of ['#', '#/endpoint', '#/endpoint/', '#/endpoint//', '#/else/where', '#/%']) {
    t.deepEqual(readRoute(hash), { endpoint: null, decision: null }, hash)
  }
  fc.assert(fc.property(fc.string(), text => readRoute(`#${text}`) !== null))
})

test('an address is read as it was written', t => {
  const part = fc.stringMatching(/^[a-z0-9 %/?#.-]{1,20}$/).filter(text => !text.includes('/'))
  const endpoint = fc.tuple(part, part).map(([space, name]) => `${space}/${name}`)
  const decision = fc.option(fc.uuid())
  fc.assert(
    fc.property(fc.option(endpoint), decision, (where, which) => {
      const route = { endpoint: where, decision: which }
      t.deepEqual(readRoute(hashOf(route)), route)
    }),
  )
  t.pass()
})
