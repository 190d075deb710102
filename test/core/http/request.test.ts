import test from 'ava'
import { readAnswer, valueOf, type AnswerHead } from '../../../core/http/answer.ts'
import { HeadLines } from '../../../core/http/lines.ts'
import { readRequest, type RequestHead } from '../../../core/http/request.ts'
import { text } from './fuzz/ours.ts'

const BOUNDS = { headBytes: 300, headers: 3 }

function lines(head: string, bounds = { headBytes: 4096, headers: 100 }): HeadLines {
  const read = new HeadLines(bounds)
  read.begin(true)
  const scanned = read.push(Buffer.from(head, 'latin1'), 0)
  if (scanned !== 'done') throw new Error(typeof scanned === 'string' ? scanned : scanned.why)
  return read
}

function request(...more: string[]): RequestHead {
  const read = readRequest(
    lines(['POST /a?b HTTP/1.1', 'Host: a', ...more, '', ''].join('\r\n')),
    text,
  )
  if (read === 'compat' || 'status' in read) throw new Error(JSON.stringify(read))
  return read
}

function answer(first: string, ...more: string[]): AnswerHead {
  const read = readAnswer(lines([first, ...more, '', ''].join('\r\n')), text, false)
  if (!('kept' in read)) throw new Error(read.why)
  return read
}

test('method, target and path; lines to pass on as they came', t => {
  t.like(request('X-A:  1 ', 'Connection: keep-alive', 'x-a: 2', 'Content-Length: 3'), {
    method: 'POST',
    target: '/a?b',
    path: '/a',
    kept: 'Host: a\r\nX-A:  1 \r\nx-a: 2\r\n',
    body: { kind: 'length', bytes: 3 },
    close: false,
    grpc: false,
    own: null,
  })
})

test('what the sidecar itself needs of a head', t => {
  t.true(request('Connection: CLOSE').close)
  t.true(request('Connection: x, Close').close)
  t.true(request('Content-Type: application/grpc+proto').grpc)
  t.true(request('Expect: 100-Continue', 'Content-Length: 1').expectsContinue)
  t.false(request('Expect: 100-continue').expectsContinue)
  const traced = request('Traceparent: a', 'tracestate: b=1', 'TraceState: c=2')
  t.deepEqual(traced.context, { traceparent: 'a', tracestate: ['b=1', 'c=2'] })
  t.is(traced.kept, 'Host: a\r\n')
  t.deepEqual(request('Endpoint-Load-Metrics-Format: JSON').context, {
    'endpoint-load-metrics-format': 'JSON',
  })
})

test('headers of our own: said once, and with dashes', t => {
  const head = request(
    'X-Outrigger-Pass: p',
    'x_outrigger_slots: 1',
    'x-outrigger-deadline-ms: 5',
    'X-Outrigger-Deadline-Ms: 6',
    'x-outrigger-constructor: x',
  )
  t.is(head.own?.['pass'], 'p')
  t.is(head.own?.['deadline-ms'], '')
  t.is(head.own?.['slots'], undefined)
  t.is(head.kept, 'Host: a\r\n')
})

test('a head is bounded in bytes and lines, however it comes', t => {
  const many = `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(4)}\r\n`
  const long = `GET / HTTP/1.1\r\nA: ${'b'.repeat(400)}\r\n\r\n`
  const exact = `GET / HTTP/1.1\r\nA: ${'b'.repeat(BOUNDS.headBytes - 16 - 3 - 4)}\r\n\r\n`
  for (const size of [1, 7, 1000]) {
    for (const [head, expected] of [
      [many, 431],
      [long, 431],
      [exact, 'done'],
    ] as const) {
      const read = new HeadLines(BOUNDS)
      read.begin(true)
      let last: ReturnType<HeadLines['push']> = 'more'
      for (let at = 0; at < head.length && last === 'more'; at += size) {
        last = read.push(Buffer.from(head.slice(at, at + size)), 0)
      }
      t.is(typeof last === 'string' ? last : last.status, expected)
    }
  }
})

test('a byte is looked at once, though it comes alone', t => {
  const read = new HeadLines({ headBytes: 32_768, headers: 100 })
  read.begin(true)
  const head = `GET / HTTP/1.1\r\nA: ${'b'.repeat(30_000)}`
  const at: number[] = []
  for (let i = 0; i < head.length; i++) {
    t.is(read.push(Buffer.from(head.slice(i, i + 1)), 0), 'more')
    at.push(Reflect.get(read, 'at') as number)
  }
  t.deepEqual(
    at,
    Array.from(head, (_, i) => i + 1),
  )
})

test('a connection to the model is used again only where its answer ended cleanly', t => {
  t.true(answer('HTTP/1.1 200 OK', 'Content-Length: 0').reusable)
  t.true(answer('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked').reusable)
  t.true(answer('HTTP/1.1 304 OK', 'Content-Length: 5').reusable)
  t.false(answer('HTTP/1.1 200 OK').reusable)
  t.false(answer('HTTP/1.0 200 OK', 'Content-Length: 0').reusable)
  t.false(answer('HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: close').reusable)
  t.false(answer('HTTP/1.1 204 OK', 'Content-Length: 5').reusable)
  t.false(answer('HTTP/1.1 204 OK', 'Transfer-Encoding: chunked').reusable)
})

test('an answer: status, reason, length, and what is looked for in it', t => {
  const head = answer(
    'HTTP/1.1 404 Not  Found',
    'Content-Length: 7',
    'Date: x',
    'Content-Type: text/event-stream; charset=utf-8',
    'X-Outrigger-Slots: 9;9',
    'Connection: X-Hop, content-length',
    'X-Hop: 1',
  )
  t.like(head, {
    status: 404,
    reason: 'Not  Found',
    length: 7,
    dated: true,
    eventStream: true,
    kept: 'Date: x\r\nContent-Type: text/event-stream; charset=utf-8\r\n',
  })
  const read = lines('HTTP/1.1 200 OK\r\nA: 1\r\na:  2 \r\n\r\n')
  t.is(valueOf(read, text, 'a'), '2')
  t.is(valueOf(read, text, 'b'), null)
})
