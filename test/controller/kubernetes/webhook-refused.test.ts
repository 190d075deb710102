import { connect } from 'node:tls'
import { once } from 'node:events'
import test from 'ava'
import { namesOf, renewed } from '../../../controller/kubernetes/webhook/certificates.ts'
import { MOST_BYTES } from '../../../controller/kubernetes/webhook/body.ts'
import { WebhookFigures } from '../../../controller/kubernetes/webhook/figures.ts'
import { startWebhook } from '../../../controller/kubernetes/webhook/server.ts'

const now = Date.now()
const names = namesOf('outrigger-webhook', 'outrigger-system')
const { serving, bundle } = renewed(null, { names, now, published: null, tag: () => `${now}` })

/** A client that is refused by its head, and sends its body afterwards: what it was told, and then again. */
async function refused(length: number): Promise<{ first: string; again: string | null }> {
  const server = await startWebhook({
    host: '127.0.0.1',
    port: 0,
    serving,
    inject: () => ({}),
    scaled: () => ({}),
    failed: () => undefined,
    unready: () => null,
    figures: new WebhookFigures(),
    log: () => undefined,
    us: () => 0,
  })
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: bundle, servername: names[0] })
  socket.on('error', () => undefined)
  const ended = once(socket, 'close').then(() => null)
  const head = `POST /elsewhere HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`
  const said = async (text: string): Promise<string | null> => {
    socket.write(text)
    return Promise.race([once(socket, 'data').then(([data]) => String(data)), ended])
  }
  const first = (await said(head)) ?? 'nothing'
  const again = length > MOST_BYTES ? await ended : await said('x'.repeat(length) + head)
  socket.destroy()
  await server.close()
  return { first, again }
}

test('who is refused before its body was read may still send it, and ask again', async t => {
  const { first, again } = await refused(100_000)
  t.regex(first, /^HTTP\/1.1 404 /)
  t.regex(again ?? 'closed', /^HTTP\/1.1 404 /)
})

test('a body that is too large is not read: the connection ends with the refusal', async t => {
  const { first, again } = await refused(MOST_BYTES + 1)
  t.regex(first, /^HTTP\/1.1 404 /)
  t.is(again, null)
})
