import type { AnswerHead } from '../http/answer.ts'
import type { RequestHead } from '../http/request.ts'
import type { Said } from './said.ts'
import type { Upload } from './upload.ts'

/** The client's side of a request: what an answer is written to. */
export interface Asker {
  /** Stands for the client's connection, whoever reads it. */
  readonly socket: object
  /** Something of an answer is not sent yet. */
  readonly holds: boolean
  /** 100: the body may come. */
  goOn(): void
  interim(head: AnswerHead): void
  begin(head: AnswerHead, own: readonly string[]): void
  data(bytes: Buffer, from: number, to: number): void
  /** The body may be read, or read on. */
  readOn(): void
  /** Writes what there is; false: the client is behind, until `clientDrained`. */
  flush(): boolean
  /** Writes what is left of an answer that is whole. */
  end(): void
  /** The request is over: when, ms. */
  done(nowMs: number): void
  /** An answer of our own, whole; the request is over with it. */
  say(said: Said): void
  /** The answer breaks off, and so does the connection. */
  cut(): void
}

/** A request under way, as its client's connection sees it. */
export interface Asked {
  /** Told once, right after it was made. */
  start(): void
  /** The client takes more of the answer. */
  clientDrained(): void
  /** The client is gone, or can't be understood: whatever was under way is given up. */
  leave(): void
}

/** What becomes of a request whose head was read. */
export type Ask = (head: RequestHead, upload: Upload, asker: Asker, arrivedUs: number) => Asked
