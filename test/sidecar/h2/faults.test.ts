import type { ClientHttp2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import test from 'ava'
import { Random } from '../../../simulate/random.ts'
import { samplesUntil, sidecar } from '../support.ts'
import { GRPC, h2Ask, h2Client, h2Model, until, type Said } from './support.ts'

const random = new Random(20_261_128)
const below = (n: number): number => random.below(n)
const later = (then: () => void): void => void setTimeout(then, below(20))

/** Answers, or does what models do when all is not well. */
function behave(stream: ServerHttp2Stream, { ':path': path = '' }: IncomingHttpHeaders): void {
  const answer = { ':status': 200, 'content-type': 'application/grpc' }
  const whole = (): void => {
    if (stream.closed || stream.destroyed) return
    stream.respond(answer, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-path': path }))
    stream.end(Buffer.alloc(below(200_000), path))
  }
  const ways = [
    whole,
    whole,
    () => stream.on('data', () => undefined).on('end', whole),
    () => stream.respond({ ...answer, 'grpc-status': '13', 'x-path': path }, { endStream: true }),
    () => stream.close(below(12)),
    () => {
      stream.respond(answer, { waitForTrailers: true })
      stream.write('half', () => stream.close(2))
    },
    () => undefined,
    () => stream.session?.destroy(),
  ]
  later(() => {
    if (!stream.closed && !stream.destroyed) ways[below(ways.length)]?.()
  })
}

/** Asks, and perhaps does not wait for the end of it. */
function ask(session: ClientHttp2Session, path: string): Promise<Said> {
  const headers = { ...GRPC, ':path': path, 'grpc-timeout': `${1 + below(2000)}m` }
  if (below(3) > 0) return h2Ask(session, headers, Buffer.alloc(below(200_000)))
  const stream = session.request(headers)
  stream.on('error', () => undefined)
  stream.resume()
  stream.write(Buffer.alloc(below(200_000)))
  later(() => stream.close(below(2) * 8))
  return Promise.resolve({ status: 0, headers: {}, trailers: {}, body: '', code: 0 })
}

test('clients and models that leave, reset, die and stay silent: nothing is left, nothing is mixed up', async t => {
  const model = await h2Model(t, behave)
  const { traffic, admin } = await sidecar(t, model.address, {
    OUTRIGGER_FIRST_LIMIT: '6',
    OUTRIGGER_FIRST_QUEUE_MS: '100',
  })
  const asked: Promise<void>[] = []
  let good = 0
  for (let round = 0; round < 40; round++) {
    const session = h2Client(t, traffic)
    for (let i = 0; i < 10; i++) {
      const path = `/${round}-${i}`
      const check = ({ trailers, headers, body }: Said): void => {
        const from = trailers['x-path'] ?? headers['x-path']
        if (from === undefined) return
        good++
        t.is(from, path)
        t.true(body === '' || path.repeat(9).startsWith(body.slice(0, 9)))
      }
      asked.push(ask(session, path).then(check))
    }
    if (below(4) === 0) later(() => session.destroy())
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  await Promise.all(asked)
  t.true(good > 5, String(good))
  const samples = await samplesUntil(admin, all => {
    const last = all.at(-1)
    return last?.inFlight.end === 0 && last.queued.end === 0
  })
  const total = (of: (sample: (typeof samples)[number]) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0)
  const rejected = total(s => Object.values(s.rejected).reduce((sum, n) => sum + n, 0))
  const completed = total(s => s.completed.ok + s.completed.client + s.completed.server)
  t.is(
    total(s => s.offered),
    rejected + completed + total(s => s.abandoned),
  )
  await until(() => model.streams.every(({ stream }) => stream.destroyed))
})
