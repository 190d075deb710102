import { readFileSync } from 'node:fs'
import { Agent, createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { engineScraper, fetchPage, pagesOf } from '../../../sidecar/signals/scrape.ts'
import type { EngineScraper, Page, ScraperOptions } from '../../../sidecar/signals/scrape.ts'

const vllm = readFileSync(new URL('../../fixtures/engines/vllm.txt', import.meta.url), 'utf8')
const triton = readFileSync(new URL('../../fixtures/engines/triton.txt', import.meta.url), 'utf8')
const place = { host: '127.0.0.1', appPort: 9999, url: null, ownLoopback: false }

/** A scraper over pages by port and path; what is not there refuses. */
function desk(pages: Record<string, string>, options: Partial<ScraperOptions> = {}) {
  const asked: string[] = []
  const said: string[] = []
  const fetch = ({ port, path }: Page) => {
    asked.push(`${port}${path}`)
    const page = pages[`${port}${path}`]
    return page === undefined ? Promise.reject(new Error('refused')) : Promise.resolve(page)
  }
  const scraper = engineScraper({
    ...place,
    say: sentence => said.push(sentence),
    fetch,
    ...options,
  })
  return { asked, said, scraper, pages }
}

async function seconds(scraper: EngineScraper, from: number, to: number, resting = false) {
  for (let second = from; second < to; second += 1) await scraper.tick(second * 1000, resting)
}

test("polls the app's own page each second once it is found", async t => {
  const { asked, said, scraper } = desk({ '9999/metrics': vllm })
  await seconds(scraper, 0, 5)
  t.deepEqual(asked, Array(5).fill('9999/metrics'))
  t.deepEqual([scraper.last(4500)?.reading.running, scraper.last(4500)?.ageMs], [25, 500])
  t.deepEqual(said, [])
})

test("finds an engine's usual port where loopback is the model's own, and nowhere else", async t => {
  const own = desk({ '8002/metrics': triton }, { ownLoopback: true })
  await seconds(own.scraper, 0, 3)
  t.is(own.scraper.last(2000)?.reading.kind, 'triton')
  t.deepEqual(own.asked.slice(-2), ['8002/metrics', '8002/metrics'])
  const shared = desk({ '8002/metrics': triton })
  await seconds(shared.scraper, 0, 3)
  t.is(shared.scraper.last(2000), null)
  t.deepEqual(new Set(shared.asked), new Set(['9999/metrics', '9999/prometheus/metrics']))
})

test('asks ever more seldom where there is nothing, and says so once', async t => {
  const { asked, said, scraper } = desk({}, { url: 'http://[::1]:7000/m?x=1' })
  await seconds(scraper, 0, 122)
  // At 0, 1, 3, 7, 15, 31 and then each 30 s.
  t.is(asked.length, 9)
  t.is(asked[0], '7000/m?x=1')
  t.deepEqual(said, ['No engine metrics at http://[::1]:7000/m?x=1.'])
})

test('while nobody uses the model a page is read each 10 s, and looked for ever more seldom', async t => {
  const found = desk({ '9999/metrics': vllm })
  await seconds(found.scraper, 0, 11, true)
  t.is(found.asked.length, 2)
  await seconds(found.scraper, 11, 13)
  t.is(found.asked.length, 4, 'at once when somebody does')
  const none = desk({}, { url: 'http://[::1]:7000/m' })
  await seconds(none.scraper, 0, 3700, true)
  // At 0, 60, 180, 420, 900, 1860 and 3660, and in the end each half hour.
  t.is(none.asked.length, 7)
  await seconds(none.scraper, 3700, 3701)
  t.is(none.asked.length, 8, 'at once when somebody does')
})

test('an unknown engine is said once, and found when it turns up', async t => {
  const { said, scraper, pages } = desk({ '9999/metrics': 'http_requests_total 3\n' })
  await seconds(scraper, 0, 40)
  t.is(said.length, 1)
  t.regex(said[0] ?? '', /^Unknown engine: .*127\.0\.0\.1:9999\/metrics/)
  t.is(scraper.last(40_000), null)
  pages['9999/metrics'] = vllm
  await seconds(scraper, 40, 80)
  t.is(scraper.last(79_000)?.reading.kind, 'vllm')
})

test('a page that fails for a moment is kept, one that stays away is looked for anew', async t => {
  const { said, scraper, pages } = desk({ '9999/metrics': vllm })
  await seconds(scraper, 0, 2)
  delete pages['9999/metrics']
  await seconds(scraper, 2, 4)
  t.is(scraper.last(4000)?.ageMs, 3000)
  t.deepEqual(said, [])
  await seconds(scraper, 4, 20)
  t.is(scraper.last(20_000), null)
  t.is(said.length, 1)
  pages['9999/prometheus/metrics'] = vllm
  await seconds(scraper, 20, 60)
  t.is(scraper.last(59_000)?.reading.kind, 'vllm')
})

test('one poll at a time', async t => {
  const late = Promise.withResolvers<string>()
  let asked = 0
  const fetch = () => {
    asked += 1
    return late.promise
  }
  const { scraper } = desk({}, { fetch, url: 'http://127.0.0.1/metrics' })
  const first = scraper.tick(0, false)
  await scraper.tick(5000, false)
  t.is(asked, 1)
  late.resolve(vllm)
  await first
  t.is(scraper.last(5000)?.reading.kind, 'vllm')
})

test('the pages tried, in order', t => {
  t.deepEqual(
    pagesOf({ ...place, ownLoopback: true }).map(({ port, path }) => `${port}${path}`),
    ['9999/metrics', '9999/prometheus/metrics', '8002/metrics', '9000/metrics', '8082/metrics'],
  )
  t.deepEqual(pagesOf({ ...place, url: 'http://127.0.0.1/x' }), [
    { host: '127.0.0.1', port: 80, path: '/x' },
  ])
})

async function serve(
  t: ExecutionContext,
  listener: RequestListener,
): Promise<{ page: Page; agent: Agent }> {
  const server = createServer(listener)
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  })
  return {
    page: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, path: '/metrics' },
    agent,
  }
}

test('over HTTP: a page, on one kept connection', async t => {
  const sockets = new Set()
  const { page, agent } = await serve(t, (request, response) => {
    sockets.add(request.socket)
    t.is(request.url, '/metrics')
    response.end(vllm)
  })
  t.is(await fetchPage(page, agent), vllm)
  t.is(await fetchPage(page, agent), vllm)
  t.is(sockets.size, 1)
})

test('over HTTP: what is too long, too slow, refused or no page rejects', async t => {
  const long = await serve(t, (_, response) => response.end('x'.repeat(2_000_000)))
  await t.throwsAsync(fetchPage(long.page, long.agent))
  const slow = await serve(t, (_, response) => response.write('x 1\n'))
  await t.throwsAsync(fetchPage(slow.page, slow.agent))
  const absent = await serve(t, (_, response) => response.writeHead(404).end('x 1\n'))
  await t.throwsAsync(fetchPage(absent.page, absent.agent), { message: 'answered 404' })
  const broken = await serve(t, (_, response) => {
    response.write('x 1\n')
    setImmediate(() => response.destroy())
  })
  await t.throwsAsync(fetchPage(broken.page, broken.agent))
})

test('over HTTP: a scraper reads a server', async t => {
  const { page } = await serve(t, (_, response) => response.end(vllm))
  const scraper = engineScraper({ ...place, appPort: page.port, say: () => t.fail() })
  await scraper.tick(0, false)
  t.is(scraper.last(0)?.reading.waiting, 3)
  scraper.close()
})
