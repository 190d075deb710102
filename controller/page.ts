import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Answer, Route } from '../core/runtime/admin.ts'

/** The live page's files: in dist/ as in the sources one folder up. No path leaves the folder. */
const folder = new URL('../dashboards/explorer/', import.meta.url)

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}
const headers = {
  'content-security-policy': [
    "default-src 'none'",
    ...['script', 'style', 'connect', 'img'].map(kind => `${kind}-src 'self'`),
    ...['base-uri', 'form-action', 'frame-ancestors'].map(what => `${what} 'none'`),
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
}

export const pageRoutes: Route[] = [
  { at: 'GET /', handle: () => fileAnswer('index.html') },
  { at: 'GET /assets/:name', handle: ask => fileAnswer(ask.params.name ?? '') },
]

async function fileAnswer(name: string): Promise<Answer> {
  const type = types[extname(name)]
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name) || type === undefined) return missing(404)
  try {
    return { status: 200, body: await readFile(new URL(name, folder)), type, headers }
  } catch {
    return missing(name === 'index.html' ? 200 : 404)
  }
}

function missing(status: number): Answer {
  const body =
    'The live page is not part of this build. The same facts: GET /v1/endpoints, GET /v1/log, `outrigger decisions list`.\n'
  return { status, body, type: 'text/plain; charset=utf-8' }
}
