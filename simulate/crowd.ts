import type { Ledger } from './ledger.ts'
import type { Request } from './path/request.ts'
import type { Patience } from './patience.ts'

/** The clients of a run: what they have sent, and what becomes of it. Times are us. */
export class Crowd {
  private readonly patience: Patience
  private readonly ledger: Ledger
  /** Requests whose clients may give up. */
  private readonly live = new Map<number, Request>()
  private lastId = 0

  constructor(patience: Patience, ledger: Ledger) {
    this.patience = patience
    this.ledger = ledger
  }

  /** When somebody sends again or gives up. */
  get nextUs(): number {
    return this.patience.nextUs
  }

  /** One is sent; `tries`: how often before. */
  send(kind: number, bornUs: number, tries: number, nowUs: number): Request {
    const id = ++this.lastId
    const request = { id, kind, bornUs, arrivedUs: nowUs, tries, startedUs: null, pod: null }
    if (this.patience.watch(request)) this.live.set(id, request)
    return request
  }

  /** Those whose time has come: some are sent again, of some the client is gone. */
  due(nowUs: number): { again: Request | null; gone: Request | null }[] {
    return this.patience.due(nowUs).map(turn => {
      if (turn.what === 'gone') return { again: null, gone: this.live.get(turn.id) ?? null }
      return { again: this.send(turn.kind, turn.bornUs, turn.tries, nowUs), gone: null }
    })
  }

  answered(request: Request, nowUs: number): void {
    this.live.delete(request.id)
    this.ledger.answered(request, nowUs)
  }

  /** A try has come to nothing: its client sends again, or the request is lost. */
  over(request: Request, how: 'rejected' | 'failed' | 'timeout', nowUs: number): void {
    if (how === 'rejected') this.ledger.rejected()
    this.live.delete(request.id)
    if (!this.patience.again(request, how, nowUs)) this.ledger.lost(request)
  }
}
