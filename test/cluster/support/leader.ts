import { envelopeOf, recordOf, sha256, type AnyRecord } from '../../../controller/record/line.ts'
import { kubectl, own, SYSTEM, until, type Pod } from './cluster.ts'

/** The controllers of the installation: which one leads, and what their logs say. */

export const controllers = (): Promise<Pod[]> => own('controller')

async function leader(): Promise<Pod | undefined> {
  const all = await controllers()
  const labelled = all.filter(
    ({ metadata }) => metadata.labels?.['outrigger.dev/leader'] === 'true',
  )
  return labelled.length === 1 ? labelled[0] : undefined
}

/** Waits for a leader other than `not`. */
export function nextLeader(not: string | null, seconds = 60): Promise<Pod> {
  const find = async (): Promise<Pod | null> => {
    const found = await leader()
    return found !== undefined && found.metadata.name !== not ? found : null
  }
  return until('another controller leads', find, { seconds })
}

async function tokenHeader(): Promise<Record<string, string>> {
  const path = ['-n', SYSTEM, 'get', 'secret', 'outrigger-token', '-o', 'jsonpath={.data.token}']
  const token = Buffer.from(await kubectl(path), 'base64').toString('utf8')
  return { 'x-outrigger-token': token }
}

export interface LogLine {
  record: AnyRecord
  hash: string
  prev: string
}

/** All records of a leader's log, oldest first. */
export async function logOf(pod: Pod): Promise<LogLine[]> {
  const lines: LogLine[] = []
  const headers = await tokenHeader()
  for (let since = 0; ;) {
    const url = `http://${pod.status.podIP}:15040/v1/log?since=${since}&limit=1000`
    const answer = await fetch(url, { headers })
    if (!answer.ok) throw new Error(`the log answered ${answer.status}`)
    const page = (await answer.text()).split('\n').filter(Boolean)
    for (const line of page) {
      const prev = envelopeOf(Buffer.from(line))?.prev ?? ''
      lines.push({ record: recordOf(line), hash: sha256(line), prev })
    }
    if (page.length === 0) return lines
    since = lines.at(-1)?.record.seq ?? since
  }
}
