import { connect, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'

/** node:http2 on both sides, trailers passed on, and nothing else: what h2c costs in Node at the least. */
const [port, upstream] = process.argv.slice(2).map(Number) as [number, number]
const session = connect(`http://127.0.0.1:${upstream}`)
const server = createServer({ settings: { maxConcurrentStreams: 1000 } })
server.on('stream', (stream: ServerHttp2Stream, headers) => {
  const call = session.request(headers)
  let trailers: IncomingHttpHeaders = {}
  call.on('response', answer => {
    // The client may have gone meanwhile.
    if (!stream.destroyed) stream.respond(answer, { waitForTrailers: true })
  })
  call.on('trailers', came => (trailers = came))
  // They come before the end of the body that is piped.
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  call.on('error', () => stream.close())
  stream.on('error', () => undefined)
  stream.once('close', () => call.close())
  stream.pipe(call).pipe(stream)
})
server.listen(port, '127.0.0.1')
