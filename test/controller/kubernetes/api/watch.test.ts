import test, { type ExecutionContext } from 'ava'
import type { ApiError, Kube } from '../../../../controller/kubernetes/api/client.ts'
import { Nonsense } from '../../../../controller/kubernetes/api/error.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'
import type { Kept } from '../../../support/fake-api-store.ts'

const pods = '/api/v1/namespaces/a/pods'

/** A watch whose events and end can be waited for. */
async function setUp(t: ExecutionContext): Promise<{
  api: FakeApiServer
  kube: Kube
  watch(query?: Record<string, string>): {
    stop(): void
    next(): Promise<string>
    ended: Promise<[string, Error | null]>
  }
}> {
  const api = await FakeApiServer.start()
  t.teardown(() => api.stop())
  const kube = api.kube()
  return {
    api,
    kube,
    watch(query = {}) {
      const events: string[] = []
      let wake = (): void => undefined
      let end: (value: [string, Error | null]) => void
      const ended = new Promise<[string, Error | null]>(resolve => (end = resolve))
      const { stop } = kube.watch(pods, query, {
        event(type, object) {
          const { metadata } = object as Kept
          events.push(`${type} ${metadata.name ?? metadata.resourceVersion}`)
          wake()
        },
        ended: (why, error) => end([why, error]),
      })
      return {
        stop,
        ended,
        async next() {
          while (events.length === 0) await new Promise<void>(resolve => (wake = resolve))
          return events.shift() as string
        },
      }
    },
  }
}

test('follows changes from a version, with selectors and bookmarks', async t => {
  const { api, watch } = await setUp(t)
  api.store.put(`${pods}/old`, { metadata: { labels: { app: 'x' } } })
  const resourceVersion = String(api.store.version)
  const { next, stop, ended } = watch({ resourceVersion, labelSelector: 'app=x' })
  api.store.put(`${pods}/one`, { metadata: { labels: { app: 'x' } } })
  api.store.put(`${pods}/other`, { metadata: { labels: { app: 'y' } } })
  api.store.put('/api/v1/namespaces/b/pods/far', { metadata: { labels: { app: 'x' } } })
  t.is(await next(), 'ADDED one')
  api.store.put(`${pods}/one`, { metadata: { labels: { app: 'z' } } })
  t.is(await next(), 'DELETED one', 'as seen through the selector')
  api.store.remove(`${pods}/old`)
  t.is(await next(), 'DELETED old')
  api.bookmark()
  t.is(await next(), `BOOKMARK ${api.store.version}`)
  t.is(api.requests[0]?.query.allowWatchBookmarks, 'true')
  stop()
  t.is(
    await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 20, 'silent'))]),
    'silent',
  )
})

test('an end says why: closed, cut, refused, too old, nonsense', async t => {
  const { api, watch } = await setUp(t)
  const begun = async (query: Record<string, string> = {}): Promise<ReturnType<typeof watch>> => {
    const one = watch(query)
    api.store.put(`${pods}/x`, { metadata: {}, n: Math.random() })
    await one.next()
    return one
  }
  const closed = await begun()
  api.endWatches('end')
  t.deepEqual(await closed.ended, ['ended by the server', null])
  const cut = await begun()
  api.endWatches('reset')
  t.truthy((await cut.ended)[1])

  api.fault = () => ({ status: 403, body: '{"kind":"Status","code":403,"reason":"Forbidden"}' })
  const [, forbidden] = await watch().ended
  t.is((forbidden as ApiError).reason, 'Forbidden')
  api.fault = () => null

  api.store.compact()
  const [, old] = await watch({ resourceVersion: '5' }).ended
  t.deepEqual([(old as ApiError).status, (old as ApiError).reason], [410, 'Expired'])

  for (const line of ['{"type":\n', '[]\n', '{"type":"ADDED"}\n', 'null\n']) {
    const one = await begun({ resourceVersion: String(api.store.version) })
    api.sayToWatches(line)
    t.true((await one.ended)[1] instanceof Nonsense, line)
  }
})
