import test from 'ava'
import { cases } from './chain/cases.ts'
import { otherwise, pass } from './chain/chain.ts'
import { node } from './chain/origins.ts'
import { sentOn } from './chain/plain.ts'

/**
 * Hostile streams through a real sidecar to a model that reads by llhttp: it sees the requests that the strict
 * front took whole, each once, and none that somebody hid in another. test/system asks nginx and HAProxy, too.
 */
test('each stream is the same requests at the model as at the front', async t => {
  const { differences, streams, taken, sent, understood } = await pass(
    t,
    cases(300, 1),
    await node(t),
  )
  t.deepEqual(differences, [])
  t.true(streams > 900 && taken > 400, `${streams} ${taken}`)
  t.is(understood, sent, 'a model that refuses everything differs in nothing')
})

test('caught: one request more, another target, another body, one read where half was sent', t => {
  const sent = sentOn('POST /a HTTP/1.1\r\nHost: a\r\ncontent-length: 2\r\n\r\nhi')
  const [meant] = sent
  if (meant === undefined) return t.fail()
  const { method, target, body } = meant
  const read = { method, target, body }
  t.deepEqual(otherwise(sent, [read]), [])
  t.deepEqual(otherwise(sent, []), [])
  t.deepEqual(otherwise(sent, [{ ...read, body: null }]), [])
  for (const seen of [
    [read, read],
    [{ ...read, body: null }, read],
    [{ ...read, target: '/b' }],
    [{ ...read, method: 'GET' }],
    [{ ...read, body: 'h' }],
  ]) {
    t.is(otherwise(sent, seen).length, 1)
  }
  const half = sentOn('POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n')
  t.is(otherwise(half, [read]).length, 1)
})

test('caught: bytes that are written twice framed, or not framed as we frame', t => {
  const head = 'POST /a HTTP/1.1\r\ncontent-length: 2\r\n'
  t.throws(() => sentOn(`${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`))
  t.throws(() => sentOn(`${head}\r\nhi there`.repeat(2)))
  t.throws(() => sentOn('POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2;x\r\nhi\r\n'))
})
