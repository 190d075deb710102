import test from 'ava'
import { Lease, NotHeld } from '../../../../controller/kubernetes/api/lease.ts'
import type { LeaseObject } from '../../../../controller/kubernetes/api/lease-record.ts'
import { World, type Candidate } from './election.ts'

const path = '/apis/coordination.k8s.io/v1/namespaces/system/leases/leader'

function record(world: World): LeaseObject {
  return world.store.get(path) as unknown as LeaseObject
}

/** Until it is elected: gives how long that took. */
async function elected(world: World, candidate: Candidate, mostMs: number): Promise<number> {
  const began = world.now
  while (!candidate.elected && world.now < began + mostMs) await world.run(50)
  if (!candidate.elected) throw new Error(`expected an election within ${mostMs} ms`)
  return world.now - began
}

async function pair(): Promise<{ world: World; first: Candidate; second: Candidate }> {
  const world = new World(1)
  const first = world.add()
  await elected(world, first, 200)
  const second = world.add()
  await world.run(10_000)
  return { world, first, second }
}

test('the first one has it at once and keeps it; the record is as client-go writes it', async t => {
  const { world, first, second } = await pair()
  const { metadata, spec, kind, apiVersion } = record(world)
  t.deepEqual([kind, apiVersion, metadata.name], ['Lease', 'coordination.k8s.io/v1', 'leader'])
  const { acquireTime = '', renewTime = '', ...others } = spec ?? {}
  t.deepEqual(others, { holderIdentity: 'c1', leaseDurationSeconds: 15, leaseTransitions: 0 })
  t.regex(acquireTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  await world.run(60_000)
  t.true(first.believes())
  t.false(second.believes())
  t.is(record(world).spec?.acquireTime, acquireTime)
  t.not(record(world).spec?.renewTime, renewTime)
  t.is(second.lease.holder, 'c1')
})

test('a holder that is gone is followed after the lease duration', async t => {
  const { world, first, second } = await pair()
  world.kill(first)
  const ms = await elected(world, second, 30_000)
  t.true(ms > 11_000 && ms < 20_000, `after ${ms} ms`)
  t.is(record(world).spec?.leaseTransitions, 1)
})

test('one that is released is had after a retry, and its record says so', async t => {
  const { world, first, second } = await pair()
  const released = first.lease.release()
  t.false(first.believes(), 'from the first moment')
  await world.run(200)
  await released
  t.like(record(world).spec, { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 })
  t.true((await elected(world, second, 5000)) < 5000)
  t.is(record(world).spec?.leaseTransitions, 1)
  await world.run(60_000)
  t.false(first.believes())
  t.is(first.lost, null, 'that was no loss')
})

test('a holder that is cut off stops believing after the renew deadline, once', async t => {
  const { world, first, second } = await pair()
  world.weather = { ...world.weather, cutOff: one => one === first }
  const began = world.now
  while (first.believes()) await world.run(10)
  t.true(world.now - began > 7900 && world.now - began <= 10_050, `${world.now - began}`)
  t.is(first.lost, 'not renewed within 10000 ms')
  t.false(second.elected)
  await elected(world, second, 30_000)
  first.lost = null
  world.weather = { ...world.weather, cutOff: () => false }
  await world.run(60_000)
  t.is(first.lost, null)
  t.true(second.believes())
})

test('one that was frozen knows at its thaw, before anything else', async t => {
  const { world, first, second } = await pair()
  first.frozenUntil = world.now + 60_000
  await world.run(59_000)
  t.true(second.believes())
  // No timer of it and no answer to it has run: it is asked as its first act.
  t.is(first.lost, null)
  t.false(first.believes())
  await t.throwsAsync(first.lease.raiseEpoch(9), { instanceOf: NotHeld })
  await world.run(2000)
  t.truthy(first.lost)
  t.is(record(world).spec?.holderIdentity, 'c2')
})

test('an epoch is written by the holder only, and only upwards', async t => {
  const { world, first, second } = await pair()
  const raising = first.lease.raiseEpoch(5)
  await world.run(1000)
  await raising
  t.is(record(world).metadata.annotations?.['outrigger.dev/epoch'], '5')
  await world.run(6000)
  t.is(second.lease.epoch, 5)
  await t.throwsAsync(second.lease.raiseEpoch(6), { instanceOf: NotHeld })
  await t.throwsAsync(first.lease.raiseEpoch(4), {
    message: 'expected an epoch of at least 5, got 4',
  })
  world.kill(first)
  await elected(world, second, 30_000)
  t.is(second.lease.epoch, 5, 'it outlives its holder')
  await world.run(10_000)
  t.is(record(world).metadata.annotations?.['outrigger.dev/epoch'], '5')
})

test('a person who writes into the Lease disturbs nothing, unless the holder is changed', async t => {
  const { world, first } = await pair()
  const write = (note: string, holder: string): void => {
    const kept = record(world)
    const annotations = { ...kept.metadata.annotations, note }
    const spec = { ...kept.spec, holderIdentity: holder }
    world.store.put(path, { ...kept, metadata: { ...kept.metadata, annotations }, spec })
  }
  write('hello', 'c1')
  const raising = first.lease.raiseEpoch(3)
  await world.run(10_000)
  await raising
  t.true(first.believes())
  t.deepEqual(record(world).metadata.annotations, { note: 'hello', 'outrigger.dev/epoch': '3' })
  write('mine', 'somebody')
  await world.run(3000)
  t.is(first.lost, 'somebody holds it')
})

test('a Lease that was deleted is made anew by its holder; others wait as if it were there', async t => {
  const { world, first, second } = await pair()
  const raising = first.lease.raiseEpoch(3)
  await world.run(1000)
  await raising
  await world.run(6000)
  world.store.remove(path)
  await world.run(8000)
  t.true(first.believes())
  t.false(second.elected)
  t.is(record(world).metadata.annotations?.['outrigger.dev/epoch'], '3')
  await world.run(8000)
  world.kill(first)
  world.store.remove(path)
  t.true((await elected(world, second, 30_000)) > 9000)
  t.like(record(world).spec, { holderIdentity: 'c2', leaseTransitions: 1 })
  t.is(second.lease.epoch, 3)
})

test('times that could make two of them are refused', t => {
  const world = new World(1)
  const made = (times: object) => (): unknown =>
    new Lease({
      kube: world.kube(world.add()),
      namespace: 'system',
      name: 'x',
      identity: 'me',
      on: { elected: () => undefined, lost: () => undefined },
      log: () => undefined,
      times,
    })
  t.notThrows(made({}))
  t.throws(made({ renewDeadlineMs: 15_000 }), { message: /^expected whole seconds of lease/ })
  t.throws(made({ retryMs: 9000 }))
  t.throws(made({ leaseMs: 15_500 }))
})
