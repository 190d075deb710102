import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonical } from '../../core/model/canonical.ts'
import { LONGEST_RECORD, type LogRecord } from '../../core/model/decision.ts'
import { wordsOfError } from '../../core/runtime/log.ts'
import { fileName } from './files.ts'
import { idMaker } from './id.ts'
import { sha256, type AnyRecord, type Draft } from './line.ts'

/** What the writer needs of a file; injected to let a test's disk fail. */
export type OpenFile = (
  path: string,
) => Promise<
  Pick<FileHandle, 'appendFile' | 'datasync' | 'close'> & Partial<Pick<FileHandle, 'stat'>>
>

export interface WriterOptions {
  dir: string
  /** Where the chain stands (chain.ts), and the file to go on with, or null for a new one. */
  at: { next: number; head: string; file: { path: string; bytes: number } | null }
  epoch: number
  /** ms; never goes back. */
  now: () => number
  /** A file is full when it has grown to this, what it began with left out. */
  maxBytes: () => number
  openFile?: OpenFile
  /** After each fsync: us that it took, and what is now durable. */
  durable?: (us: number, records: AnyRecord[]) => void
}

interface Opened {
  path: string
  handle: Awaited<ReturnType<OpenFile>>
  /** Bytes that it has, as far as we wrote it. */
  size: number
}

interface Waiting {
  lines: { path: string; line: string }[]
  records: AnyRecord[]
  resolve: (records: AnyRecord[]) => void
  reject: (error: Error) => void
}

/** A record that no trimming made fit. */
export class TooLong extends Error {}

/**
 * Appends records; what `append` resolves is durable. Appends that come while an fsync runs share the next one.
 * After a failed write or fsync nothing is ever appended again: what the disk holds is then unknown, and an
 * fsync that is tried again may say "fine" for pages that the kernel has dropped.
 */
export class LogWriter {
  epoch: number
  /** In words, once the log has failed. */
  failed: string | null = null
  private readonly options: WriterOptions
  private readonly nextId = idMaker()
  private seq: number
  private prev: string
  private path: string | null
  private bytes: number
  /** Of `bytes`, what the file began with: states of all endpoints, however many, are no reason for another file. */
  private begun = 0
  private queue: Waiting[] = []
  private running: Promise<void> | null = null
  private open: Opened | null = null

  constructor(options: WriterOptions) {
    this.options = options
    this.epoch = options.epoch
    this.seq = options.at.next
    this.prev = options.at.head
    this.path = options.at.file?.path ?? null
    this.bytes = options.at.file?.bytes ?? 0
  }

  /** SHA-256 of the newest line, durable or waiting. */
  get head(): string {
    return this.prev
  }

  /** The file has grown to its bound: `rotate` before the next append. */
  get full(): boolean {
    return this.bytes - this.begun >= this.options.maxBytes()
  }

  /** The records appended next go in a new file. */
  rotate(): void {
    this.path = null
  }

  /** Rejects with TooLong (and writes nothing) or, for good, with the disk's error. */
  append(drafts: readonly Draft[]): Promise<AnyRecord[]> {
    if (this.failed !== null) return Promise.reject(new Error(this.failed))
    if (drafts.length === 0) return Promise.resolve([])
    try {
      const { lines, records } = this.number(drafts)
      return new Promise((resolve, reject) => {
        this.queue.push({ lines, records, resolve, reject })
        this.running ??= this.flush()
      })
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Waits for what was appended, then closes the file. */
  async close(): Promise<void> {
    while (this.running !== null) await this.running
    this.failed ??= 'the log is closed'
    await this.open?.handle.close()
    this.open = null
  }

  /** Gives the drafts their place in the chain; all or none. */
  private number(drafts: readonly Draft[]): Pick<Waiting, 'lines' | 'records'> {
    let { seq, prev } = this
    const made = drafts.map(draft => {
      const time = this.options.now()
      const record = {
        v: 1,
        seq,
        id: this.nextId(time),
        time,
        epoch: this.epoch,
        prev,
        ...draft,
      } as LogRecord
      const line = canonical(record)
      const size = Buffer.byteLength(line)
      if (size > LONGEST_RECORD) throw new TooLong(`a ${draft.kind} record of ${size} bytes`)
      seq++
      prev = sha256(line)
      return { record: record as AnyRecord, line, size: size + 1 }
    })
    const bytes = made.reduce((sum, { size }) => sum + size, 0)
    if (this.path === null) {
      this.path = join(this.options.dir, fileName(this.seq))
      this.bytes = 0
      this.begun = bytes
    }
    const { path } = this
    this.seq = seq
    this.prev = prev
    this.bytes += bytes
    return {
      lines: made.map(({ line }) => ({ path, line })),
      records: made.map(({ record }) => record),
    }
  }

  private async flush(): Promise<void> {
    // Whatever else is appended in this turn shares the fsync.
    await Promise.resolve()
    while (this.queue.length > 0) {
      const batch = this.queue
      this.queue = []
      try {
        if (this.failed !== null) throw new Error(this.failed)
        await this.write(batch)
        for (const { resolve, records } of batch) resolve(records)
      } catch (error) {
        this.failed ??= `the decision log can't be written: ${wordsOfError(error)}`
        for (const { reject } of batch) reject(new Error(this.failed))
      }
    }
    this.running = null
  }

  private async write(batch: Waiting[]): Promise<void> {
    const started = performance.now()
    const byFile = new Map<string, string[]>()
    for (const { path, line } of batch.flatMap(({ lines }) => lines)) {
      const lines = byFile.get(path)
      if (lines === undefined) byFile.set(path, [line])
      else lines.push(line)
    }
    for (const [path, lines] of byFile) {
      const open = await this.opened(path)
      await refuseOthers(open)
      const text = `${lines.join('\n')}\n`
      open.size += Buffer.byteLength(text)
      await open.handle.appendFile(text)
      await open.handle.datasync()
    }
    const us = Math.round((performance.now() - started) * 1000)
    this.options.durable?.(
      us,
      batch.flatMap(({ records }) => records),
    )
  }

  private async opened(path: string): Promise<Opened> {
    if (this.open?.path === path) return this.open
    await this.open?.handle.close()
    this.open = null
    const handle = await (this.options.openFile ?? openToAppend)(path)
    const { file } = this.options.at
    this.open = { path, handle, size: file?.path === path ? file.bytes : 0 }
    return this.open
  }
}

/** What two write is no chain. Whoever began last goes on with it; the other one writes nothing more. */
async function refuseOthers({ path, handle, size }: Opened): Promise<void> {
  const found = (await handle.stat?.())?.size ?? size
  if (found !== size)
    throw new Error(`${path} has ${found} bytes, not ${size}: another controller writes to it`)
}

async function openToAppend(path: string): Promise<FileHandle> {
  const handle = await open(path, 'a', 0o600)
  await syncFolder(dirname(path))
  return handle
}

/** Makes a new name in a folder durable. */
export async function syncFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
