import { once } from 'node:events'
import { connect } from 'node:net'
import test from 'ava'
import { WebSocket, WebSocketServer } from 'ws'
import { listen, raw, samplesUntil, sidecar } from './support.ts'

test('WebSockets pass both ways, without a slot, within their own bound', async t => {
  const { server, address } = await listen(t, (_request, response) => void response.end('plain'))
  const echo = new WebSocketServer({ server })
  echo.on('connection', socket => socket.on('message', data => socket.send(data)))
  const { traffic, admin } = await sidecar(t, address, { OUTRIGGER_MAX_UPGRADES: '2' })
  const sockets: WebSocket[] = []
  for (const text of ['first', 'second']) {
    const socket = new WebSocket(`ws://${traffic}/${text}`)
    sockets.push(socket)
    await once(socket, 'open')
    socket.send(text)
    const [data] = (await once(socket, 'message')) as [Buffer]
    t.is(data.toString(), text)
  }
  const third = new WebSocket(`ws://${traffic}/c`)
  const [error] = (await once(third, 'error')) as [Error]
  t.regex(error.message, /429/)
  const samples = await samplesUntil(admin, all => all.some(s => s.rejected.upgrades === 1))
  t.true(samples.every(s => s.inFlight.max === 0))
  // The end of one is told to the model, and makes room.
  const [client] = echo.clients
  const gone = client === undefined ? null : once(client, 'close')
  sockets[0]?.terminate()
  await gone
  const next = new WebSocket(`ws://${traffic}/d`)
  await once(next, 'open')
  for (const socket of [next, ...sockets]) socket.terminate()
})

test('a model that declines an upgrade, and one that is not there', async t => {
  const { server, address } = await listen(t, (_request, response) => void response.end('plain'))
  server.on('upgrade', (_request, socket) =>
    socket.end(
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Hop: 1\r\nConnection: x-hop\r\n\r\nno',
    ),
  )
  const { traffic } = await sidecar(t, address)
  const upgrade =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  const declined = await raw(traffic, upgrade)
  t.regex(declined, /^HTTP\/1\.1 403 Forbidden\r\n/)
  t.notRegex(declined, /x-hop/i)
  t.regex(declined, /no$/)
  const away = await sidecar(t, '127.0.0.1:9')
  t.regex(await raw(away.traffic, upgrade), /^HTTP\/1\.1 502 /)
})

test('a client that vanishes in the middle of an upgrade leaves nothing open', async t => {
  const { server, address } = await listen(t, (_request, response) => void response.end())
  const asked = once(server, 'upgrade')
  const { traffic } = await sidecar(t, address, { OUTRIGGER_MAX_UPGRADES: '1' })
  const [, host, port] = /^(.*):(\d+)$/.exec(traffic) ?? []
  const socket = connect(Number(port), host)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const [, model] = (await asked) as [unknown, NodeJS.Socket & NodeJS.EventEmitter]
  model.resume()
  const gone = once(model, 'end')
  socket.destroy()
  await gone
  t.pass()
})
