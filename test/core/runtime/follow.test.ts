import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { follow, lines } from '../../../core/runtime/follow.ts'

test('lines come out whole however the bytes were cut', t => {
  const text = fc.array(
    fc.string({ unit: 'grapheme' }).map(s => s.replaceAll('\n', ' ')),
    { maxLength: 10 },
  )
  fc.assert(
    fc.property(text, fc.array(fc.nat(50)), (wanted, cuts) => {
      const got: string[] = []
      const take = lines(10_000, line => got.push(line))
      let bytes = Buffer.from(wanted.map(line => `${line}\n`).join(''))
      for (const cut of cuts) {
        take(bytes.subarray(0, cut))
        bytes = bytes.subarray(cut)
      }
      take(bytes)
      t.deepEqual(
        got,
        wanted.filter(line => line !== ''),
      )
    }),
  )
})

test('a line that is too long is refused, ended or not', t => {
  t.throws(() => lines(5, () => {})(Buffer.from('123456\n')), { message: /a line of 6 bytes/ })
  t.throws(() => lines(5, () => {})(Buffer.from('123456')), { message: /more than 5 bytes/ })
  t.notThrows(() => lines(5, () => {})(Buffer.from('12345\n12345')))
})

/** A peer that answers its nth connection with the nth of `answers`. */
async function peer(
  answers: ((response: ServerResponse) => void)[],
): Promise<{ url: string; asked: string[]; close(): void }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const answer = answers[Math.min(asked.length, answers.length) - 1]
    answer?.(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

test('reconnects after an end, an error, a refusal and nonsense, and resumes from where it was', async t => {
  const { url, asked, close } = await peer([
    response => response.end('{"n":1}\n'),
    response => response.writeHead(503).end(),
    response => void response.destroy(),
    response => response.write('{"n":2}\nnonsense\n'),
    response => response.write('{"n":3}\n'),
  ])
  const lost: string[] = []
  const got: number[] = []
  await new Promise<void>(resolve => {
    const following = follow({
      url: () => `${url}/?since=${got.at(-1) ?? 0}`,
      line: value => {
        got.push((value as { n: number }).n)
        if (got.length < 3) return
        following.stop()
        resolve()
      },
      lost: why => lost.push(why),
      firstDelayMs: 1,
      jitter: () => 1,
    })
  })
  close()
  t.deepEqual(got, [1, 2, 3])
  t.deepEqual(asked, ['/?since=0', '/?since=1', '/?since=1', '/?since=1', '/?since=2'])
  t.is(lost.length, 4)
  t.is(lost[0], 'ended')
  t.is(lost[1], 'answered 503')
  t.regex(lost[3] ?? '', /^sent nonsense/)
})

test('a silent peer is taken for dead', async t => {
  const { url, close } = await peer([response => response.flushHeaders()])
  const why = await new Promise<string>(resolve => {
    const following = follow({
      url: () => url,
      line: () => {},
      lost: reason => {
        following.stop()
        resolve(reason)
      },
      silenceMs: 20,
    })
  })
  close()
  t.is(why, 'silent for 20 ms')
})

test('a peer may be silent for as long as its last line said', async t => {
  let send = (_line: string): void => {}
  const { url, close } = await peer([
    response => {
      send = line => void response.write(line)
      response.flushHeaders()
      send('{"rest":60000}\n')
      setTimeout(() => send('{"rest":5}\n'), 400)
    },
  ])
  let rest = 0
  const lines: number[] = []
  const why = await new Promise<string>(resolve => {
    const following = follow({
      url: () => url,
      line: value => {
        rest = (value as { rest: number }).rest
        lines.push(rest)
      },
      lost: reason => {
        following.stop()
        resolve(reason)
      },
      silenceMs: 250,
      restMs: () => rest,
    })
  })
  close()
  t.deepEqual(lines, [60_000, 5])
  t.is(why, 'silent for 255 ms')
})

test('a peer that is not there is tried again until stopped', async t => {
  const { url, close } = await peer([])
  close()
  let tries = 0
  await new Promise<void>(resolve => {
    const following = follow({
      url: () => url,
      line: () => {},
      lost: () => {
        if (++tries < 3) return
        following.stop()
        resolve()
      },
      firstDelayMs: 1,
    })
  })
  t.is(tries, 3)
})
