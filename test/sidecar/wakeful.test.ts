import test from 'ava'
import { readConfig } from '../../sidecar/config.ts'
import { admissionOf } from '../../sidecar/wakeful.ts'
import { environment, order } from './support.ts'

test('before anything of a replica at rest changes it is told', t => {
  const clock = { us: () => 0, now: () => 0 }
  const admission = admissionOf(readConfig(environment('127.0.0.1:1', '/nowhere')), clock)
  const seen: [number, number, number | undefined][] = []
  const refused = (): number => admission.second(0).counts.rejected.upgrades
  admission.before = () => {
    seen.push([admission.inFlight, refused(), admission.state.order?.n])
  }
  const since = (): unknown[] => seen.splice(0)
  const ticket = admission.arrive(0, { edge: false, patienceUs: null })
  t.is(ticket.state, 'in-flight')
  t.deepEqual(since(), [[0, 0, undefined]])
  admission.finish(ticket, 0, { kind: 'ok', serviceUs: 1 })
  t.deepEqual(since(), [], 'one is no rest')
  admission.refuseUpgrade()
  t.deepEqual(since(), [[0, 0, undefined]])
  t.is(refused(), 1)
  admission.take(order(3).order)
  t.deepEqual(since(), [[0, 0, undefined]])
  admission.close(0)
  t.deepEqual(since(), [[0, 0, 3]])
})
