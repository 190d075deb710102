import test from 'ava'
import { check, sentence } from '../../../core/model/schema.ts'
import { Random } from '../../../simulate/random.ts'
import { clientsOf, clientsSpec } from '../../../simulate/traffic/clients.ts'

const errors = (value: unknown): string[] => {
  const checked = check(clientsSpec, value)
  return checked.ok ? [] : checked.issues.map(sentence)
}

test('what may be said', t => {
  t.deepEqual(errors({}), [])
  const retries = { times: 3, after: '1s', backoff: 1.5, jitter: 0, onTimeout: false }
  t.deepEqual(errors({ timeout: '5s', retries }), [])
  t.deepEqual(errors({ timeout: '0s', retries: { times: 0, backoff: 0.5, sleep: 1 } }), [
    'timeout: expected a duration above 0 with its unit (ms, s, m, h), got "0s"',
    'retries.times: expected an integer from 1 to 100, got 0',
    'retries.after: expected a duration with its unit (ms, s, m, h), got nothing',
    'retries.backoff: expected a number from 1 to 10, got 0.5',
    'retries.sleep: expected a known key (times, after, backoff, jitter, onTimeout), got "sleep"',
  ])
})

test('of whom nothing is said: they wait for ever and never come again', t => {
  const clients = clientsOf(null, new Random(1))
  t.is(clients.timeoutUs, Infinity)
  t.is(clients.againUs(0, 'rejected'), null)
  t.is(clientsOf({ timeout: '250ms' }, new Random(1)).timeoutUs, 250_000)
})

test('waits double, and end after so many', t => {
  const clients = clientsOf({ retries: { times: 3, after: '100ms', jitter: 0 } }, new Random(1))
  const waits = [0, 1, 2, 3].map(tries => clients.againUs(tries, 'rejected'))
  t.deepEqual(waits, [100_000, 200_000, 400_000, null])
})

test('no wait is above an hour', t => {
  const retries = { times: 100, after: '1s', backoff: 10, jitter: 0 }
  t.is(clientsOf({ retries }, new Random(1)).againUs(99, 'rejected'), 3_600_000_000)
})

test('a time-out is retried unless told otherwise, a server error never', t => {
  const retries = { times: 1, after: '0s' }
  const clients = clientsOf({ retries }, new Random(1))
  t.is(clients.againUs(0, 'timeout'), 0)
  t.is(clients.againUs(0, 'failed'), null)
  const proud = clientsOf({ retries: { ...retries, onTimeout: false } }, new Random(1))
  t.is(proud.againUs(0, 'timeout'), null)
  t.is(proud.againUs(0, 'rejected'), 0)
})

test('jitter is half the wait either way, and by seed', t => {
  const spec = { retries: { times: 1, after: '1s' } }
  const waits = (seed: number): number[] => {
    const clients = clientsOf(spec, new Random(seed))
    return Array.from({ length: 2000 }, () => clients.againUs(0, 'rejected') ?? 0)
  }
  const all = waits(1)
  t.deepEqual(all, waits(1))
  t.true(Math.min(...all) >= 500_000 && Math.min(...all) < 510_000)
  t.true(Math.max(...all) <= 1_500_000 && Math.max(...all) > 1_490_000)
  const mean = all.reduce((a, b) => a + b, 0) / all.length
  t.true(Math.abs(mean - 1_000_000) < (4 * 288_675) / Math.sqrt(2000), `${mean}`)
})
