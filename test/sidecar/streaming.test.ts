import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import test from 'ava'
import { listen, samplesUntil, sidecar } from './support.ts'

/** Waits until a count has stood still for 600 ms: the whole way is full. */
async function stands(count: () => number): Promise<void> {
  for (let before = -1, still = 0; still < 3;) {
    await new Promise(resolve => setTimeout(resolve, 200))
    still = count() === before ? still + 1 : 0
    before = count()
  }
}

test.serial('events pass one by one, as they come, and are counted as tokens', async t => {
  const next: (() => void)[] = []
  const { address } = await listen(t, (message, response) => {
    if (message.url?.endsWith('metrics') === true) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    let n = 0
    next.push(() => (n === 3 ? response.end() : response.write(`data: ${n++}\n\n`)))
  })
  const { traffic, admin } = await sidecar(t, address)
  const asked = request(`http://${traffic}/`, { agent: false })
  asked.end()
  // The head comes before any event does.
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const [more] = next
  for (let i = 0; i < 3; i++) {
    more?.()
    const [chunk] = (await once(response, 'data')) as [Buffer]
    t.is(chunk.toString(), `data: ${i}\n\n`)
  }
  more?.()
  await once(response, 'end')
  const samples = await samplesUntil(admin, all => all.some(s => s.completed.ok === 1))
  t.is(
    samples.reduce((n, s) => n + (s.tokens?.out ?? 0), 0),
    3,
  )
})

test.serial('a slow reader slows the model down, and its time is not service time', async t => {
  const CHUNK = Buffer.alloc(64 * 1024, 'x')
  const CHUNKS = 800
  let written = 0
  const { address } = await listen(t, (message, response) => {
    if (message.url?.endsWith('metrics') === true) return void response.writeHead(404).end()
    const fill = (): void => {
      while (written < CHUNKS) {
        written++
        if (!response.write(CHUNK)) return void response.once('drain', fill)
      }
      response.end()
    }
    fill()
  })
  const { traffic, admin } = await sidecar(t, address)
  const asked = request(`http://${traffic}/`, { agent: false })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  await stands(() => written)
  // 50 MB in all; what the way holds is a few socket buffers.
  t.true(written * CHUNK.length < 30_000_000, `${written} chunks`)
  let bytes = 0
  response.on('data', (chunk: Buffer) => (bytes += chunk.length))
  await once(response, 'end')
  t.is(bytes, CHUNKS * CHUNK.length)
  const samples = await samplesUntil(admin, all => all.some(s => s.completed.ok === 1))
  const service = samples.reduce((us, s) => us + s.service.sum, 0)
  const inFlight = samples.reduce((us, s) => us + s.inFlight.integral, 0)
  t.true(service < inFlight - 300_000, `${service} of ${inFlight} us`)
})

test.serial('20 MB go up without being held, byte for byte', async t => {
  const { promise: hold, resolve: release } = Promise.withResolvers<void>()
  const { address } = await listen(t, (message, response) => {
    if (message.method !== 'POST') return void response.writeHead(404).end()
    const hash = createHash('sha256')
    void hold.then(() => {
      message.on('data', (chunk: Buffer) => hash.update(chunk))
      message.on('end', () => response.end(hash.digest('hex')))
    })
  })
  const { traffic } = await sidecar(t, address)
  const CHUNK = Buffer.alloc(64 * 1024)
  let made = 0
  const hash = createHash('sha256')
  const source = new Readable({
    read() {
      if (made++ === 320) return void this.push(null)
      CHUNK.fill(made)
      hash.update(CHUNK)
      this.push(Buffer.from(CHUNK))
    },
  })
  const asked = request(`http://${traffic}/`, { method: 'POST', agent: false })
  const sent = pipeline(source, asked)
  // The model does not read: soon the client may not send either.
  await stands(() => made)
  t.true(made < 200, `${made} of 320 chunks went before the model read any`)
  release()
  const [[response]] = (await Promise.all([once(asked, 'response'), sent])) as [
    [IncomingMessage],
    unknown,
  ]
  const [body] = (await once(response, 'data')) as [Buffer]
  t.is(body.toString(), hash.digest('hex'))
})
