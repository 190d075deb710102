import test from 'ava'
import type { Asker } from '../../core/carry/asker.ts'
import type { Dial } from '../../core/carry/link.ts'
import { Pool } from '../../core/carry/pool.ts'
import { Upload } from '../../core/carry/upload.ts'
import type { RequestHead } from '../../core/http/request.ts'
import { Attempt } from '../../edge/attempt.ts'
import { Words } from '../../edge/words.ts'
import { VirtualSocket } from '../sidecar/virtual/socket.ts'
import { VirtualTime } from '../sidecar/virtual/time.ts'

const HEAD: RequestHead = {
  method: 'GET',
  target: '/',
  path: '/',
  kept: 'host: a\r\n',
  context: null,
  own: null,
  body: { kind: 'none' },
  close: false,
  expectsContinue: false,
  grpc: false,
}

test('the last bytes of an answer are not read over while its client has not taken them', t => {
  const links: Parameters<Dial>[0][] = []
  const socket = new VirtualSocket(false, false, bytes => links[0]?.read(bytes))
  const virtual = new VirtualTime()
  const dial: Dial = link => (links.push(link), socket.socket)
  const pool = new Pool(dial, { headBytes: 4096, headers: 20 }, virtual.time)
  const asker = { holds: true, data: () => undefined, flush: () => true } as unknown as Asker
  const errand = {
    head: HEAD,
    upload: new Upload(HEAD.body),
    asker,
    clock: { us: () => 0, now: () => 0 },
    time: virtual.time,
    pass: '',
    words: new Words(),
    lanes: { offered: () => undefined },
  }
  let whole = false
  const attempt = new Attempt(errand, {
    connected: () => '',
    answered: () => true,
    whole: () => void (whole = true),
    failed: () => undefined,
  })
  attempt.start({ pool, bulk: pool }, 0)
  socket.say('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody')
  while (socket.turn());
  t.true(whole)
  t.true(links[0]?.lent)
})
