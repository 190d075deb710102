import test, { type ExecutionContext } from 'ava'
import { recorder } from '../sidecar/support.ts'
import { answers, modelOf, walkAnswer, walkRequests } from '../sidecar/walk.ts'
import { entry, fakeController, portOf, startTestEdge } from './bench.ts'
import type { FakeSidecar } from './fake-sidecar.ts'

/** docs/http.md, row by row, against a real edge: what a sidecar refuses, an edge refuses in the same words. */
async function edgeBefore(t: ExecutionContext, address: string): Promise<string> {
  const replica = { address, limit: 100 } as FakeSidecar
  const controller = await fakeController(t, [entry([replica])])
  return `127.0.0.1:${await portOf(await startTestEdge(t, controller.url))}`
}

test('requests: what is refused is answered once and ends there, all else is one request at the replica', async t => {
  const origin = await recorder(t)
  const edge = await edgeBefore(t, `127.0.0.1:${origin.address.split(':').at(-1)}`)
  await walkRequests(t, edge, origin, (got, urls, what) => {
    t.deepEqual(got, ['505'], what)
    t.false(urls.includes('/after'), what)
  })
})

test('answers: passed on with their status, or 502', async t => {
  for (const row of answers) {
    // Each its own: a replica that answers nonsense rests.
    const edge = await edgeBefore(t, await modelOf(t, 'POST', () => row))
    await walkAnswer(t, edge, 'POST', row)
  }
})
