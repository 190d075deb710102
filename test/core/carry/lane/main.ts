import { run } from './run.ts'

/** `node test/core/carry/lane/main.ts [SCHEDULES [SEED]]`: many more schedules than the tests run. */
const [schedules = '200000', seed = '1'] = process.argv.slice(2)
const tally = await run(Number(schedules), Number(seed))
process.stdout.write(`${JSON.stringify(tally, null, 2)}\n`)
process.exitCode = tally.problems.length === 0 ? 0 : 1
