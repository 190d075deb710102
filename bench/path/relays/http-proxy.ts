import { Agent, createServer } from 'node:http'
import httpProxy from 'http-proxy'

/** http-proxy as its README has it, with kept connections to the upstream. */
const [port, upstream] = process.argv.slice(2).map(Number) as [number, number]
const proxy = httpProxy.createProxyServer({
  target: { host: '127.0.0.1', port: upstream },
  agent: new Agent({ keepAlive: true }),
})
proxy.on('error', (_error, _request, response) => {
  if ('writeHead' in response) response.writeHead(502)
  response.end()
})
const server = createServer((request, response) => proxy.web(request, response))
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
server.keepAliveTimeout = 600_000
server.listen(port, '127.0.0.1')
