import { algorithms } from '../controller/decide/decide.ts'
import { walk } from '../controller/record/chain.ts'
import { recordOf } from '../controller/record/line.ts'
import { wordsOf } from '../controller/record/open.ts'
import { readLog } from '../controller/record/read.ts'
import { Replayer, type Difference } from '../controller/record/replay.ts'
import { exit } from './exit.ts'

/** `decisions verify`: the hash chain, from the oldest record kept to the newest. */
export async function verifyLog(dir: string, json: boolean): Promise<number> {
  const { files, records, first, next, head, broken } = await walk(dir)
  const problem = broken === null ? null : broken.tail ? tornWords(broken) : wordsOf(broken)
  const verified = broken === null
  if (json)
    console.log(
      JSON.stringify({
        verified,
        records,
        files: files.length,
        first,
        last: next - 1,
        head,
        problem,
      }),
    )
  else if (problem !== null) console.log(problem)
  else
    console.log(
      `Verified: ${records} records (${first} to ${next - 1}) in ${files.length} ${files.length === 1 ? 'file' : 'files'}; newest ${head}.`,
    )
  return verified ? exit.fine.code : exit.notVerified.code
}

function tornWords({ file, at }: { file: { name: string }; at: number }): string {
  return (
    `The log ends in a torn record at byte ${at} of ${file.name}: a crash cut the last write, which nobody acted on. ` +
    'The controller cuts it at its next start (or it is being written just now).'
  )
}

/** `decisions replay`: decides everything again. The first difference is told. */
export async function replayLog(
  dir: string,
  wanted: { endpoint: string | null; since: number | null; json: boolean },
): Promise<number> {
  const replayer = new Replayer(algorithms)
  const differences: Difference[] = []
  for await (const { line } of readLog(dir)) {
    const record = recordOf(line)
    const difference = replayer.take(record)
    if (difference === null) continue
    if (wanted.endpoint !== null && difference.endpoint !== wanted.endpoint) continue
    if (wanted.since !== null && record.time < wanted.since) continue
    differences.push(difference)
  }
  // Reading ends where the log does, and where it is no log any more.
  const { broken } = await walk(dir)
  const problem = broken === null || broken.tail ? null : wordsOf(broken)
  const { decisions, repeats, skipped } = replayer
  const first = differences[0] ?? null
  const same = first === null && problem === null
  if (wanted.json) {
    const counts = { decisions, repeats, skipped, differences: differences.length }
    console.log(JSON.stringify({ same, ...counts, first, problem }))
  } else {
    const before =
      skipped === 0
        ? ''
        : ` ${skipped} stand before the first state in the log and can't be replayed.`
    const upTo = problem === null ? '' : ' up to where it can be read'
    console.log(
      first === null
        ? `Replayed ${decisions} decisions and ${repeats} repeats${upTo}: the same bytes.${before}`
        : `Record ${first.seq} (${first.endpoint}) differs: ${first.words}. ${differences.length} differences in ${decisions} decisions.${before}`,
    )
    if (problem !== null) console.log(problem)
  }
  return same ? exit.fine.code : exit.notVerified.code
}
