import { check, int, nullable, object, sentence, text } from '../../core/model/schema.ts'
import { endpointName } from '../../core/model/names.ts'
import { HEADERS } from '../../core/model/tables.ts'
import { Refused, type Route } from '../../core/runtime/admin.ts'
import { call } from '../../core/runtime/call.ts'
import { once, wordsOfError, type Log } from '../../core/runtime/log.ts'
import { ScaleChanges, type ScaleChange } from './webhook/scaled.ts'

const change = object({
  endpoint: endpointName,
  from: int(),
  to: int(),
  who: nullable(text(300)),
  at: int(),
})

/** Who changed replicas: any controller's webhook may be asked, and the leader has to know. */
export class Rumours {
  private readonly changes = new ScaleChanges()
  private readonly token: string
  private readonly said: ReturnType<typeof once>
  private leader: (() => Promise<string>) | null = null

  constructor({ token, log }: { token: string; log: Log }) {
    this.token = token
    this.said = once(log)
  }

  /** Where the leader is; null: here. */
  tell(leader: (() => Promise<string>) | null): void {
    this.leader = leader
  }

  hear(heard: ScaleChange): void {
    this.changes.note(heard)
    if (this.leader !== null) void this.pass(heard, this.leader)
  }

  who(endpoint: string, to: number, since: number): string | null {
    return this.changes.who(endpoint, to, since)?.who ?? null
  }

  /** POST /v1/scaled: what another controller's webhook saw. */
  get route(): Route {
    return {
      at: 'POST /v1/scaled',
      guarded: true,
      handle: async ask => {
        const read = check(change, await ask.json())
        if (!read.ok) throw new Refused(400, read.issues.map(sentence).join('; '))
        this.changes.note(read.value)
        return { status: 202, json: {} }
      },
    }
  }

  private async pass(heard: ScaleChange, leader: () => Promise<string>): Promise<void> {
    const lost = "the leader can't be told who changed replicas"
    try {
      const headers = { [HEADERS.token]: this.token }
      const url = `${await leader()}/v1/scaled`
      const { status } = await call('POST', url, { json: heard, headers, timeoutMs: 2000 })
      if (status !== 202) throw new Error(`answered ${status}`)
      this.said.again(lost)
    } catch (error) {
      this.said.say('warn', lost, { why: wordsOfError(error) })
    }
  }
}
