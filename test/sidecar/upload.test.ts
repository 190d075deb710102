import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import test from 'ava'
import { recorder, samplesUntil, sidecar, whole } from './support.ts'

test('a body that trickles in is the time of the client, not of the model', async t => {
  const origin = await recorder(t, (_request, response) => {
    setTimeout(() => response.end('ok'), 100)
  })
  const { traffic, admin } = await sidecar(t, origin.address)
  const [host, port] = traffic.split(':')
  const asked = request({ host, port, method: 'POST', agent: false })
  const came = once(asked, 'response')
  for (let i = 0; i < 10; i++) {
    asked.write('part')
    await after(60)
  }
  asked.end()
  const [response] = (await came) as [IncomingMessage]
  t.is((await whole(response)).toString(), 'ok')
  t.is(origin.requests[0]?.body, 'part'.repeat(10))
  const samples = await samplesUntil(admin, all => all.some(one => one.service.count > 0))
  const sumUs = samples.reduce((sum, one) => sum + one.service.sum, 0)
  t.true(sumUs >= 90_000, `the model's own time counts: ${sumUs} us`)
  t.true(sumUs < 500_000, `the upload took 600 ms, the model 100: ${sumUs} us`)
})
