import { request } from 'node:http'
import { findRecord, readLog, seqBefore } from '../controller/record/read.ts'
import { recordOf, type AnyRecord } from '../controller/record/line.ts'
import { lines } from '../core/runtime/follow.ts'
import { ask, unreachable } from './place.ts'

/** The log's files, or a controller that has them. */
export type Source = { dir: string } | { url: string }

const POLL_MS = 500

/** Records from about `since` (ms) on, oldest first; followed until interrupted. */
export async function* recordsOf(
  source: Source,
  since: number,
  follow: boolean,
): AsyncGenerator<AnyRecord> {
  if ('url' in source) {
    yield* fromController(source.url, follow)
    return
  }
  const wait = (): Promise<boolean> =>
    new Promise(resolve => setTimeout(() => resolve(true), POLL_MS))
  const from = await seqBefore(source.dir, since)
  for await (const { line } of readLog(source.dir, { since: from, ...(follow ? { wait } : {}) })) {
    yield recordOf(line)
  }
}

export async function findIn(source: Source, id: string): Promise<AnyRecord | null> {
  if ('dir' in source) return findRecord(source.dir, /^\d{1,15}$/.test(id) ? Number(id) : id)
  const answer = (await ask('GET', `${source.url}/v1/decisions/${encodeURIComponent(id)}`)) as {
    record: AnyRecord
  }
  return answer.record
}

/** As many at once as the controller gives. */
const PAGE = 1000

async function* fromController(url: string, follow: boolean): AsyncGenerator<AnyRecord> {
  for (let since = 0; ;) {
    const page = await pageOf(`${url}/v1/log?since=${since}&limit=${PAGE}`)
    yield* page
    since = page.at(-1)?.seq ?? since
    if (page.length < PAGE) {
      if (!follow) return
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    }
  }
}

function pageOf(url: string): Promise<AnyRecord[]> {
  return new Promise((resolve, reject) => {
    const away = (why: string): void => reject(unreachable(url, why))
    const asked = request(url, { timeout: 10_000 }, response => {
      if (response.statusCode !== 200) return away(`answered ${response.statusCode}`)
      const records: AnyRecord[] = []
      const take = lines(1024 * 1024, text => void records.push(recordOf(text)))
      response.on('data', take)
      response.on('end', () => resolve(records))
      response.on('error', error => away(error.message))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer within 10 s')))
    asked.on('error', error => away(error.message))
    asked.end()
  })
}
