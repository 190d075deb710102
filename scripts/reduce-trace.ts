import { readFileSync } from 'node:fs'
import { parseTrace, printTrace } from '../simulate/traffic/trace.ts'

/** Reduces a trace to what a simulation needs: whole ms since the first request, and tokens where there are any. */
const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('name a trace: node scripts/reduce-trace.ts FILE > REDUCED')
const trace = parseTrace(readFileSync(file, 'utf8'))
const atUs = trace.atUs.map(us => Math.floor(us / 1000) * 1000)
process.stdout.write(printTrace({ ...trace, atUs }))
