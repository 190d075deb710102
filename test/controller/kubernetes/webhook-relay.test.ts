import test from 'ava'
import { ScaledRelay, scaledRoute } from '../../../controller/kubernetes/webhook/relay.ts'
import { ScaleChanges } from '../../../controller/kubernetes/webhook/scaled.ts'
import { serve } from '../../../core/runtime/admin.ts'
import { call } from '../../../core/runtime/call.ts'
import { until } from '../../support/hand-time.ts'

const change = { endpoint: 'a/b', from: 1, to: 2, who: 'jane', at: 10 }

test('who scaled reaches the controller that decides, whichever was told', async t => {
  const [leader, standby] = [new ScaleChanges(), new ScaleChanges()]
  const routes = [scaledRoute(leader)]
  const admin = await serve({ host: '127.0.0.1', port: 0, routes, token: 'secret' })
  t.teardown(() => admin.close())
  const url = `http://${admin.address}`
  let leading = false
  const relay = (token: string | null) =>
    new ScaledRelay({ changes: standby, leading: () => leading, leader: url, token })
  const good = relay('secret')
  good.note(change)
  await until(() => leader.of('a/b').length === 1)
  t.deepEqual(leader.who('a/b', 2, 0), change)
  t.deepEqual(standby.who('a/b', 2, 0), change, 'it may be the next to decide')
  leading = true
  good.note({ ...change, at: 11 })
  t.is(standby.of('a/b').length, 2)
  leading = false
  const stranger = relay(null)
  stranger.note({ ...change, at: 12 })
  await until(() => stranger.lost === 1)
  t.is(leader.of('a/b').length, 1)
  t.is(good.lost, 0)
})

test('what is no change is refused with words; a leader that is away loses no more than the name', async t => {
  const changes = new ScaleChanges()
  const admin = await serve({ host: '127.0.0.1', port: 0, routes: [scaledRoute(changes)] })
  const url = `http://${admin.address}`
  const { status, json } = await call('POST', `${url}/v1/scaled`, { json: { ...change, to: -1 } })
  t.is(status, 400)
  t.deepEqual(json, { error: 'to: expected an integer from 0, got -1' })
  await admin.close()
  const options = { changes, leading: () => false, leader: url, token: null }
  const relay = new ScaledRelay(options)
  for (let i = 0; i < 30; i++) relay.note(change)
  await until(() => relay.lost === 30)
  t.is(changes.of('a/b').length, 8)
})
