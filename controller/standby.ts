import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { canonical } from '../core/model/canonical.ts'
import { isMapping } from '../core/model/schema.ts'
import type { LogOptions } from '../core/model/log-options.ts'
import { HEADERS } from '../core/model/tables.ts'
import { call } from '../core/runtime/call.ts'
import { follow } from '../core/runtime/follow.ts'
import { once, wordsOfError, type Log } from '../core/runtime/log.ts'
import { cutAfter, dropCuts } from './record/cut.ts'
import { envelopeOf, NO_PREV, sha256 } from './record/line.ts'
import { Lived } from './record/lived.ts'
import { openLog } from './record/open.ts'
import { readLog } from './record/read.ts'
import { retain } from './record/retention.ts'
import { roomIn } from './record/room.ts'
import { syncFolder } from './record/writer.ts'

export interface StandbyOptions {
  /** Folder of our own log. */
  dir: string
  /** Gives the URL of the leader's admin server. */
  leader: () => Promise<string>
  token: string | null
  log: Log
  /** What of the copy is kept: the leader's own options, read anew each time. */
  keep: () => LogOptions
  /** Until it begins anew where the copy can't go on; doubles up to 64 times that. */
  againMs?: number
}

const RETAIN_EVERY = 60_000
/** What was cut off the log may take this part of what the log may. */
const CUT_SHARE = 1 / 8

/** What it may take to ask a leader for a record, ms. */
const ASK_MS = 3000
const NAME = /^\d{10,16}\.jsonl$/

/**
 * A standby's copy of the leader's log, to the byte and file by file. Records of ours that the leader does
 * not have (we led, and nobody copied our last ones) are cut off and kept beside the log.
 */
export class Standby {
  private readonly options: StandbyOptions
  private readonly said: ReturnType<typeof once>
  private stream: { stop(): void } | null = null
  private stopped = false
  /** seq of the record to come; null: any, since there is none yet. */
  private next: number | null = null
  private head = NO_PREV
  private lived = new Lived()
  private file: { path: string; handle: FileHandle } | null = null
  private waiting: { path: string; line: string }[] = []
  private writing: Promise<void> | null = null
  private path: string | null = null
  private failed: unknown = null
  private leader = ''
  private starting: Promise<void> = Promise.resolve()
  private retained: Promise<void> = Promise.resolve()
  private readonly retaining: NodeJS.Timeout
  /** Beginnings since a record was written. */
  private tries = 0
  private wake = (): void => undefined

  constructor(options: StandbyOptions) {
    this.options = options
    this.said = once(options.log)
    this.retaining = setInterval(() => {
      // Whoever opens the log finds it whole.
      if (this.stream !== null) this.retained = this.retain()
    }, RETAIN_EVERY)
  }

  /** seq of the newest record copied, durable or on its way. */
  get seq(): number {
    return (this.next ?? 1) - 1
  }

  /** Begins once the leader answers. Rejects with Unusable where our own log is broken, or with the disk's error. */
  start(): Promise<void> {
    this.starting = this.begin()
    return this.starting
  }

  private async begin(): Promise<void> {
    if (this.stopped) return
    const { chain } = await openLog(this.options.dir)
    let agreed: number | null = null
    while (agreed === null && !this.stopped) {
      try {
        this.leader = await this.options.leader()
        const found = await this.agreement(chain.next - 1, chain.first)
        // Whoever copies is one that could go on: a leader whose disk is full makes way for it.
        await roomIn(this.options.dir)
        agreed = found
      } catch (error) {
        this.said.say('warn', LOST, { leader: this.leader, why: wordsOfError(error) })
      }
      if (agreed === null) await this.pause(1000)
    }
    if (agreed === null || this.stopped) return
    await this.goBackTo(agreed, chain.next - 1)
    this.listen()
  }

  /**
   * From the start, after a while: our disk failed, or what the leader has does not follow from ours, since it
   * has removed what we lack.
   */
  private again(): void {
    if (this.stopped || this.stream === null) return
    this.starting = this.beginAnew()
  }

  private async beginAnew(): Promise<void> {
    await this.letGo()
    while (!this.stopped) {
      await this.pause((this.options.againMs ?? 10_000) * 2 ** Math.min(6, this.tries++))
      try {
        return await this.begin()
      } catch (error) {
        const message = "the copy of the log can't begin anew; tried again"
        this.said.say('error', message, { why: wordsOfError(error) })
      }
    }
  }

