import { lookup } from 'node:dns/promises'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { whole } from '../api/exchange.ts'

const LIMITS = { maxBytes: 8 * 1024 * 1024, timeoutMs: 4000 }

/**
 * Where people may send us: not to ourselves, and not to the addresses that clouds answer secrets on. What
 * comes back is read for a few numbers only, and never shown.
 */
const forbidden = new BlockList()
forbidden.addSubnet('127.0.0.0', 8, 'ipv4')
forbidden.addSubnet('0.0.0.0', 8, 'ipv4')
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('::1', 'ipv6')
forbidden.addAddress('::', 'ipv6')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('fd00:ec2::254', 'ipv6')

export function isForbidden(ip: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  return forbidden.check(mapped ?? ip, isIPv6(mapped ?? ip) ? 'ipv6' : 'ipv4')
}

/** One page, from an address that was looked up and checked before; redirects are not followed. */
export async function fetchPage(url: URL): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const ip = isIP(host) === 0 ? (await lookup(host)).address : host
  if (isForbidden(ip)) throw new Error(`${host} is ${ip}: not an address that is asked for metrics`)
  const tls = url.protocol === 'https:'
  const options = {
    host: ip,
    port: url.port || (tls ? 443 : 80),
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, accept: 'text/plain', 'user-agent': 'outrigger' },
    signal: AbortSignal.timeout(LIMITS.timeoutMs),
    ...(tls && isIP(host) === 0 ? { servername: host } : {}),
  }
  return new Promise((resolve, reject) => {
    const asked = (tls ? tlsRequest : plainRequest)(options, response => {
      if (response.statusCode === 200) {
        whole(response, LIMITS.maxBytes).then(resolve, reject)
        return
      }
      response.resume()
      reject(new Error(`answered ${response.statusCode}`))
    })
    asked.on('error', reject)
    asked.end()
  })
}
