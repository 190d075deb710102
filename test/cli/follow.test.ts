import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import test from 'ava'
import { openCluster } from '../../cli/cluster.ts'
import { clusterWay } from '../../cli/cluster-way.ts'
import { recordsOf } from '../../cli/log-source.ts'
import { keepFollowing, linesOf, type Way } from '../../cli/way.ts'
import { CONTROLLER, fakeCluster } from './support/cluster.ts'

const repeat = (seq: number): object => ({
  seq,
  id: `id-${seq}`,
  time: 1,
  epoch: 1,
  prev: '',
  kind: 'repeat',
  body: { of: 1, nows: [] },
})

test.serial('a followed log goes on from where it was when the leader changes', async t => {
  let next = 1
  const { api, asked } = await fakeCluster(t, [
    {
      at: 'GET /v1/log',
      handle: ask => ({
        follow: write => {
          if (ask.query.get('files') === '1') write({ file: 'a.jsonl' })
          write(repeat(next++))
          write(repeat(next++))
          return () => undefined
        },
      }),
    },
  ])
  const way = await clusterWay(await openCluster(undefined), 'outrigger-system')
  const seen: number[] = []
  for await (const record of recordsOf({ way }, 5, true)) {
    seen.push(record.seq)
    // Each stream breaks off after its second record; the second time nobody leads for a moment.
    if (record.seq === 2) {
      const url = api.proxies.get(CONTROLLER) as string
      api.proxies.delete(CONTROLLER)
      setTimeout(() => api.proxies.set(CONTROLLER, url), 300)
    }
    if (record.seq % 2 === 0 && record.seq < 6) api.dropProxied()
    if (record.seq === 6) break
  }
  t.deepEqual(seen, [1, 2, 3, 4, 5, 6])
  t.deepEqual(
    asked.map(({ what }) => what),
    [0, 2, 4].map(since => `GET /v1/log?since=${since}&time=5&follow=1&files=1`),
  )
})

test.serial('a stream that is silent is opened again until it is stopped', async t => {
  let streams = 0
  await fakeCluster(t, [
    {
      at: 'GET /v1/endpoints',
      handle: () => ({
        follow: write => {
          streams++
          write({ streams })
          return () => undefined
        },
      }),
    },
  ])
  const way = await clusterWay(await openCluster('fake'), 'outrigger-system')
  const lost: string[] = []
  await new Promise<void>(resolve => {
    const following = keepFollowing({
      lines: signal => linesOf(way, '/v1/endpoints?follow=1', { silenceMs: 50, signal }),
      line: text => {
        if (text !== '{"streams":3}') return
        following.stop()
        void following.ended.then(resolve)
      },
      lost: why => void lost.push(why),
    })
  })
  const silent = 'The controller in outrigger-system of fake is silent'
  t.deepEqual(lost, [silent, silent])
})

test('one that is stopped before its stream opened ends, and closes it', async t => {
  const response = Object.assign(new Readable({ read: () => undefined }), { statusCode: 200 })
  let opened: (as: IncomingMessage) => void = () => undefined
  const way = {
    name: 'it',
    open: () => new Promise(resolve => (opened = resolve)),
  } as unknown as Way
  const following = keepFollowing({
    lines: signal => linesOf(way, '/x', { silenceMs: 600_000, signal }),
    line: () => undefined,
  })
  following.stop()
  opened(response as unknown as IncomingMessage)
  const late = new Promise(resolve => setTimeout(resolve, 500, 'late'))
  t.is(await Promise.race([following.ended, late]), undefined)
  t.true(response.destroyed)
  response.destroy()
})