  /** Ends the copy; what came is on disk. */
  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.retaining)
    this.wake()
    // Whoever stops it goes on with the same files.
    await this.starting.catch(() => undefined)
    await this.letGo()
  }

  /** Nothing of ours touches the files any more. */
  private async letGo(): Promise<void> {
    this.stream?.stop()
    this.stream = null
    while (this.writing !== null) await this.writing
    await this.retained
    await this.file?.handle.close()
    this.file = null
    this.waiting = []
    this.failed = null
  }

  private pause(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** The newest record that both logs have; 0: none. A record names the one before, so what follows a difference differs. */
  private async agreement(last: number, first: number): Promise<number> {
    let same = first - 1
    let other = last + 1
    // The newest first: it is the same unless we led and nobody copied the end.
    for (let seq = last; other - same > 1; seq = (same + other) >> 1) {
      const own = await this.own(seq)
      if (own !== null && sha256(own) === (await this.theirs(seq))) same = seq
      else other = seq
    }
    return same < first ? 0 : same
  }

  private async own(seq: number): Promise<Buffer | null> {
    for await (const { envelope, line } of readLog(this.options.dir, { since: seq - 1 }))
      return envelope.seq === seq ? line : null
    return null
  }

  private async theirs(seq: number): Promise<string | null> {
    const url = `${this.leader}/v1/log?since=${seq - 1}&limit=1`
    const { status, json } = await call('GET', url, { headers: this.headers(), timeoutMs: ASK_MS })
    if (status !== 200) throw new Error(`answered ${status}`)
    if (!isMapping(json)) return null
    return json.seq === seq ? sha256(canonical(json)) : null
  }

  private async goBackTo(agreed: number, last: number): Promise<void> {
    const { dir, log } = this.options
    const { leader } = this
    if (agreed < last) {
      await cutAfter(dir, agreed, 'fork')
      log(
        'warn',
        'the leader does not have our newest records: they were cut and kept beside the log',
        {
          leader,
          records: last - agreed,
        },
      )
    }
    const { chain, file } = await openLog(dir)
    this.next = chain.records === 0 ? null : chain.next
    this.head = chain.head
    this.lived = chain.lived
    this.path = file?.path ?? null
    await syncFolder(dir)
  }

  private listen(): void {
    this.stream = follow({
      url: () => `${this.leader}/v1/log?since=${this.seq}&follow=1&files=1`,
      headers: this.headers(),
      line: value => this.take(value),
      opened: () => this.said.again(LOST),
      lost: why => this.said.say('warn', LOST, { leader: this.leader, why }),
    })
  }

  /** Throws on what does not follow: the connection ends and is made anew. */
  private take(value: unknown): void {
    if (this.failed !== null) throw new Error(wordsOfError(this.failed))
    if (isMapping(value) && typeof value.file === 'string' && NAME.test(value.file)) {
      this.path = join(this.options.dir, value.file)
      return
    }
    const line = canonical(value)
    const envelope = envelopeOf(Buffer.from(line))
    if (envelope === null || this.path === null) throw new Error('not a record')
    const follows =
      this.next === null || (envelope.seq === this.next && envelope.prev === this.head)
    if (!follows) {
      const why = `record ${envelope.seq} does not follow from ours, ${this.seq}`
      this.said.say('warn', LOST, { leader: this.leader, why })
      this.again()
      throw new Error(why)
    }
    this.next = envelope.seq + 1
    this.head = sha256(line)
    this.lived.take(envelope.seq, envelope.time)
    this.waiting.push({ path: this.path, line })
    this.writing ??= this.write()
  }

  private async write(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const { path } = this.waiting[0] as { path: string }
        const other = this.waiting.findIndex(each => each.path !== path)
        const batch = this.waiting.splice(0, other < 0 ? this.waiting.length : other)
        const handle = await this.handleOf(path)
        await handle.appendFile(`${batch.map(({ line }) => line).join('\n')}\n`)
        await handle.datasync()
        this.tries = 0
      }
    } catch (error) {
      // What the disk holds is unknown now: whoever begins anew looks.
      this.failed = error
      this.options.log('error', "the copy of the log can't be written", {
        why: wordsOfError(error),
      })
      this.again()
    } finally {
      this.writing = null
    }
  }

  private async handleOf(path: string): Promise<FileHandle> {
    if (this.file?.path === path) return this.file.handle
    await this.file?.handle.close()
    const handle = await open(path, 'a', 0o600)
    await syncFolder(this.options.dir)
    this.file = { path, handle }
    return handle
  }

  private async retain(): Promise<void> {
    const { dir, keep, log } = this.options
    const now = Date.now()
    try {
      const options = keep()
      await retain(dir, options, this.lived)
      const bytes = options['keep-bytes'] * CUT_SHARE
      await dropCuts(dir, 'fork', { days: options['keep-days'], bytes }, now)
    } catch (error) {
      log('error', "old files of the log's copy can't be removed", { why: wordsOfError(error) })
    }
  }

  private headers(): Record<string, string> {
    return this.options.token === null ? {} : { [HEADERS.token]: this.options.token }
  }
}

const LOST = "the leader's log can't be followed"
