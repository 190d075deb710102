import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { request } from 'node:http'
import test from 'ava'
import { openCluster } from '../../cli/cluster.ts'
import { clusterWay } from '../../cli/cluster-way.ts'
import { forwarder } from '../../cli/forward.ts'
import { fakeCluster } from './support/cluster.ts'

test('the page is shown with our rights, and only shown', async t => {
  const { asked } = await fakeCluster(t, [
    {
      at: 'GET /',
      handle: () => ({
        status: 200,
        body: '<html>',
        type: 'text/html',
        headers: { 'content-security-policy': "default-src 'none'", 'set-cookie': 'a=b' },
      }),
    },
    {
      at: 'GET /v1/endpoints',
      handle: () => ({
        follow: write => {
          write({ at: 1 })
          return () => undefined
        },
      }),
    },
    { at: 'GET /v1/replicas', handle: () => ({ status: 200, json: { secret: 1 } }) },
  ])
  const server = forwarder(await clusterWay(await openCluster(undefined), 'outrigger-system'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const page = await fetch(url)
  t.is(await page.text(), '<html>')
  t.is(page.headers.get('content-security-policy'), "default-src 'none'")
  t.is(page.headers.get('set-cookie'), null)
  const stream = await fetch(`${url}/v1/endpoints?follow=1`)
  for await (const chunk of stream.body ?? []) {
    t.is(Buffer.from(chunk).toString(), '{"at":1}\n')
    break
  }
  t.is((await fetch(`${url}/v1/replicas`)).status, 404)
  t.is((await fetch(`${url}/assets/../v1/replicas`)).status, 404)
  t.is((await fetch(`${url}/v1/overrides/a/b`, { method: 'PUT' })).status, 405)
  const elsewhere = request({ port, host: '127.0.0.1', headers: { host: 'evil.example' } }).end()
  const [answer] = (await once(elsewhere, 'response')) as [{ statusCode: number }]
  t.is(answer.statusCode, 403)
  t.deepEqual(
    asked.map(({ what }) => what),
    ['GET /?', 'GET /v1/endpoints?follow=1'],
  )
})
