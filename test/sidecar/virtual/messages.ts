import type { Random } from '../../../simulate/random.ts'

/** What virtual clients ask and virtual models answer: each names a word, so that it is known where it belongs. */
interface Request {
  method: string
  text: string
}

export const FORGED = 'HTTP/1.1 200 OK\r\nX-W: forged\r\nContent-Length: 0\r\n\r\n'

const chunk = (text: string): string =>
  text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`

export function requestOf(word: string, random: Random): Request {
  const path = random.below(10) === 0 ? `/health?${word}` : `/${word}`
  const method = ['GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'][random.below(6)] ?? 'GET'
  const close = random.below(8) === 0 ? 'Connection: close\r\n' : ''
  const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\n${close}`
  const body = 'b'.repeat(random.below(random.below(4) === 0 ? 900 : 30))
  const of = (text: string): Request => ({ method, text })
  switch (random.below(10)) {
    case 0:
      return of(`${head}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n${body}`)
    case 1:
    case 2:
      return of(`${head}Content-Length: ${body.length}\r\n\r\n${body}`)
    case 3:
    case 4:
      return of(`${head}Transfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n${chunk(body)}0\r\n\r\n`)
    case 5:
      return of(
        random.below(4) === 0 ? `${head}Transfer-Encoding: chunked\r\n\r\n5x\r\n` : `${head}\r\n`,
      )
    case 6:
      return of(random.below(4) === 0 ? `${head}Bad Header: x\r\n\r\n` : `${head}\r\n`)
    case 7:
      return of(
        random.below(4) === 0 ? `PROPFIND ${path} HTTP/1.1\r\nHost: a\r\n\r\n` : `${head}\r\n`,
      )
    default:
      return of(`${head}\r\n`)
  }
}

/** An answer that names what was asked. */
export function answerTo(what: string, random: Random): string {
  const [, method = '', word = ''] = /^(\S+) \/(?:health\?)?(\w+)/.exec(what) ?? []
  const body = `${word};`.repeat(1 + random.below(100))
  const length = `Content-Length: ${body.length}\r\n\r\n`
  if (method === 'HEAD') return `HTTP/1.1 200 OK\r\nX-W: ${word}\r\n${length}`
  const said = `X-W: ${word}\r\n`
  switch (random.below(10)) {
    case 0:
      return `HTTP/1.1 204 No Content\r\n${said}\r\n`
    case 1:
      return `HTTP/1.1 200 OK\r\n${said}X-End: until\r\n\r\n${body}`
    case 2:
    case 3:
      return `HTTP/1.1 200 OK\r\n${said}Transfer-Encoding: chunked\r\n\r\n${chunk(body)}0\r\n\r\n`
    case 4:
      return `HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n${said}${length}${body}`
    case 6:
      return random.below(3) === 0
        ? 'HTTP/1.1 200 OK\nX: y\n\n'
        : `HTTP/1.1 500 No\r\n${said}${length}${body}`
    default:
      return `HTTP/1.1 200 OK\r\n${said}${length}${body}`
  }
}
