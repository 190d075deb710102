import type { Random } from '../../../simulate/random.ts'
import { referenceAnswers, referenceRequests } from '../../core/http/fuzz/reference.ts'
import { requestOf } from './messages.ts'
import { VirtualSocket } from './socket.ts'

const FORGED_OWN = 'X-Outrigger-Pass: forged\r\nX_Outrigger_Slots: 9;0\r\n'
const LARGE = 70_000

/** A client that sends some requests in pieces, each with a word of its own. */
export class VirtualClient {
  readonly socket = new VirtualSocket(false, true)
  /** Method and body by word, in the order in which they are sent. */
  readonly asked = new Map<string, { method: string; body: string | null }>()
  handed = false
  /** It left by itself. */
  gone = false
  private readonly pieces: string[] = []

  constructor(random: Random, requests: number, nextWord: () => number) {
    let stream = ''
    for (let n = requests; n > 0; n--) stream += this.request(`w${nextWord()}`, random)
    for (let at = 0; at < stream.length;) {
      const most = stream.length > 5000 ? 30_000 : random.below(2) === 0 ? 20 : 400
      const size = 1 + random.below(most)
      this.pieces.push(stream.slice(at, at + size))
      at += size
    }
  }

  private request(word: string, random: Random): string {
    let { method, text } = requestOf(word, random)
    if (random.below(20) === 0) {
      method = random.below(2) === 0 ? 'POST' : 'PUT'
      const head = `${method} /${word} HTTP/1.1\r\nHost: a\r\n`
      text = `${head}Content-Length: ${LARGE}\r\n\r\n${'b'.repeat(LARGE)}`
    }
    if (random.below(4) === 0) text = text.replace('Host: a\r\n', `Host: a\r\n${FORGED_OWN}`)
    const { messages } = referenceRequests(text)
    this.asked.set(word, { method, body: messages[0]?.whole === true ? messages[0].body : null })
    return text
  }

  send(): void {
    if (!this.gone) this.socket.say(this.pieces.shift() ?? '')
  }

  goAway(politely: boolean): void {
    this.gone = true
    if (politely) this.socket.hangUp()
    else this.socket.fail(new Error('RST'))
  }

  /** Its answers are those to its own requests, in their order; only the last may be cut off. */
  problems(): string[] {
    const { wrote } = this.socket
    if (/x[-_]outrigger[-_](slots|pass)/i.test(wrote)) return ['a client is told of slots']
    const words = [...this.asked.keys()]
    const { messages, end } = referenceAnswers(wrote, this.methods)
    if (end !== 'more') return [`a client reads: ${end}: ${JSON.stringify(wrote)}`]
    const finals = messages.filter(({ what }) => Number(what) >= 200)
    if (finals.length > words.length) return [`${finals.length} answers to ${words.length}`]
    return finals.flatMap(({ headers, body, whole, what }, i) => {
      const at = headers.findIndex(name => name.toLowerCase() === 'x-w')
      if (!whole && i < finals.length - 1) return ['an answer is cut off in the middle']
      if (at < 0) return Number(what) >= 400 ? [] : [`an answer from nowhere: ${what}`]
      const word = headers[at + 1] ?? ''
      const right = word === words[i] && body.replaceAll(`${word};`, '').length <= word.length
      return right ? [] : [`request ${words[i]} is answered with ${word}: ${body}`]
    })
  }

  /** Time enough has passed: it has all its answers, or its connection was ended. */
  unanswered(): string[] {
    const { socket, handed, gone, asked } = this
    if (handed || gone || socket.destroyed || socket.ended) return []
    const { messages } = referenceAnswers(socket.wrote, this.methods)
    const finals = messages.filter(({ what, whole }) => Number(what) >= 200 && whole)
    return finals.length === asked.size
      ? []
      : [`a client has ${finals.length} answers to ${asked.size}`]
  }

  private get methods(): string[] {
    return [...this.asked.values()].map(({ method }) => method)
  }
}

/** Whether one of them sent this request (`what`: method and target), with this body or, so far, a part of one. */
export function wasAsked(
  clients: readonly VirtualClient[],
  what: string,
  body: string,
  whole: boolean,
): boolean {
  const [, method = '', word = ''] = /^(\S+) \/(?:health\?)?(\w+)/.exec(what) ?? []
  const asked = clients.map(one => one.asked.get(word)).find(one => one !== undefined)
  return asked?.method === method && (whole ? asked.body === body : /^a?b*$/.test(body))
}
